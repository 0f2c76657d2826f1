import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { IngestJobs } from '../../local/salesforce/ingest-jobs.ts';
import { JobStore } from '../../local/salesforce/job-store.ts';
import { Objects } from '../../local/salesforce/objects.ts';
import { Records } from '../../local/salesforce/records.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reefline-jobs-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

/** The jobs of an org that has just been started on what the one before has left. */
function start(): { jobs: IngestJobs; end: () => void; names: () => unknown[] } {
  const objects = new Objects([
    { name: 'Account', fields: [{ name: 'Key__c', type: 'string', externalId: true, unique: true }] },
  ]);
  const path = join(dir, 'org.sqlite');
  const [records, store] = [new Records(path, objects.all()), new JobStore(path)];
  return {
    jobs: new IngestJobs(objects, records, store, () => true),
    end: () => {
      records.close();
      store.close();
    },
    names: () => records.select('SELECT Key__c FROM Account ORDER BY Key__c', []).map(({ Key__c }) => Key__c),
  };
}

const idOf = (job: object): string => (job as { id: string }).id;
const REQUEST = { operation: 'upsert', object: 'Account', externalIdFieldName: 'Key__c' };

describe('the jobs of the local org', () => {
  test('outlive it with their results, and what was closed is processed by the next', () => {
    const first = start();
    first.jobs.hold(true);
    const [closed, open] = [idOf(first.jobs.create(REQUEST)), idOf(first.jobs.create(REQUEST))];
    first.jobs.upload(closed, 'Key__c\na\nb\n');
    first.jobs.upload(open, 'Key__c\nc\n');
    first.jobs.setState(closed, 'UploadComplete');
    first.end();
    const second = start();
    expect(second.jobs.info(closed)).toMatchObject({ state: 'JobComplete', numberRecordsProcessed: 2 });
    expect(second.jobs.info(open)).toMatchObject({ state: 'Open' });
    expect(second.names()).toEqual(['a', 'b']);
    second.end();
    const third = start();
    expect(third.jobs.results(closed, 'successfulResults')).toContain('"a"');
    third.end();
  });

  test('never share an id, whatever was deleted and however often the org is started', () => {
    const first = start();
    const one = idOf(first.jobs.create(REQUEST));
    first.jobs.setState(one, 'Aborted');
    first.jobs.delete(one);
    const two = idOf(first.jobs.create(REQUEST));
    first.end();
    const second = start();
    const three = idOf(second.jobs.create(REQUEST));
    second.end();
    expect(new Set([one, two, three]).size).toBe(3);
  });
});

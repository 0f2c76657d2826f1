import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { PublishWork } from '../../pipeline/stage.ts';
import { eventually } from '../support/eventually.ts';
import { openTestOrg, type TestOrg } from '../support/salesforce-org.ts';
import { jobsMade, jobStates, salesforceSource } from '../support/salesforce-source.ts';
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts';

let warehouse: TestWarehouse;
let crm: TestOrg;
beforeAll(async () => {
  warehouse = await openTestWarehouse('salesforce_interrupted');
  await warehouse.query('CREATE SCHEMA marts');
});
afterAll(() => warehouse.close());
beforeEach(async () => {
  crm = await openTestOrg();
  await warehouse.query('DROP TABLE IF EXISTS reefline.applied, reefline.failed_rows');
});
afterEach(() => crm.close());

const source = (columns: string, work?: Partial<PublishWork>) =>
  salesforceSource(warehouse, crm, columns, work);
const accounts = () => crm.query('SELECT Shop_Id__c, Name FROM Account ORDER BY Shop_Id__c');
const failedRows = (columns = 'row_key, error_code') =>
  warehouse.query(`SELECT ${columns} FROM reefline.failed_rows ORDER BY revision, row_key`);

describe('an attempt that dies', () => {
  const killed = async (
    when: 'before' | 'after',
    request: RegExp,
    values = "(1, 'a'), (2, NULL::varchar)",
  ) => {
    const table = await source('shop_id int, name varchar(80)', { maxFailedRows: 1 });
    await table.fill(values);
    crm.org.interrupt(when, request);
    const first = table.begin();
    await expect(first.done).rejects.toMatchObject({ failureClass: 'unavailable' });
    return { table, lastHeartbeat: first.tools.heartbeats.at(-1) };
  };

  test('between upload and close leaves a job without effect: the next one aborts it and sends once', async () => {
    const { table, lastHeartbeat } = await killed('before', /^PATCH /);
    expect(jobStates(crm)).toEqual(['Open']);
    await expect(table.publish({ attempt: 2, lastHeartbeat })).resolves.toMatchObject({ rows: 1 });
    expect(jobStates(crm)).toEqual(['Aborted', 'JobComplete']);
    expect(await failedRows()).toEqual([{ row_key: '2', error_code: 'REQUIRED_FIELD_MISSING' }]);
  });

  test('after close is followed by the next one, which sends nothing', async () => {
    const { table, lastHeartbeat } = await killed('after', /^PATCH /);
    await expect(table.publish({ attempt: 2, lastHeartbeat })).resolves.toMatchObject({ rows: 1 });
    expect(jobStates(crm)).toEqual(['JobComplete']);
    expect(await failedRows()).toEqual([{ row_key: '2', error_code: 'REQUIRED_FIELD_MISSING' }]);
  });

  test('before its marker is written sends nothing again, and keeps the failed rows once', async () => {
    const table = await source('shop_id int, name varchar(80)', { maxFailedRows: 1 });
    await table.fill("(1, 'a'), (2, NULL::varchar)");
    const first = table.begin();
    await first.done;
    await warehouse.query('DELETE FROM reefline.applied');
    const lastHeartbeat = first.tools.heartbeats.at(-1);
    await expect(table.publish({ attempt: 2, lastHeartbeat })).resolves.toMatchObject({ rows: 1 });
    expect(jobsMade(crm)).toBe(1);
    expect(await failedRows()).toHaveLength(1);
    // Without that heartbeat the values go again, with another job.
    await warehouse.query('DELETE FROM reefline.applied');
    await expect(table.publish({ attempt: 3 })).resolves.toMatchObject({ rows: 1 });
    expect(jobsMade(crm)).toBe(2);
    expect(await failedRows()).toHaveLength(1);
  });

  test('whose source changed meanwhile: its closed job ends before the new rows are sent', async () => {
    crm.org.jobs.hold(true);
    const { table, lastHeartbeat } = await killed('after', /^PATCH /, "(1, 'old')");
    await table.fill("(1, 'new')");
    const second = table.publish({ attempt: 2, lastHeartbeat });
    await eventually(() => {
      expect(
        crm.org.requests.filter((request) => request.startsWith('GET jobs/ingest/')).length,
      ).toBeGreaterThan(1);
    });
    expect(jobsMade(crm)).toBe(1);
    crm.org.jobs.hold(false);
    await expect(second).resolves.toMatchObject({ rows: 1 });
    expect(await accounts()).toEqual([{ Shop_Id__c: '1', Name: 'new' }]);
  });
});

describe('what the org as a whole refuses', () => {
  test('a wrong secret is unauthorized and never shown', async () => {
    const table = await source('shop_id int, name varchar(80)');
    const refused = table.publish({ connection: { ...crm.connection, clientSecret: 'wrong-one' } });
    await expect(refused).rejects.toMatchObject({
      failureClass: 'unauthorized',
      facts: { code: 'invalid_client' },
    });
    await expect(refused).rejects.not.toThrow(/wrong-one/);
  });

  test('a session that expires between the job and its upload is renewed, and no row is lost', async () => {
    const table = await source('shop_id int, name varchar(80)');
    await table.fill("(1, 'a')");
    const running = table.begin({
      onHeartbeat: () => {
        if (crm.org.requests.at(-1) === 'POST jobs/ingest') crm.org.sessions.expireAll();
      },
    });
    await expect(running.done).resolves.toMatchObject({ rows: 1 });
    expect(crm.org.requests.filter((request) => request === 'POST token')).toHaveLength(2);
    expect(await accounts()).toEqual([{ Shop_Id__c: '1', Name: 'a' }]);
  });

  test('tokens that are refused as soon as they are given are unauthorized, after a few of them', async () => {
    const table = await source('shop_id int, name varchar(80)');
    crm.org.sessions.refuseAll();
    await expect(table.publish()).rejects.toMatchObject({
      failureClass: 'unauthorized',
      facts: { code: 'INVALID_SESSION_ID' },
    });
    expect(crm.org.requests.filter((request) => request === 'POST token')).toHaveLength(3);
  });

  test('an allocation that does not cover the publish is throttled before anything is sent', async () => {
    const table = await source('shop_id int, name varchar(80)');
    await table.fill("(1, 'a')");
    crm.org.allocation.allow({ batches: 0 });
    await expect(table.publish()).rejects.toMatchObject({
      failureClass: 'throttled',
      facts: { limit: 'DailyBulkApiBatches', remaining: 0, needed: 1 },
    });
    crm.org.allocation.allow({ batches: 1, requests: 10 });
    await expect(table.publish()).rejects.toMatchObject({ facts: { limit: 'DailyApiRequests' } });
    expect(jobsMade(crm)).toBe(0);
  });

  test('a request beyond the limit is throttled', async () => {
    const table = await source('shop_id int, name varchar(80)');
    crm.org.allocation.allow({ requests: 0 });
    await expect(table.publish()).rejects.toMatchObject({
      failureClass: 'throttled',
      facts: { code: 'REQUEST_LIMIT_EXCEEDED' },
    });
  });

  test('an object that is not there is named with its cure', async () => {
    const table = await source('shop_id int');
    const refused = table.publish({ output: 'crm.sobjects.Nothing__c' });
    await expect(refused).rejects.toMatchObject({ failureClass: 'not_found' });
    await expect(refused).rejects.toThrow(/describe object Nothing__c.*Check the name/);
  });

  test.each<[string, Partial<PublishWork>, string, RegExp]>([
    [
      'a field that is not there',
      {},
      'shop_id int, nothing int',
      /Account\.nothing: Column "nothing" has no field/,
    ],
    ['a read-only field', {}, 'shop_id int, score__c int', /Account\.Score__c.*cannot be written/],
    [
      'a type that does not fit',
      {},
      'shop_id int, seen__c timestamp',
      /Account\.Seen__c.*AT TIME ZONE 'UTC'/,
    ],
    [
      'a key that is no external id',
      { key: ['name'] },
      'shop_id int, name varchar(80)',
      /Account\.Name.*no external id/,
    ],
    [
      'a column that fields: invents',
      { fields: { shop_id: 'Shop_Id__c', other: 'Name' } },
      'shop_id int',
      /names column "other"/,
    ],
  ])('%s is named with its cure', async (_what, work, columns, message) => {
    const table = await source(columns, work);
    const refused = table.publish();
    await expect(refused).rejects.toMatchObject({ failureClass: 'invalid_config' });
    await expect(refused).rejects.toThrow(message);
    expect(jobsMade(crm)).toBe(0);
  });
});

test('a cancelled publish aborts its job, and can be repeated', async () => {
  const table = await source('shop_id int, name varchar(80)');
  await table.fill("(1, 'a')");
  crm.org.jobs.hold(true);
  const stop = new AbortController();
  const cancelled = table.publish({ signal: stop.signal });
  await eventually(() => {
    expect(jobStates(crm)).toEqual(['UploadComplete']);
  });
  stop.abort();
  await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
  expect(jobStates(crm)).toEqual(['Aborted']);
  crm.org.jobs.hold(false);
  expect(await accounts()).toEqual([]);
  await expect(table.publish()).resolves.toMatchObject({ rows: 1 });
});

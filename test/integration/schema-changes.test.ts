import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { closeRun } from '../../activities/close-run.ts';
import type { Column } from '../../pipeline/column.ts';
import { labelAt } from '../../pipeline/timelabel.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { projectOf } from '../support/project.ts';

const RUNS = 12;
const ID: Column = { name: 'id', type: { kind: 'int64' }, nullable: false };
const NOTE: Column = { name: 'note', type: { kind: 'text' }, nullable: true };

let catalog: TestCatalog;

beforeAll(async () => {
  catalog = await openTestCatalog('schema-changes', projectOf([{ name: 'hourly', period: '1h' }]));
});

afterAll(async () => {
  await catalog.close();
});

/** Ends the runs of one day's first labels all at once; answers the changes that they report together. */
async function endTogether(day: number, columns: readonly Column[]): Promise<unknown[]> {
  const labels = Array.from({ length: RUNS }, (_, hour) => labelAt(Date.UTC(2001, 0, day, hour)));
  await catalog.db.query(
    `insert into reefline.stage_run (stage, timelabel, revision, status, pipeline, dataset, config_version, trigger, started_at)
     select 'p.hourly', label, 1, 'RUNNING', 'p', 'warehouse.main.hourly', 1, 'schedule', now() from unnest($1::text[]) label`,
    [labels],
  );
  const output = { rows: 1, bytes: null, uri: null, columns };
  await Promise.all(
    labels.map((timelabel) => {
      const run = { stage: 'p.hourly', timelabel, revision: 1, temporalRunId: 'r', output, error: null };
      return closeRun(catalog.db, catalog.configs, () => Promise.resolve(), run);
    }),
  );
  return catalog.values(
    `select event->>'change' from reefline.stage_run, jsonb_array_elements(events) event
      where timelabel = any($1::text[]) and event->>'event_type' = 'metadata'`,
    labels,
  );
}

describe('a change of columns that several labels see at once', () => {
  test('is reported and recorded once', async () => {
    expect(await endTogether(1, [ID])).toEqual(['TABLE_ADDED']);
    expect(await endTogether(2, [ID])).toEqual([]);
    expect(await endTogether(3, [ID, NOTE])).toEqual(['COLUMN_ADDED']);
    expect(await catalog.values('select version from reefline.dataset_schema order by version')).toEqual([
      1, 2,
    ]);
  });
});

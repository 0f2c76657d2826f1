import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { advanceBackfill } from '../../activities/backfill-advance.ts';
import { planBackfill } from '../../activities/backfill-plan.ts';
import type { BackfillRequest, RerunMode } from '../../pipeline/backfill-request.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { projectOf } from '../support/project.ts';
import { notSoon } from '../support/not-soon.ts';

const HOURS = 8_760;
const STAGES = ['fetched', 'registered', 'loaded', 'refined'];
const PROJECT = projectOf([
  { name: 'fetched', period: '1h', cron: notSoon() },
  { name: 'registered', period: '1h', reads: ['fetched'] },
  { name: 'loaded', period: '1h', reads: ['registered'] },
  { name: 'refined', period: '1h', reads: ['loaded'] },
]);

let catalog: TestCatalog;

beforeAll(async () => {
  catalog = await openTestCatalog('backfill-scale', PROJECT);
});

afterAll(async () => {
  await catalog.close();
});

function year(rerun: RerunMode): BackfillRequest {
  const range = { from: '2019-01-01T00:00:00.000Z', to: '2020-01-01T00:00:00.000Z' };
  const rest = {
    downstream: true,
    only: false,
    maxConcurrent: 500,
    backwards: false,
    reason: null,
    by: 'test',
  };
  return { target: 'p.fetched', ...range, rerun, ...rest };
}

/** Every run of the year as it would be after a first backfill. */
async function makeHistory(): Promise<void> {
  for (const [at, name] of STAGES.entries()) {
    const labels = `select to_char(l, 'YYYYMMDDHH24MI"00"') as l from generate_series(timestamp '2019-01-01', timestamp '2019-12-31 23:00', '1 hour') l`;
    const names = [`p.${name}`, `warehouse.main.${name}`];
    await catalog.db.query(
      `insert into reefline.stage_run (stage, timelabel, revision, status, pipeline, dataset, config_version, trigger, closed_at)
       select $1, l, 1, 'SUCCESS', 'p', $2, 1, 'event', clock_timestamp() from (${labels}) x`,
      names,
    );
    await catalog.db.query(
      `insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, status, outcome, stage, router, body)
       select $1 || '/' || l || '/r1', 'data', $2, l, 1, 'SUCCESS', 'SUCCESS', $1, 'p', '{}' from (${labels}) x`,
      names,
    );
    if (at === 0) continue;
    await catalog.db.query(
      `insert into reefline.run_input (stage, timelabel, revision, dataset, input_label, input_revision, event_id)
       select $1, l, 1, $2, l, 1, '' from (${labels}) x`,
      [names[0], `warehouse.main.${STAGES[at - 1] ?? ''}`],
    );
  }
  await catalog.db.query('analyze');
}

test('a year of hours in four stages is planned, and begun as far as there is room', async () => {
  const { db, configs } = catalog;
  const planned = await planBackfill(db, configs, { id: 'first', request: year('none') });
  expect(planned.counts.planned).toBe(4 * HOURS);
  const turn = await advanceBackfill(db, configs, { id: 'first', turn: 1, ended: [] });
  expect(turn.starts).toHaveLength(125);
  expect(turn.progress.counts).toMatchObject({ running: 500, planned: 4 * HOURS - 500 });
  const repeated = await advanceBackfill(db, configs, { id: 'first', turn: 1, ended: [] });
  expect(repeated.starts).toEqual(turn.starts);
  await db.query(`update reefline.backfill set status = 'cancelled'`);
  await makeHistory();
  const nothing = await planBackfill(db, configs, { id: 'again', request: year('none') });
  expect(nothing.counts.planned).toBe(0);
  const all = await planBackfill(db, configs, { id: 'anew', request: year('all') });
  expect(all.counts.planned).toBe(4 * HOURS);
});

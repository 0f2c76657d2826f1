import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { backfillId, ROUTING_QUEUE, routerId } from '../../pipeline/ids.ts';
import type { Project } from '../../pipeline/project.ts';
import { DONE, startEngine, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';
import { notSoon } from '../support/not-soon.ts';

const sketched = projectOf([
  { name: 'hourly', period: '1h', cron: notSoon() },
  { name: 'priced', period: '1d', reads: [OUTSIDE] },
]);
/** One slot, so that whatever is ready waits for it in a queue. */
const PROJECT: Project = {
  ...sketched,
  connections: { warehouse: { kind: 'redshift', database: 'dev', workgroup: 'test', concurrency: 1 } },
};
const QUEUED = 24;
const LIVE_DAYS = ['20200301', '20200302', '20200303', '20200304'];
const EVENT = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'fares', status: 'SUCCESS' };

const executed: string[] = [];
let release = (): void => undefined;
const released = new Promise<void>((resolve) => (release = resolve));
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine('priority', async (run) => {
    executed.push(run.stage.name);
    await released;
    return DONE;
  });
  await engine.apply(PROJECT);
  await engine.client.schedule.getHandle('tick/p.hourly').pause();
  await engine.startWorkers();
});

afterAll(async () => {
  release();
  await engine.close();
});

/** Runs that are open and whose stage has been handed to the queue of the connection. */
async function queued(stage: string): Promise<number> {
  const found = await engine.db.query<{ timelabel: string }>(
    `select timelabel from reefline.stage_run where stage = $1 and status = 'RUNNING'`,
    [stage],
  );
  const described = await Promise.all(
    found.rows.map(async ({ timelabel }) => {
      const { raw } = await engine.client.workflow.getHandle(`run/${stage}/${timelabel}`).describe();
      return (raw.pendingActivities ?? []).some(({ activityType }) => activityType?.name === 'runStage');
    }),
  );
  return described.filter(Boolean).length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test('runs of live events go before the backfill’s runs that wait for the same worker', async () => {
  await engine.client.workflow.start('backfill', {
    workflowId: backfillId('full-queue'),
    taskQueue: ROUTING_QUEUE,
    args: [{ target: 'p.hourly', from: '2020-03-01', to: '2020-03-02', maxConcurrent: QUEUED }],
  });
  await eventually(async () => {
    expect(await queued('p.hourly')).toBe(QUEUED);
    expect(executed).toEqual(['hourly']);
  });
  await engine.client.workflow.signalWithStart('router', {
    workflowId: routerId('p'),
    taskQueue: ROUTING_QUEUE,
    args: [{ pipeline: 'p' }],
    signal: 'dataEvent',
    signalArgs: [LIVE_DAYS.map((day) => ({ ...EVENT, timelabel: `${day}000000` }))],
  });
  await eventually(async () => {
    expect(await queued('p.priced')).toBe(LIVE_DAYS.length);
  });
  release();
  await eventually(() => {
    expect(executed).toHaveLength(QUEUED + LIVE_DAYS.length);
  });
  const places = executed.flatMap((name, at) => (name === 'priced' ? [at] : []));
  // In the order of arrival they come last. One hourly run holds the slot when they arrive.
  expect(mean(places)).toBeLessThan(QUEUED / 2);
  // The queue has one partition in the development server. Where it has four, the order across them is left to chance.
  if (process.env['REEFLINE_TEST_TEMPORAL_SERVER'] === undefined) expect(places).toEqual([1, 2, 3, 4]);
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { routerStart } from '../../client/router-start.ts';
import { labelsInRange } from '../../pipeline/backfill-stages.ts';
import { ROUTING_QUEUE, routerId, runId } from '../../pipeline/ids.ts';
import { DONE, startEngine, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { notSoon } from '../support/not-soon.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const PROJECT = projectOf([
  { name: 'hourly', period: '1h', cron: notSoon() },
  { name: 'priced', period: '1d', reads: [OUTSIDE] },
]);
const EVENT = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'fares', status: 'SUCCESS' };
const HOURS = labelsInRange({ period: '1h' }, { from: '2020-03-01', to: '2020-03-04' });
const RUNS = HOURS.map((timelabel) => runId('p.hourly', timelabel));
const PRICED = runId('p.priced', '20200303000000');

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine('router-priority', () => Promise.resolve(DONE));
  await engine.apply(PROJECT);
  await engine.client.schedule.getHandle('tick/p.hourly').pause();
});

afterAll(() => engine.close());

/** When a worker first took a task of it; undefined before that. Nanoseconds of the Unix epoch. */
async function begun(workflowId: string): Promise<bigint | undefined> {
  const { events } = await engine.client.workflow.getHandle(workflowId).fetchHistory();
  const time = events?.find((event) => event.workflowTaskStartedEventAttributes != null)?.eventTime;
  return time == null ? undefined : BigInt(String(time.seconds)) * 1_000_000_000n + BigInt(time.nanos ?? 0);
}

test('a router goes before the runs that wait for the same worker, and what it starts goes with them', async () => {
  for (const timelabel of HOURS)
    await engine.client.workflow.start('stageRun', {
      ...{ workflowId: runId('p.hourly', timelabel), taskQueue: ROUTING_QUEUE },
      args: [{ stage: 'p.hourly', timelabel }],
    });
  const event = { ...EVENT, timelabel: '20200303000000' };
  await engine.client.workflow.signalWithStart('router', routerStart('q', ROUTING_QUEUE, event));
  await engine.startWorkers();
  await eventually(async () => {
    for (const workflowId of [...RUNS, PRICED])
      expect((await engine.client.workflow.getHandle(workflowId).describe()).status.name).toBe('COMPLETED');
  });
  const router = await begun(routerId('q'));
  const runs = await Promise.all(RUNS.map(begun));
  const before = runs.filter((time) => router === undefined || time === undefined || time < router);
  // A queue has partitions, each of which may have promised tasks already; in the order of arrival the router comes last.
  expect(before.length).toBeLessThan(RUNS.length / 2);
  const { raw } = await engine.client.workflow.getHandle(PRICED).describe();
  expect(raw.workflowExecutionInfo?.priority?.priorityKey).toBe(3);
});

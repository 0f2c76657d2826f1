import { readProgress, readBackfill } from '../catalog/backfill.ts';
import type { BackfillStatus } from '../pipeline/backfill-progress.ts';
import { backfillId, ROUTING_QUEUE } from '../pipeline/ids.ts';
import type { Engine } from '../test/support/engine.ts';
import { eventually } from '../test/support/eventually.ts';

/** Writes the history of a workflow, by default of its last execution, under a name. */
export type WriteHistory = (engine: Engine, name: string, workflowId: string, run?: string) => Promise<void>;

/**
 * Records `backfill.running` (plans, starts runs, ends), `backfill.paused` (paused, resumed, cancelled) and
 * `backfill.continued` (the execution after one with a long history). Needs workers and the hourly stage `p.scheduled`,
 * whose dependents are part of the backfill.
 */
export async function recordBackfills(engine: Engine, write: WriteHistory): Promise<void> {
  await start(engine, 'running', {
    from: '2010-01-01T00:00:00Z',
    to: '2010-01-01T04:00:00Z',
    maxConcurrent: 2,
  });
  await reaches(engine, 'running', 'completed');
  await write(engine, 'backfill.running', backfillId('running'));

  await start(engine, 'paused', { from: '2010-02-01', to: '2010-02-02', maxConcurrent: 1 });
  for (const [signal, status] of [
    ['pause', 'paused'],
    ['resume', 'running'],
    ['cancel', 'cancelled'],
  ] as const) {
    await engine.client.workflow.getHandle(backfillId('paused')).signal(signal);
    await reaches(engine, 'paused', status);
  }
  await write(engine, 'backfill.paused', backfillId('paused'));

  await start(engine, 'continued', { from: '2010-03-01', to: '2010-04-01', maxConcurrent: 500 });
  await reaches(engine, 'continued', 'completed');
  await write(engine, 'backfill.continued', backfillId('continued'));
}

async function start(engine: Engine, name: string, range: object): Promise<void> {
  await engine.client.workflow.start('backfill', {
    workflowId: backfillId(name),
    taskQueue: ROUTING_QUEUE,
    args: [{ target: 'p.scheduled', downstream: true, ...range }],
  });
}

async function reaches(engine: Engine, name: string, status: BackfillStatus): Promise<void> {
  await eventually(async () => {
    const record = await readBackfill(engine.db, name);
    if (record?.status === status) return;
    const counts = record === undefined ? {} : (await readProgress(engine.db, record)).counts;
    throw new Error(`${name} is ${record?.status ?? 'not planned'}: ${JSON.stringify(counts)}`);
  }, 300_000);
}

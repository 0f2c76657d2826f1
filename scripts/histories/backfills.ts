import { readProgress, readBackfill } from '../../catalog/backfill.ts';
import type { BackfillStatus } from '../../pipeline/backfill-progress.ts';
import { backfillId, ROUTING_QUEUE, scheduleId } from '../../pipeline/ids.ts';
import { DONE, startEngine, type Engine } from '../../test/support/engine.ts';
import { eventually } from '../../test/support/eventually.ts';
import { projectOf } from '../../test/support/project.ts';
import type { Recorder } from './recorder.ts';

const PROJECT = projectOf([
  { name: 'scheduled', period: '1h', cron: '10 * * * *' },
  { name: 'daily', period: '1d', reads: ['scheduled'] },
]);

/**
 * Records `backfill.running` (plans, starts runs, ends), `backfill.paused` (paused, resumed, cancelled),
 * `backfill.continuing` (so many runs that it continues as new) and `backfill.continued` (goes on after a turn of an
 * execution before it).
 */
export async function recordBackfills(recorder: Recorder): Promise<void> {
  const engine = await startEngine('recording_backfills', () => DONE);
  try {
    await engine.apply(PROJECT);
    await engine.client.schedule.getHandle(scheduleId('p.scheduled')).pause();
    await engine.startWorkers();
    await running(engine, recorder);
    await paused(engine, recorder);
    await continuing(engine, recorder);
    await continued(engine, recorder);
    recorder.spoil('backfill.running', 'renamed-child', ['"stageRun"', '"stageRuns"']);
  } finally {
    await engine.close();
  }
}

async function running(engine: Engine, { write }: Recorder): Promise<void> {
  await start(engine, 'running', {
    from: '2010-01-01T00:00:00Z',
    to: '2010-01-01T04:00:00Z',
    maxConcurrent: 2,
  });
  await reaches(engine, 'running', 'completed');
  await write(engine, 'backfill.running', backfillId('running'));
}

async function paused(engine: Engine, { write }: Recorder): Promise<void> {
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
}

async function continuing(engine: Engine, { write }: Recorder): Promise<void> {
  const handle = engine.client.workflow.getHandle(backfillId('continuing'));
  await start(engine, 'continuing', { from: '2010-05-01', to: '2010-06-10', maxConcurrent: 20 });
  await reaches(engine, 'continuing', 'completed');
  const { raw } = await handle.describe();
  const firstRun = raw.workflowExecutionInfo?.firstRunId ?? '';
  if (raw.workflowExecutionInfo?.execution?.runId === firstRun)
    throw new Error('The backfill ended before it continued as new.');
  await write(engine, 'backfill.continuing', backfillId('continuing'), firstRun);
}

/** What it carries over is the number of its turn, whether it continued as new or was lost and started again. */
async function continued(engine: Engine, { write }: Recorder): Promise<void> {
  const id = backfillId('continued');
  await start(engine, 'continued', { from: '2010-03-01', to: '2010-03-02', maxConcurrent: 4 });
  await engine.client.workflow.getHandle(id).signal('pause');
  await reaches(engine, 'continued', 'paused');
  await engine.client.workflow.getHandle(id).terminate();
  await engine.client.workflow.signalWithStart('backfill', {
    workflowId: id,
    taskQueue: ROUTING_QUEUE,
    args: [{ turn: 7 }],
    signal: 'resume',
    signalArgs: [],
  });
  await reaches(engine, 'continued', 'completed');
  await write(engine, 'backfill.continued', id);
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

import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { ROUTING_QUEUE, routerId, runId } from '../../pipeline/ids.ts';
import { labelAt } from '../../pipeline/timelabel.ts';
import { DONE, startEngine, type Engine, type Work } from '../../test/support/engine.ts';
import { eventually } from '../../test/support/eventually.ts';
import { OUTSIDE, projectOf } from '../../test/support/project.ts';
import { ended, historyOf, type Recorder } from './recorder.ts';

const DAY = '20010105000000';
const FAILING_DAY = '20010106000000';
const SLOW_DAY = '20010107000000';

let release = (): void => undefined;
const slow = new Promise<void>((resolve) => {
  release = resolve;
});

const work: Work = async ({ stage, timelabel, revision }) => {
  if (stage.name === 'priced' && timelabel === SLOW_DAY && revision === 1) await slow;
  if (timelabel === FAILING_DAY) throw new Error('this run is recorded failing');
  return DONE;
};

/** Routers, runs, the publisher and ticks as they were when they were first recorded. */
export async function recordRouting(recorder: Recorder): Promise<void> {
  const engine = await startEngine('recording', work);
  try {
    await record(engine, recorder);
  } finally {
    await engine.close();
  }
}

async function record(engine: Engine, recorder: Recorder): Promise<void> {
  const { write, spoil } = recorder;
  const endpoint = {
    name: 'customer',
    kind: 'sqs',
    queueUrl: await createQueue(),
    region: 'us-east-1',
  } as const;
  const stages = [
    { name: 'scheduled', period: '1h', cron: '10 * * * *' },
    { name: 'priced', period: '1d', reads: [OUTSIDE], maxAttempts: 1 },
    { name: 'daily', period: '1d', reads: ['scheduled'] },
  ] as const;
  // A router that finds a long history at once carries on in a new one, with the rest of its queue.
  await pileUp(engine);
  const project = projectOf(stages, [endpoint]);
  await engine.apply(project);
  await engine.startWorkers();
  await continuedRouter(engine, recorder);
  await acceptingRouter(engine, recorder);
  await startingRouter(engine, recorder);
  await failedRun(engine, recorder);
  await restatedRun(engine, recorder);
  await write(engine, 'publisher.delivering', 'publisher/customer');
  await continuingPublisher(engine, recorder);
  await waitingRun(engine, recorder);
  await tick(engine, recorder);
  await floodedRouter(engine, recorder, 'router.longer-turns', 2005);
  await engine.apply({ ...project, signals: { maxEventsPerSecond: 80 } });
  await floodedRouter(engine, recorder, 'router.slowed', 2004);
  spoil('stageRun.success', 'renamed-activity', ['"runStage"', '"loadStage"']);
  spoil('tick.scheduled', 'renamed-child', ['"stageRun"', '"stageRuns"']);
}

async function createQueue(): Promise<string> {
  const client = new SQSClient({});
  const { QueueUrl: url } = await client.send(new CreateQueueCommand({ QueueName: 'recorded' }));
  client.destroy();
  if (url === undefined) throw new Error('The queue was created without a URL.');
  return url;
}

function outside(timelabel: string, extra: object = {}): object {
  const event = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'fares' };
  return { ...event, timelabel, status: 'SUCCESS', ...extra };
}

async function signal(engine: Engine, router: string, payload: unknown): Promise<void> {
  await engine.client.workflow.signalWithStart('router', {
    workflowId: routerId(router),
    taskQueue: ROUTING_QUEUE,
    args: [{ pipeline: router }],
    signal: 'dataEvent',
    signalArgs: [payload],
  });
}

/** Labels of the first days of a year. */
function daysOf(year: number, count: number): string[] {
  return Array.from({ length: count }, (_, at) => labelAt(Date.UTC(year, 0, 1 + at)));
}

async function untilAccepted(engine: Engine, router: string, count: number): Promise<void> {
  await eventually(async () => {
    const status = await engine.client.workflow
      .getHandle(routerId(router))
      .query<{ queued: number; accepted: number }>('status');
    if (status.accepted !== count || status.queued > 0) throw new Error(JSON.stringify(status));
  }, 60_000);
}

async function pileUp(engine: Engine): Promise<void> {
  await signal(
    engine,
    'long',
    daysOf(2002, 150).map((day) => outside(day, { status: 'FAILURE' })),
  );
  for (let sent = 0; sent < 1_000; sent += 50)
    await Promise.all(Array.from({ length: 50 }, () => signal(engine, 'long', [])));
}

async function continuedRouter(engine: Engine, { write }: Recorder): Promise<void> {
  const handle = engine.client.workflow.getHandle(routerId('long'));
  await untilAccepted(engine, 'long', 150);
  const { raw } = await handle.describe();
  await write(engine, 'router.continuing', routerId('long'), raw.workflowExecutionInfo?.firstRunId ?? '');
  await write(engine, 'router.continued', routerId('long'));
}

/** Wakes it one time after the other, until its history is so long that it begins a new one. */
async function continuingPublisher(engine: Engine, { write }: Recorder): Promise<void> {
  const handle = engine.client.workflow.getHandle('publisher/customer');
  const { raw } = await handle.describe();
  const firstRun = raw.workflowExecutionInfo?.firstRunId ?? '';
  for (let woken = 0; (await handle.describe()).runId === firstRun; woken += 1) {
    if (woken > 1_000) throw new Error('The publisher never continues as new.');
    await handle.signal('wake');
  }
  await write(engine, 'publisher.continuing', 'publisher/customer', firstRun);
}

async function acceptingRouter(engine: Engine, { write }: Recorder): Promise<void> {
  await signal(engine, 'p', outside(DAY));
  await ended(engine, 'p.priced', DAY);
  await signal(engine, 'p', [outside(DAY), 'no event']);
  await eventually(async () => {
    const status = await engine.client.workflow
      .getHandle(routerId('p'))
      .query<{ rejected: number }>('status');
    if (status.rejected !== 1) throw new Error(JSON.stringify(status));
  });
  await write(engine, 'router.accepting', routerId('p'));
  await write(engine, 'stageRun.success', runId('p.priced', DAY));
  await write(engine, 'stageRun.closed-by-stage', runId('p.priced', DAY));
}

/** Accepts its second batch while the runs of the first are being started. */
async function startingRouter(engine: Engine, { write }: Recorder): Promise<void> {
  const days = daysOf(2003, 101);
  await signal(
    engine,
    'busy',
    days.map((day) => outside(day)),
  );
  for (const day of days) await ended(engine, 'p.priced', day);
  await write(engine, 'router.starting', routerId('busy'));
}

/** Is sent more than one batch, of two datasets that take turns. */
async function floodedRouter(engine: Engine, { write }: Recorder, name: string, year: number): Promise<void> {
  const flood = daysOf(year, 150).map((day) => outside(day, { status: 'FAILURE' }));
  const hour = {
    ...outside(labelAt(Date.UTC(year)), { status: 'FAILURE' }),
    schema: 'main',
    table: 'scheduled',
  };
  const router = `loop-${String(year)}`;
  await signal(engine, router, [...flood, hour]);
  await untilAccepted(engine, router, 151);
  await write(engine, name, routerId(router));
}

async function failedRun(engine: Engine, { write }: Recorder): Promise<void> {
  await signal(engine, 'p', outside(FAILING_DAY));
  await ended(engine, 'p.priced', FAILING_DAY);
  await write(engine, 'stageRun.failure', runId('p.priced', FAILING_DAY));
}

async function restatedRun(engine: Engine, { write }: Recorder): Promise<void> {
  await signal(engine, 'p', outside(SLOW_DAY));
  await eventually(async () => {
    const found = await engine.db.query(
      `select 1 from reefline.stage_run where timelabel = $1 and started_at is not null`,
      [SLOW_DAY],
    );
    if (found.rows.length === 0) throw new Error('The run has not begun.');
  });
  await signal(engine, 'p', outside(SLOW_DAY, { rows: 2 }));
  await eventually(async () => {
    const events = await historyOf(engine, runId('p.priced', SLOW_DAY));
    if (!events.includes('inputEvent')) throw new Error('The run has not been told.');
  });
  release();
  await ended(engine, 'p.priced', SLOW_DAY);
  await write(engine, 'stageRun.restated', runId('p.priced', SLOW_DAY));
}

/** A day that waits for its hours; a person starts the last ones. */
async function waitingRun(engine: Engine, { write }: Recorder): Promise<void> {
  for (let hour = 0; hour < 24; hour += 1) {
    const timelabel = `20010105${String(hour).padStart(2, '0')}0000`;
    const handle = await engine.client.workflow.start('stageRun', {
      workflowId: runId('p.scheduled', timelabel),
      taskQueue: ROUTING_QUEUE,
      args: [{ stage: 'p.scheduled', timelabel }],
    });
    await handle.result();
    if (hour === 0) await write(engine, 'stageRun.manual', handle.workflowId);
  }
  await ended(engine, 'p.daily', DAY);
  await write(engine, 'stageRun.waiting', runId('p.daily', DAY));
}

async function tick(engine: Engine, { write }: Recorder): Promise<void> {
  const at = new Date('2001-02-05T09:10:00Z');
  const schedule = engine.client.schedule.getHandle('tick/p.scheduled');
  await schedule.pause();
  await schedule.backfill({ start: new Date(at.getTime() - 60_000), end: at, overlap: 'ALLOW_ALL' });
  const id = 'tick/p.scheduled-2001-02-05T09:10:00Z';
  await eventually(() => engine.client.workflow.getHandle(id).result());
  await write(engine, 'tick.scheduled', id);
  const byHand = await engine.client.workflow.start('tick', {
    workflowId: 'tick/by-hand',
    taskQueue: ROUTING_QUEUE,
    args: [{ stage: 'p.scheduled', at: '2001-02-05T09:10:00Z' }],
  });
  await byHand.result();
  await write(engine, 'tick.manual', 'tick/by-hand');
}

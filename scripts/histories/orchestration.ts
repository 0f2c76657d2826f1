import { ConfigStore } from '../../catalog/config-store.ts';
import { readHeldRuns } from '../../catalog/held-runs.ts';
import { pauseScope } from '../../catalog/pauses.ts';
import { resumeScope } from '../../cli/resume-scope.ts';
import { ROUTING_QUEUE, runId } from '../../pipeline/ids.ts';
import { eventually } from '../../test/support/eventually.ts';
import { projectOf, type StageSketch } from '../../test/support/project.ts';
import { openScenario, type Scenario } from '../../test/support/scenario.ts';
import { ended, type Recorder } from './recorder.ts';

const DAY = '20010105000000';
const SKETCHES: readonly StageSketch[] = [
  { name: 'early', period: '1d' },
  { name: 'tardy', period: '1d' },
  {
    name: 'waits',
    period: '1d',
    reads: ['early', 'tardy'],
    also: { deadline: { seconds: 1, then: 'wait' } },
  },
  {
    name: 'gives_up',
    period: '1d',
    reads: ['early', 'tardy'],
    also: { deadline: { seconds: 1, then: 'fail' } },
  },
  { name: 'first', period: '1d' },
  { name: 'second', period: '1d' },
  { name: 'held', period: '1d', reads: ['first', 'second'] },
  { name: 'quick', period: '1d', reads: ['first'], also: { onRestatement: 'cancel' } },
];

/** Runs that are late, given up, held by a pause, superseded or gone on after a long history, and a router that informs a waiting run. */
export async function recordOrchestration(recorder: Recorder): Promise<void> {
  const world = await openScenario('recording_more', projectOf(SKETCHES));
  try {
    await deadlines(world, recorder);
    await superseded(world, recorder);
    await paused(world, recorder);
    await continued(world, recorder);
  } finally {
    await world.close();
  }
}

async function deadlines({ engine, run, events }: Scenario, { write }: Recorder): Promise<void> {
  await run('early', DAY);
  await eventually(async () => {
    const reported = [...(await events('waits', DAY)), ...(await events('gives_up', DAY))];
    if (reported.join() !== 'r1 LATE,r1 MISSING') throw new Error(`Reported are ${reported.join()}.`);
  });
  await write(engine, 'stageRun.given-up', runId('p.gives_up', DAY));
  await run('tardy', DAY);
  await ended(engine, 'p.waits', DAY);
  await write(engine, 'stageRun.late', runId('p.waits', DAY));
}

async function superseded({ engine, run, slow, executed }: Scenario, { write }: Recorder): Promise<void> {
  slow.set(`quick ${DAY}`, new Promise(() => undefined));
  await run('first', DAY);
  await eventually(() => {
    if (!executed.includes(`quick ${DAY} r1`)) throw new Error('The run has not begun.');
  });
  slow.clear();
  await run('first', DAY, true);
  await ended(engine, 'p.quick', DAY);
  await write(engine, 'stageRun.superseded', runId('p.quick', DAY));
}

async function paused({ engine, client, run }: Scenario, { write }: Recorder): Promise<void> {
  await pauseScope(engine.db, 'p.held', 'recorder', 'to be recorded');
  await run('second', DAY);
  await eventually(async () => {
    const held = await readHeldRuns(engine.db, 'p.held', 'paused');
    if (held.length !== 1) throw new Error('Nothing is held.');
    const { phase } = await client.workflow
      .getHandle(runId('p.held', DAY))
      .query<{ phase: string }>('status');
    if (phase !== 'holding') throw new Error(`The run is ${phase}.`);
  });
  await resumeScope(engine.db, new ConfigStore(), client, {
    scope: 'p.held',
    policy: 'drain',
    actor: 'recorder',
  });
  await ended(engine, 'p.held', DAY);
  await write(engine, 'stageRun.paused', runId('p.held', DAY));
  await write(engine, 'router.informing', 'router/p');
}

/** What it carries over is the step that it waits with, whether it continued as new or was lost and started again. */
async function continued({ client, engine, run, ledger }: Scenario, { write }: Recorder): Promise<void> {
  const day = '20010109000000';
  const id = runId('p.held', day);
  await run('first', day);
  const handle = client.workflow.getHandle(id);
  let step: unknown;
  await eventually(async () => {
    if ((await ledger('held', day)).join() !== 'r1 WAITING') throw new Error('The run does not wait.');
    ({ step } = await handle.query<{ step: unknown }>('status'));
  });
  await handle.terminate();
  await client.workflow.start('stageRun', {
    workflowId: id,
    taskQueue: ROUTING_QUEUE,
    args: [{ stage: 'p.held', timelabel: day, trigger: 'event', step }],
  });
  await run('second', day);
  await ended(engine, 'p.held', day);
  await write(engine, 'stageRun.continued', id);
}

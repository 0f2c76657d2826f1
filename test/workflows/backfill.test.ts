import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BackfillStart, BackfillTurn } from '../../activities/backfill-advance.ts';
import { NO_COUNTS, type BackfillProgress, type BackfillStatus } from '../../pipeline/backfill-progress.ts';
import {
  jobs,
  only,
  openSandbox,
  type Asked,
  type Execution,
  type WorkflowSandbox,
} from '../support/workflow-sandbox.ts';

const INPUT = { target: 'p.hourly', from: '2020-03-01', to: '2020-03-02' };
const LABEL = '20200301000000';
const RUN = `run/p.hourly/${LABEL}`;

let sandbox: WorkflowSandbox;

beforeAll(async () => {
  sandbox = await openSandbox();
});

afterAll(async () => {
  await sandbox.close();
});

function start(input: object = INPUT, workflowId = 'backfill/march'): Promise<Execution> {
  return sandbox.start('backfill', { workflowId, args: [input] });
}

function progress(status: BackfillStatus, counts: Partial<typeof NO_COUNTS> = {}): BackfillProgress {
  return {
    id: 'march',
    status,
    counts: { ...NO_COUNTS, ...counts },
    stages: [{ stage: 'p.hourly', done: 0, total: 24 }],
    pausedStages: [],
    heldByPause: [],
    failures: [],
  };
}

function turn(status: BackfillStatus, starts: readonly Partial<BackfillStart>[] = []): BackfillTurn {
  return {
    starts: starts.map((run) => ({
      pipeline: 'p',
      stage: 'p.hourly',
      dataset: 'warehouse.main.hourly',
      timelabel: LABEL,
      rerun: null,
      only: false,
      ...run,
    })),
    progress: progress(status, { running: 1 }),
    moved: true,
  };
}

/** The command of a kind; the workflow also sets timers and cancels them. */
function the(what: Asked['what'], asked: readonly Asked[]): Asked {
  return only(asked.filter((one) => one.what === what));
}

/** Plans, and takes the first turn. */
async function planned(input: object = INPUT): Promise<{ run: Execution; advancing: Asked }> {
  const run = await start(input);
  const planning = only(run.begun);
  expect(planning).toMatchObject({ what: 'activity', name: 'planBackfill' });
  return { run, advancing: only(await run.activate(jobs.resolve(planning, progress('running')))) };
}

describe('a backfill', () => {
  test('plans once, and then starts what each turn returns, as part of the backfill', async () => {
    const { run, advancing } = await planned();
    expect(advancing).toMatchObject({ name: 'advanceBackfill', args: [{ id: 'march', turn: 1, ended: [] }] });
    const child = only(await run.activate(jobs.resolve(advancing, turn('running', [{ rerun: 'a' }]))));
    expect(child).toMatchObject({
      what: 'child',
      name: RUN,
      args: [{ stage: 'p.hourly', timelabel: LABEL, trigger: 'backfill', backfill: 'march', rerun: 'a' }],
    });
    expect(the('timer', await run.activate(jobs.childStarted(child)))).toBeDefined();
    expect(await run.query('progress')).toMatchObject({ status: 'running' });
  });

  test('tells a run that is there, and starts it when it has ended meanwhile', async () => {
    const { run, advancing } = await planned();
    const child = only(await run.activate(jobs.resolve(advancing, turn('running', [{ only: true }]))));
    const told = only(await run.activate(jobs.childExists(child)));
    expect(told).toMatchObject({
      what: 'signal',
      name: RUN,
      args: [{ request: null, backfill: 'march', only: true }],
    });
    expect(only(await run.activate(jobs.signalFailed(told)))).toMatchObject({ what: 'child', name: RUN });
  });

  test('looks again after a while although nobody told it anything', async () => {
    const { run, advancing } = await planned();
    const timer = the('timer', await run.activate(jobs.resolve(advancing, turn('running'))));
    const second = the('activity', await run.activate(jobs.fire(timer)));
    expect(second).toMatchObject({ name: 'advanceBackfill', args: [{ turn: 2 }] });
  });

  test('pauses, resumes, retries and cancels in the order in which it was told, each before the next turn', async () => {
    const { run, advancing } = await planned();
    await run.activate(jobs.signal('pause'), jobs.signal('resume'));
    await run.activate(jobs.signal('retry'), jobs.signal('cancel'));
    let asked = await run.activate(jobs.resolve(advancing, turn('running')));
    for (const order of ['pause', 'resume', 'retry', 'cancel']) {
      const control = the('activity', asked);
      expect(control).toMatchObject({ name: 'controlBackfill', args: [{ id: 'march', order }] });
      asked = await run.activate(jobs.resolve(control, progress('running')));
    }
    expect(the('activity', asked)).toMatchObject({ name: 'advanceBackfill', args: [{ turn: 2 }] });
  });

  test('takes a cancellation by Temporal as the order to cancel, and follows what runs', async () => {
    const { run, advancing } = await planned();
    await run.activate(jobs.resolve(advancing, turn('running')));
    const control = the('activity', await run.activate(jobs.cancel()));
    expect(control).toMatchObject({ name: 'controlBackfill', args: [{ order: 'cancel' }] });
    const last = only(await run.activate(jobs.resolve(control, progress('cancelling'))));
    expect(only(await run.activate(jobs.resolve(last, turn('cancelled'))))).toMatchObject({
      what: 'complete',
      args: [{ id: 'march', status: 'cancelled' }],
    });
  });

  test('ends with its counts, and fails when labels failed, with what to do', async () => {
    const { run, advancing } = await planned();
    expect(only(await run.activate(jobs.resolve(advancing, turn('completed'))))).toMatchObject({
      what: 'complete',
      args: [{ status: 'completed' }],
    });
    const second = await planned();
    const failed = { ...turn('failed'), progress: progress('failed', { success: 22, failure: 2 }) };
    expect(only(await second.run.activate(jobs.resolve(second.advancing, failed)))).toMatchObject({
      what: 'fail',
      name: expect.stringContaining('2 failure. When the cause is mended: reefline backfill retry march'),
    });
  });

  test('carries only the number of its turn into the next execution, and does not plan again there', async () => {
    const { run, advancing } = await planned();
    run.historyLength = 5_000;
    const child = only(await run.activate(jobs.resolve(advancing, turn('running', [{}]))));
    // Not before the run has started: a parent that closes earlier takes the start along.
    const next = only(await run.activate(jobs.childStarted(child)));
    expect(next).toMatchObject({ what: 'continue as new', name: 'backfill', args: [{ turn: 1 }] });
    const continued = await start({ turn: 1 });
    expect(only(continued.begun)).toMatchObject({ name: 'advanceBackfill', args: [{ turn: 2 }] });
    // The sweep revives one that was lost before its first turn.
    const revived = await start({ turn: 0 });
    expect(only(revived.begun)).toMatchObject({ name: 'advanceBackfill', args: [{ turn: 1 }] });
  });

  test('does not continue as new past an order that it has not carried out', async () => {
    const { run, advancing } = await planned();
    run.historyLength = 5_000;
    const asked = await run.activate(jobs.signal('pause'), jobs.resolve(advancing, turn('running')));
    expect(asked.map(({ what }) => what)).not.toContain('continue as new');
    expect(the('activity', asked)).toMatchObject({ name: 'controlBackfill', args: [{ order: 'pause' }] });
  });

  test('is retried by a signal that starts it again', async () => {
    const run = await sandbox.start('backfill', {
      workflowId: 'backfill/march',
      args: [INPUT],
      jobs: [jobs.signal('retry')],
    });
    const control = only(await run.activate(jobs.resolve(only(run.begun), progress('failed'))));
    expect(control).toMatchObject({ name: 'controlBackfill', args: [{ id: 'march', order: 'retry' }] });
    const advancing = only(await run.activate(jobs.resolve(control, progress('running'))));
    expect(advancing).toMatchObject({ name: 'advanceBackfill' });
  });
});

describe('a backfill that cannot be', () => {
  test.each([
    [{}, 'backfill/march', '"target" names a pipeline or a stage'],
    [{ ...INPUT, to: '2020-02-01' }, 'backfill/march', 'must be after "from"'],
    [INPUT, 'my-backfill', 'A backfill has a workflow id such as "backfill/march"'],
  ])('%j as %s fails with the sentence', async (input, workflowId, sentence) => {
    const run = await start(input, workflowId);
    expect(only(run.begun)).toMatchObject({ what: 'fail', name: expect.stringContaining(sentence) });
  });

  test('fails with the reason of the catalog itself', async () => {
    const run = await start();
    const failed = await run.activate(jobs.fail(only(run.begun), 'not_found', 'There is no stage "p.x".'));
    expect(only(failed)).toMatchObject({ what: 'fail', name: 'There is no stage "p.x".' });
  });
});

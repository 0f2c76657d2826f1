import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunStep } from '../../pipeline/run-plan.ts';
import {
  jobs,
  only,
  openSandbox,
  type Asked,
  type Execution,
  type WorkflowSandbox,
} from '../support/workflow-sandbox.ts';

/*
 * What a stageRun does that waits, is held, or is overtaken while it runs: a test plays the server and the catalog.
 */
const LABEL = '20010105000000';
const PLAN = {
  kind: 'run',
  revision: 1,
  taskQueue: 'reefline.warehouse',
  timeoutSeconds: 60,
  maxAttempts: 2,
  summary: 'transform warehouse.main.daily',
} as const satisfies RunStep;
const QUICK = { ...PLAN, cancelOnRestatement: true } as const satisfies RunStep;
const CHANGED = { ...QUICK, changed: true, superseded: true } as const satisfies RunStep;
const WAITING = {
  kind: 'waiting',
  have: 1,
  expected: 2,
  missing: [{ dataset: 'a.b.c', timelabel: LABEL as never }],
} as const satisfies RunStep;
/** The clock of the sandbox stands at 0. */
const TIMED = { ...WAITING, deadline: '1970-01-01T00:01:00.000Z' } as const satisfies RunStep;
const PAUSE = { scope: 'p', by: 'ada', reason: 'the test', since: '2001-01-05T00:00:00Z' } as const;
const PAUSED = { kind: 'paused', revision: 1, pause: PAUSE, waits: true } as const satisfies RunStep;
const HELD = { kind: 'held', revision: 2, limit: 3, waits: false } as const satisfies RunStep;
const MISSING = { kind: 'missing', revision: 1, message: 'not complete at its deadline' } as const;
const NOTHING: RunStep = { kind: 'nothing-new', revision: 1, reason: 'same inputs' };
const OUTPUT = { ended: false, output: { rows: 1, bytes: null, uri: null, columns: null } };

let sandbox: WorkflowSandbox;

beforeAll(async () => {
  sandbox = await openSandbox();
});
afterAll(async () => {
  await sandbox.close();
});

function start(input: object = {}): Promise<Execution> {
  const args = [{ stage: 'p.daily', timelabel: LABEL, trigger: 'event', ...input }];
  return sandbox.start('stageRun', { workflowId: `run/p.daily/${LABEL}`, args });
}

function tell(step: RunStep | null): ReturnType<typeof jobs.signal> {
  return jobs.signal('inputEvent', step);
}

/** Ends the stage and its report, and returns what is asked for next. */
async function finish(run: Execution, stage: Asked, output: object = OUTPUT): Promise<Asked> {
  expect(stage).toMatchObject({ name: 'runStage' });
  const closing = only(await run.activate(jobs.resolve(stage, output)));
  expect(closing).toMatchObject({ name: 'closeRun' });
  return only(await run.activate(jobs.resolve(closing, {})));
}

const LOOK = { name: 'openRun', args: [{ trigger: 'event', rerun: null }] };

describe('a deadline', () => {
  test('that passes is reported, and the label waits on and runs when its input comes late', async () => {
    const run = await start({ step: TIMED });
    const timer = only(run.begun);
    expect(timer.what).toBe('timer');
    const passing = only(await run.activate(jobs.fire(timer)));
    expect(passing).toMatchObject({ name: 'passDeadline', args: [{ stage: 'p.daily', timelabel: LABEL }] });
    expect(await run.activate(jobs.resolve(passing, WAITING))).toEqual([]);
    expect(await run.query('status')).toMatchObject({ phase: 'waiting' });
    const stage = only(await run.activate(tell({ ...PLAN, revision: 2 })));
    expect(stage).toMatchObject({ name: 'runStage', args: [{ revision: 2 }] });
    expect(await finish(run, stage)).toMatchObject({ what: 'complete' });
  });

  test.each(['before', 'after'])(
    'with the run that was opened arriving just %s it runs that once',
    async (when) => {
      const run = await start({ step: TIMED });
      const timer = only(run.begun);
      const [first, second] = [jobs.fire(timer), tell(PLAN)];
      const asked = await run.activate(...(when === 'after' ? [first, second] : [second, first]));
      const next = asked.find(({ what }) => what !== 'other' && what !== 'timer');
      if (next?.name === 'passDeadline') {
        const stage = only(await run.activate(jobs.resolve(next, PLAN)));
        const look = await finish(run, stage);
        expect(look).toMatchObject(LOOK);
        expect(only(await run.activate(jobs.resolve(look, NOTHING)))).toMatchObject({ what: 'complete' });
      } else {
        expect(next).toMatchObject({ name: 'runStage' });
        if (next !== undefined) expect(await finish(run, next)).toMatchObject({ what: 'complete' });
      }
    },
  );

  test('at which the label is given up ends the run with the reason', async () => {
    const run = await start({ step: TIMED });
    const passing = only(await run.activate(jobs.fire(only(run.begun))));
    expect(only(await run.activate(jobs.resolve(passing, MISSING)))).toMatchObject({
      what: 'fail',
      name: MISSING.message,
    });
  });

  test('at which the label is given up while an input arrives makes it look again', async () => {
    const run = await start({ step: TIMED });
    const passing = only(await run.activate(jobs.fire(only(run.begun))));
    await run.activate(tell(PLAN));
    const look = only(await run.activate(jobs.resolve(passing, MISSING)));
    expect(look).toMatchObject(LOOK);
    expect(await finish(run, only(await run.activate(jobs.resolve(look, PLAN))))).toMatchObject({
      what: 'complete',
    });
  });

  test('passes also while a pause holds the label', async () => {
    const run = await start({ step: { ...PAUSED, deadline: TIMED.deadline } });
    const passing = only(await run.activate(jobs.fire(only(run.begun))));
    expect(passing).toMatchObject({ name: 'passDeadline' });
    expect(await run.activate(jobs.resolve(passing, PAUSED))).toEqual([]);
    expect(await run.query('status')).toMatchObject({ phase: 'holding' });
  });
});

describe('a label that is held back', () => {
  test('while it waits stays open, and runs when the pause ends', async () => {
    const run = await start({ step: WAITING });
    const look = only(await run.activate(tell(PAUSED)));
    expect(look).toMatchObject(LOOK);
    expect(await run.activate(jobs.resolve(look, PAUSED))).toEqual([]);
    expect(await run.query('status')).toMatchObject({ phase: 'holding' });
    const resumed = only(await run.activate(jobs.signal('rerun', { request: null, trigger: 'event' })));
    expect(resumed).toMatchObject(LOOK);
    const stage = only(await run.activate(jobs.resolve(resumed, PLAN)));
    expect(await finish(run, stage)).toMatchObject({ what: 'complete' });
  });

  test('and did not wait ends as held, and says by what', async () => {
    const run = await start();
    expect(only(await run.activate(jobs.resolve(only(run.begun), HELD)))).toMatchObject({
      what: 'complete',
      args: [{ status: 'held', revision: 2 }],
    });
  });

  test('while it waits lets a person through', async () => {
    const run = await start({ step: PAUSED });
    const look = only(await run.activate(jobs.signal('rerun', { request: 'r1', by: 'ada', only: true })));
    expect(look).toMatchObject({ args: [{ trigger: 'manual', rerun: 'r1', by: 'ada', only: true }] });
  });
});

describe('a run in flight that restatements cancel', () => {
  test('is cancelled, reports that it is superseded, and looks again', async () => {
    const run = await start({ step: QUICK });
    const stage = only(run.begun);
    await run.activate(tell(CHANGED));
    const closing = only(await run.activate(jobs.cancelledActivity(stage)));
    expect(closing).toMatchObject({ name: 'closeRun', args: [{ superseded: true }] });
    const look = only(await run.activate(jobs.resolve(closing, {})));
    expect(look).toMatchObject(LOOK);
    const next = only(await run.activate(jobs.resolve(look, { ...QUICK, revision: 2 })));
    expect(await finish(run, next)).toMatchObject({ what: 'complete', args: [{ revision: 2 }] });
  });

  test('reports its success when it is superseded after its work was done, and looks again', async () => {
    const run = await start({ step: QUICK });
    const closing = only(await run.activate(jobs.resolve(only(run.begun), OUTPUT)));
    await run.activate(tell(CHANGED));
    expect(closing).toMatchObject({ args: [expect.not.objectContaining({ superseded: true })] });
    expect(only(await run.activate(jobs.resolve(closing, {})))).toMatchObject(LOOK);
  });

  test('is not cancelled by what speaks of the revision before', async () => {
    const run = await start({ step: { ...QUICK, revision: 2 } });
    expect(await run.activate(tell(CHANGED))).toEqual([]);
    expect(await finish(run, only(run.begun))).toMatchObject(LOOK);
  });

  test('ends as cancelled when a person cancels it', async () => {
    const run = await start({ step: QUICK });
    await run.activate(jobs.cancel());
    const closing = only(await run.activate(jobs.cancelledActivity(only(run.begun))));
    expect(closing).toMatchObject({ args: [{ error: { class: 'rejected' } }] });
    expect(closing).toMatchObject({ args: [expect.not.objectContaining({ superseded: true })] });
    expect(only(await run.activate(jobs.resolve(closing, {})))).toMatchObject({ what: 'cancelled' });
  });
});

describe('no change is lost', () => {
  test('that another router tells of together with the run that the first one opened', async () => {
    const run = await start({ step: WAITING });
    const stage = only(await run.activate(tell(PLAN), tell(PLAN)));
    expect(await finish(run, stage)).toMatchObject(LOOK);
  });

  test('that is told together with the run that was opened, without a step', async () => {
    const run = await start({ step: WAITING });
    const stage = only(await run.activate(tell(null), tell(PLAN)));
    expect(await finish(run, stage)).toMatchObject(LOOK);
  });

  test('and counts that were told before the run was opened make nobody look', async () => {
    const run = await start({ step: WAITING });
    const stage = only(await run.activate(tell(WAITING), tell(PLAN)));
    expect(await finish(run, stage)).toMatchObject({ what: 'complete' });
  });

  test('that came before a look which found the run open already', async () => {
    const run = await start();
    const stage = only(await run.activate(jobs.resolve(only(run.begun), { ...PLAN, changed: true })));
    expect(await finish(run, stage)).toMatchObject(LOOK);
  });

  test('and what is out of date when it begins, and may be cancelled, is cancelled at once', async () => {
    const run = await start();
    const [stage, cancelling] = await run.activate(jobs.resolve(only(run.begun), CHANGED));
    expect([stage?.name, cancelling?.name]).toEqual([
      'runStage',
      expect.stringContaining('requestCancelActivity'),
    ]);
    if (stage === undefined) throw new Error('Nothing was begun.');
    const closing = only(await run.activate(jobs.cancelledActivity(stage)));
    expect(closing).toMatchObject({ name: 'closeRun', args: [{ superseded: true }] });
    expect(only(await run.activate(jobs.resolve(closing, {})))).toMatchObject(LOOK);
  });

  test('that came after the run had been ended by somebody else', async () => {
    const run = await start({ step: PLAN });
    expect(await finish(run, only(run.begun), { ended: true, output: null })).toMatchObject(LOOK);
  });
});

describe('a waiting run', () => {
  test('that a person cancels ends as cancelled and reports nothing', async () => {
    const run = await start({ step: TIMED });
    const asked = await run.activate(jobs.cancel());
    expect(asked.filter(({ what }) => what !== 'other')).toMatchObject([{ what: 'cancelled' }]);
  });

  test.each([
    ['waiting', WAITING],
    ['paused', PAUSED],
  ] as const)('that is %s asks on for the same when its history is cut', async (_kind, step) => {
    const asked = { rerun: 'r1', only: true, backfill: 'march', by: 'ada', reason: 'the test' };
    const run = await start({ trigger: 'backfill', ...asked });
    await run.activate(jobs.resolve(only(run.begun), step));
    run.continueAsNewSuggested = true;
    expect(only(await run.activate(jobs.signal('unknown')))).toMatchObject({
      what: 'continue as new',
      args: [{ stage: 'p.daily', timelabel: LABEL, trigger: 'backfill', step, ...asked }],
    });
  });

  test('asks on for what a person has asked for since it began', async () => {
    const run = await start({ step: WAITING });
    const look = only(await run.activate(jobs.signal('rerun', { request: 'r2', by: 'ada' })));
    await run.activate(jobs.resolve(look, WAITING));
    run.continueAsNewSuggested = true;
    expect(only(await run.activate(jobs.signal('unknown')))).toMatchObject({
      what: 'continue as new',
      args: [{ trigger: 'manual', step: WAITING, rerun: 'r2', by: 'ada' }],
    });
  });

  test('asks no more for what was served when its history is cut', async () => {
    const run = await start({ trigger: 'manual', rerun: true, only: true, by: 'ada' });
    const stage = only(await run.activate(jobs.resolve(only(run.begun), PLAN)));
    await run.activate(tell(null));
    const look = await finish(run, stage);
    await run.activate(jobs.resolve(look, WAITING));
    run.continueAsNewSuggested = true;
    const next = only(await run.activate(jobs.signal('unknown')));
    expect(next).toMatchObject({ what: 'continue as new' });
    expect(next.args).toEqual([{ stage: 'p.daily', timelabel: LABEL, trigger: 'event', step: WAITING }]);
  });
});

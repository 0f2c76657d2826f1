import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RunStep } from '../../pipeline/run-plan.ts';
import {
  jobs,
  only,
  openSandbox,
  type Execution,
  type WorkflowSandbox,
} from '../support/workflow-sandbox.ts';

const LABEL = '20010105000000';
const ID = `run/p.daily/${LABEL}`;
const PLAN: RunStep = {
  kind: 'run',
  revision: 1,
  taskQueue: 'reefline.warehouse',
  timeoutSeconds: 60,
  maxAttempts: 2,
  summary: 'transform warehouse.main.daily',
};
const NOTHING: RunStep = { kind: 'nothing-new', revision: 1, reason: 'same inputs' };
const OUTPUT = { ended: false, output: { rows: 1, bytes: null, uri: null, columns: null } };

function waiting(have: number): RunStep {
  return { kind: 'waiting', have, expected: 24, missing: [{ dataset: 'a.b.c', timelabel: LABEL as never }] };
}

let sandbox: WorkflowSandbox;

beforeAll(async () => {
  sandbox = await openSandbox();
});

afterAll(async () => {
  await sandbox.close();
});

function start(input: object = {}, workflowId = ID): Promise<Execution> {
  return sandbox.start('stageRun', { workflowId, args: [{ stage: 'p.daily', timelabel: LABEL, ...input }] });
}

describe('opening', () => {
  test('a run that a person started asks the ledger, runs the stage, reports, and ends', async () => {
    const run = await start();
    const opening = only(run.begun);
    expect(opening).toMatchObject({
      what: 'local activity',
      name: 'openRun',
      args: [{ stage: 'p.daily', timelabel: LABEL, trigger: 'manual', rerun: null }],
    });
    const stage = only(await run.activate(jobs.resolve(opening, PLAN)));
    expect(stage).toMatchObject({
      what: 'activity',
      name: 'runStage',
      args: [{ stage: 'p.daily', timelabel: LABEL, revision: 1 }],
    });
    expect(await run.query('status')).toMatchObject({ phase: 'running' });
    expect(run.searchAttributes).toMatchObject({ Stage: 'p.daily', Timelabel: LABEL, Revision: 1 });
    const closing = only(await run.activate(jobs.resolve(stage, OUTPUT)));
    expect(closing).toMatchObject({
      name: 'closeRun',
      args: [{ revision: 1, output: OUTPUT.output, error: null }],
    });
    expect(only(await run.activate(jobs.resolve(closing, {})))).toMatchObject({
      what: 'complete',
      args: [{ status: 'SUCCESS', revision: 1 }],
    });
  });

  test('a run that its stage has closed is not closed again', async () => {
    const run = await start({ step: PLAN, trigger: 'event' });
    const closed = { status: 'SUCCESS', eventId: 'p.daily/20010105000000/1' };
    expect(only(await run.activate(jobs.resolve(only(run.begun), { ...OUTPUT, closed })))).toMatchObject({
      what: 'complete',
      args: [{ status: 'SUCCESS', revision: 1 }],
    });
  });

  test('a label that somebody else reported before its stage closed the run is looked at again', async () => {
    const run = await start({ step: PLAN, trigger: 'event' });
    const closed = { status: 'SUCCESS', eventId: 'p.daily/20010105000000/1', overtaken: true };
    expect(only(await run.activate(jobs.resolve(only(run.begun), { ...OUTPUT, closed })))).toMatchObject({
      name: 'openRun',
    });
  });

  test('what the router decided is not asked again', async () => {
    expect(only((await start({ step: PLAN, trigger: 'event' })).begun)).toMatchObject({ name: 'runStage' });
  });

  test('a label with nothing new ends at once', async () => {
    const run = await start();
    expect(only(await run.activate(jobs.resolve(only(run.begun), NOTHING)))).toMatchObject({
      what: 'complete',
      args: [{ status: 'nothing-new', detail: 'same inputs' }],
    });
  });

  test('under a wrong workflow id it is refused, with the right id in the message', async () => {
    const refused = only((await start({}, 'my-run')).begun);
    expect(refused).toMatchObject({ what: 'fail', name: expect.stringContaining(`workflow id "${ID}"`) });
  });

  test.each([[[]], [[null]], [['daily']], [[{ stage: 'p.daily' }]], [[{ stage: 7, timelabel: LABEL }]]])(
    'started with the arguments %j it fails with what it needs, instead of trying for ever',
    async (args) => {
      const run = await sandbox.start('stageRun', { workflowId: ID, args });
      expect(only(run.begun)).toMatchObject({ what: 'fail', name: expect.stringContaining('timelabel') });
    },
  );
});

describe('waiting', () => {
  test('the opened run wins over counts, in whatever order the messages come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([2, 3, 4, 5], { minLength: 1 }),
        fc.nat({ max: 4 }),
        async (counts, at) => {
          const run = await start({ step: waiting(1), trigger: 'event' });
          expect(run.begun).toEqual([]);
          const messages = counts.map((have) => jobs.signal('inputEvent', waiting(have)));
          messages.splice(at, 0, jobs.signal('inputEvent', PLAN));
          expect(only(await run.activate(...messages))).toMatchObject({ what: 'activity', name: 'runStage' });
        },
      ),
      { numRuns: 20 },
    );
  });

  test('the fullest count is shown', async () => {
    const run = await start({ step: waiting(1), trigger: 'event' });
    await run.activate(...[5, 3, 9, 4].map((have) => jobs.signal('inputEvent', waiting(have))));
    expect(await run.query('status')).toMatchObject({ phase: 'waiting', step: { have: 9 } });
    await run.activate(jobs.signal('inputEvent', waiting(2)));
    expect(await run.query('status')).toMatchObject({ step: { have: 9 } });
  });

  test('a message that names no step makes it look', async () => {
    const run = await start({ step: waiting(1), trigger: 'event' });
    for (const message of [null, 'hello', { kind: 'nonsense' }]) {
      const opening = only(await run.activate(jobs.signal('inputEvent', message)));
      expect(opening).toMatchObject({ name: 'openRun' });
      expect(await run.activate(jobs.resolve(opening, waiting(2)))).toEqual([]);
    }
  });
});

describe('messages while a run is under way', () => {
  test('make it look once when the run has ended', async () => {
    const run = await start({ step: PLAN, trigger: 'event' });
    const stage = only(run.begun);
    await run.activate(jobs.signal('inputEvent', null), jobs.signal('inputEvent', null));
    const closing = only(await run.activate(jobs.resolve(stage, OUTPUT)));
    const opening = only(await run.activate(jobs.resolve(closing, {})));
    expect(opening).toMatchObject({ name: 'openRun', args: [{ trigger: 'event', rerun: null }] });
    expect(only(await run.activate(jobs.resolve(opening, NOTHING)))).toMatchObject({ what: 'complete' });
  });

  test('a run that somebody else overtook looks again when it has ended', async () => {
    const run = await start({ step: PLAN, trigger: 'event' });
    const closing = only(await run.activate(jobs.resolve(only(run.begun), OUTPUT)));
    const opening = only(await run.activate(jobs.resolve(closing, { overtaken: true })));
    expect(opening).toMatchObject({ name: 'openRun', args: [{ trigger: 'event', rerun: null }] });
  });

  test('a message during the look is not lost', async () => {
    const run = await start();
    const opening = only(run.begun);
    await run.activate(jobs.signal('inputEvent', null));
    expect(only(await run.activate(jobs.resolve(opening, NOTHING)))).toMatchObject({ name: 'openRun' });
  });

  test('inputs that change during a revision that a person asked for are taken up afterwards', async () => {
    const run = await start({ rerun: 'request 1' });
    const opening = only(run.begun);
    expect(opening.args).toEqual([expect.objectContaining({ rerun: 'request 1' })]);
    const stage = only(await run.activate(jobs.resolve(opening, PLAN)));
    await run.activate(jobs.signal('inputEvent', null));
    const closing = only(await run.activate(jobs.resolve(stage, OUTPUT)));
    expect(only(await run.activate(jobs.resolve(closing, {}))).args).toEqual([
      expect.objectContaining({ rerun: null }),
    ]);
  });

  test('a revision that is asked for meanwhile is the next one', async () => {
    const run = await start({ rerun: 'request 1' });
    const stage = only(await run.activate(jobs.resolve(only(run.begun), PLAN)));
    await run.activate(jobs.signal('rerun', 'request 2'));
    const closing = only(await run.activate(jobs.resolve(stage, OUTPUT)));
    expect(only(await run.activate(jobs.resolve(closing, {}))).args).toEqual([
      expect.objectContaining({ rerun: 'request 2' }),
    ]);
  });
});

describe('failure', () => {
  test('is reported before the workflow fails with it', async () => {
    const run = await start({ step: PLAN, trigger: 'event' });
    const closing = only(
      await run.activate(jobs.fail(only(run.begun), 'data_error', 'line 7 of orders.csv')),
    );
    expect(closing).toMatchObject({
      name: 'closeRun',
      args: [{ output: null, error: { class: 'data_error', message: 'line 7 of orders.csv' } }],
    });
    expect(only(await run.activate(jobs.resolve(closing, {})))).toMatchObject({
      what: 'fail',
      name: 'line 7 of orders.csv',
    });
  });

  test('stays a failure when a message made it look and nothing new was found', async () => {
    const run = await start({ step: PLAN, trigger: 'event' });
    const stage = only(run.begun);
    await run.activate(jobs.signal('inputEvent', null));
    const closing = only(await run.activate(jobs.fail(stage, 'data_error', 'line 7')));
    const opening = only(await run.activate(jobs.resolve(closing, {})));
    const ended = only(
      await run.activate(jobs.resolve(opening, { ...NOTHING, reason: 'failed with the same inputs' })),
    );
    expect(ended).toMatchObject({ what: 'fail', name: 'line 7' });
  });

  test('is forgotten when the next revision succeeds', async () => {
    const run = await start({ step: PLAN, trigger: 'event' });
    const first = only(run.begun);
    await run.activate(jobs.signal('inputEvent', null));
    const report = only(await run.activate(jobs.fail(first, 'data_error', 'line 7')));
    const opening = only(await run.activate(jobs.resolve(report, {})));
    const second = only(await run.activate(jobs.resolve(opening, { ...PLAN, revision: 2 })));
    const closing = only(await run.activate(jobs.resolve(second, OUTPUT)));
    expect(only(await run.activate(jobs.resolve(closing, {})))).toMatchObject({
      what: 'complete',
      args: [{ status: 'SUCCESS', revision: 2 }],
    });
  });

  test('a cancelled run reports before it ends as cancelled', async () => {
    const run = await start({ step: PLAN, trigger: 'event' });
    const stage = only(run.begun);
    await run.activate(jobs.cancel());
    const closing = only(await run.activate(jobs.cancelledActivity(stage)));
    expect(closing).toMatchObject({
      name: 'closeRun',
      args: [{ output: null, error: { class: 'rejected', message: 'The run was cancelled.' } }],
    });
    expect(only(await run.activate(jobs.resolve(closing, {})))).toMatchObject({ what: 'cancelled' });
  });
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DefaultLogger } from '@temporalio/worker';
import { MockActivityEnvironment } from '@temporalio/testing';
import { closeRun, type CloseRunInput, type ClosedRun } from '../../activities/close-run.ts';
import { openRun } from '../../activities/open-run.ts';
import { runStage, type StageOutcome } from '../../activities/run-stage.ts';
import { beginRun } from '../../catalog/run-ledger.ts';
import type { StageRunner } from '../../activities/stages/runner.ts';
import type { ReeflineEvent } from '../../pipeline/data-event.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { projectOf } from '../support/project.ts';

let catalog: TestCatalog;
const reported: ReeflineEvent[] = [];

beforeAll(async () => {
  catalog = await openTestCatalog('closed_by_stage', projectOf([{ name: 'hourly', period: '1h' }]));
});

afterAll(async () => {
  await catalog.close();
});

const succeeds: StageRunner = () => Promise.resolve({ rows: 1, bytes: null, uri: null, columns: null });

function closes(input: CloseRunInput): Promise<ClosedRun> {
  const report = (_: string, events: readonly ReeflineEvent[]): Promise<void> => {
    reported.push(...events);
    return Promise.resolve();
  };
  return closeRun(catalog.db, catalog.configs, report, input);
}

/** One attempt of the first revision of a label. */
async function attempt(
  timelabel: string,
  stage: StageRunner,
  close: (input: CloseRunInput) => Promise<ClosedRun>,
): Promise<StageOutcome> {
  const { db, configs } = catalog;
  await openRun(db, configs, { stage: 'p.hourly', timelabel, trigger: 'manual', rerun: null });
  const kinds = ['extract', 'register', 'load', 'transform', 'publish', 'check', 'custom'] as const;
  const runners = Object.fromEntries(kinds.map((kind) => [kind, stage])) as Record<
    (typeof kinds)[number],
    StageRunner
  >;
  const environment = {
    ...{ db, configs, runners, close },
    resolveSecrets: <T>(connection: T) => connection,
    redact: (text: string) => text,
  };
  const activity = new MockActivityEnvironment({ attempt: 1 }, { logger: new DefaultLogger('ERROR') });
  return activity.run(() => runStage(environment, { stage: 'p.hourly', timelabel, revision: 1 }));
}

function statusOf(timelabel: string): Promise<unknown[]> {
  return catalog.values(`select status from reefline.stage_run where timelabel = $1`, timelabel);
}

test('a stage that succeeded closes its run and returns the event that it reported', async () => {
  const at = '20010105000000';
  const { closed } = await attempt(at, succeeds, closes);
  expect(closed?.status).toBe('SUCCESS');
  expect(reported).toMatchObject([{ timelabel: at, status: 'SUCCESS', eventId: closed?.eventId, rows: 1 }]);
  expect(await statusOf(at)).toEqual(['SUCCESS']);
});

test('repeated after it closed its run, it does nothing and leaves the report to the workflow', async () => {
  expect(await attempt('20010105000000', succeeds, closes)).toEqual({ ended: true, output: null });
});

test('a stage whose run cannot be closed has succeeded all the same, and its workflow closes the run', async () => {
  const at = '20010105010000';
  const outcome = await attempt(at, succeeds, () => Promise.reject(new Error('the catalog is away')));
  expect(outcome).toMatchObject({ ended: false, output: { rows: 1 } });
  expect(outcome.closed).toBeUndefined();
  expect(await statusOf(at)).toEqual(['RUNNING']);
});

test('a catalog that does not answer does not hold up the connection of the stage', async () => {
  const outcome = await attempt('20010105020000', succeeds, () => new Promise<never>(() => undefined));
  expect(outcome).toMatchObject({ ended: false, output: { rows: 1 } });
  expect(outcome.closed).toBeUndefined();
});

test.each([
  ['attempt', 2, 'test'],
  ['execution', 1, 'other'],
])(
  'an attempt that another %s has taken over from closes nothing',
  async (_what, attemptNumber, execution) => {
    const at = `2001010${String(attemptNumber)}000000`;
    const key = { stage: 'p.hourly', timelabel: at, revision: 1 };
    const overtaken: StageRunner = async (run, tools) => {
      await beginRun(catalog.db, key, attemptNumber, execution);
      return succeeds(run, tools);
    };
    expect((await attempt(at, overtaken, closes)).closed).toBeUndefined();
    expect(await statusOf(at)).toEqual(['RUNNING']);
  },
);

test('a stage that failed leaves its run to the workflow, which may try again', async () => {
  const at = '20010105030000';
  const failing = attempt(at, () => Promise.reject(new Error('the warehouse is away')), closes);
  await expect(failing).rejects.toThrow('the warehouse is away');
  expect(await statusOf(at)).toEqual(['RUNNING']);
});

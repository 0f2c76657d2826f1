import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SyncResult } from '../../pipeline/sync-report.ts';
import {
  jobs,
  only,
  openSandbox,
  type Asked,
  type Execution,
  type WorkflowSandbox,
} from '../support/workflow-sandbox.ts';

const INPUT = { stage: 'p.fetch', kind: 'key_list', keys: ['17'] };
const RESOLVED = { taskQueue: 'reefline.shop', maxAttempts: 3 };

let sandbox: WorkflowSandbox;

beforeAll(async () => {
  sandbox = await openSandbox();
});

afterAll(async () => {
  await sandbox.close();
});

function start(input: object = INPUT, workflowId = 'sync/march'): Promise<Execution> {
  return sandbox.start('historicalSync', { workflowId, args: [input] });
}

function found(more: Partial<SyncResult> = {}): SyncResult {
  return {
    ...{ sync: 'march', stage: 'p.fetch', kind: 'key_list', backfill: 'march', paused: false, labels: 2 },
    ...{ first: '20200301000000', last: '20200301010000', stages: [], remarks: [], comparisons: [] },
    ...more,
  };
}

/** Resolves the connection, and is looking into the source. */
async function finding(input: object = INPUT): Promise<{ run: Execution; asked: Asked }> {
  const run = await start(input);
  const resolving = only(run.begun);
  expect(resolving).toMatchObject({ what: 'activity', name: 'resolveSync' });
  return { run, asked: only(await run.activate(jobs.resolve(resolving, RESOLVED))) };
}

describe('a historical sync', () => {
  test('looks into the source once, and begins the backfill with its first turn, for the plan is in the catalog', async () => {
    const { run, asked } = await finding();
    expect(asked).toMatchObject({
      name: 'findSyncLabels',
      args: [{ id: 'march', request: { stage: 'p.fetch', select: { kind: 'key_list', keys: [['17']] } } }],
    });
    const child = only(await run.activate(jobs.resolve(asked, found())));
    expect(child).toMatchObject({ what: 'child', name: 'backfill/march', args: [{ turn: 0 }] });
    expect(only(await run.activate(jobs.childStarted(child)))).toMatchObject({
      what: 'complete',
      args: [found()],
    });
  });

  test('is content with a backfill that runs already', async () => {
    const { run, asked } = await finding();
    const child = only(await run.activate(jobs.resolve(asked, found())));
    expect(only(await run.activate(jobs.childExists(child)))).toMatchObject({ what: 'complete' });
  });

  test.each([
    ['there is nothing to do', { backfill: null, labels: 0 }],
    ['the plan waits for a person', { paused: true }],
  ])('starts nothing when %s', async (_, more) => {
    const { run, asked } = await finding();
    const ended = only(await run.activate(jobs.resolve(asked, found(more))));
    expect(ended).toMatchObject({ what: 'complete', args: [found(more)] });
  });

  test('begins what was recorded before a cancellation arrived', async () => {
    const { run, asked } = await finding();
    await run.activate(jobs.cancel());
    const child = (await run.activate(jobs.resolve(asked, found()))).find(({ what }) => what === 'child');
    expect(child).toMatchObject({ name: 'backfill/march' });
  });

  test('ends as cancelled when its attempt was', async () => {
    const { run, asked } = await finding();
    await run.activate(jobs.cancel());
    expect(only(await run.activate(jobs.cancelledActivity(asked)))).toMatchObject({ what: 'cancelled' });
  });

  test('fails with the sentence of what refused it', async () => {
    const { run, asked } = await finding();
    const failed = only(await run.activate(jobs.fail(asked, 'not_found', 'public.t has no column "x".')));
    expect(failed).toMatchObject({ what: 'fail', name: 'public.t has no column "x".' });
    const wrong = await start({ stage: 'p.fetch', kind: 'key_list' });
    expect(only(wrong.begun)).toMatchObject({
      what: 'fail',
      name: expect.stringContaining('"keys" must be'),
    });
    const misnamed = await start(INPUT, 'march');
    expect(only(misnamed.begun)).toMatchObject({
      what: 'fail',
      name: expect.stringContaining('such as "sync/orders"'),
    });
  });
});

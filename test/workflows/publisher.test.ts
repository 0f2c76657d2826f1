import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  jobs,
  only,
  openSandbox,
  type Execution,
  type WorkflowSandbox,
} from '../support/workflow-sandbox.ts';

const NOTHING_OWED = { delivered: 3, failed: 0, lastError: null, nextDueSeconds: null };

let sandbox: WorkflowSandbox;

beforeAll(async () => {
  sandbox = await openSandbox();
});

afterAll(async () => {
  await sandbox.close();
});

function start(): Promise<Execution> {
  return sandbox.start('publisher', { workflowId: 'publisher/customer', args: [{ endpoint: 'customer' }] });
}

const FORWARDING = { what: 'activity', name: 'forwardEvents', args: ['customer'] };

describe('the publisher', () => {
  test('looks when it starts, sleeps when nothing is owed, and looks again when it is woken', async () => {
    const run = await start();
    const forwarding = only(run.begun);
    expect(forwarding).toMatchObject(FORWARDING);
    expect(await run.activate(jobs.resolve(forwarding, NOTHING_OWED))).toEqual([]);
    expect(only(await run.activate(jobs.signal('wake')))).toMatchObject(FORWARDING);
  });

  test('is not woken in vain: a wake that arrives during forwarding makes it look once more', async () => {
    const run = await start();
    const forwarding = only(run.begun);
    expect(await run.activate(jobs.signal('wake'), jobs.signal('wake'))).toEqual([]);
    const again = only(await run.activate(jobs.resolve(forwarding, NOTHING_OWED)));
    expect(again).toMatchObject(FORWARDING);
    expect(await run.activate(jobs.resolve(again, NOTHING_OWED))).toEqual([]);
  });

  test('a wake in the very task that ends forwarding counts', async () => {
    const run = await start();
    const both = [jobs.signal('wake'), jobs.resolve(only(run.begun), NOTHING_OWED)];
    expect(only(await run.activate(...both))).toMatchObject(FORWARDING);
  });

  test('goes on at once while something is due', async () => {
    const run = await start();
    expect(
      only(await run.activate(jobs.resolve(only(run.begun), { ...NOTHING_OWED, nextDueSeconds: 0 }))),
    ).toMatchObject(FORWARDING);
  });

  test('a failing endpoint waits for its pause even when it is woken, then is tried again', async () => {
    const run = await start();
    const failed = { delivered: 0, failed: 10, lastError: 'no such queue', nextDueSeconds: 4.2 };
    const timer = only(await run.activate(jobs.resolve(only(run.begun), failed)));
    expect(timer).toMatchObject({ what: 'timer' });
    expect(await run.activate(jobs.signal('wake'))).toEqual([]);
    expect(only(await run.activate(jobs.fire(timer)))).toMatchObject(FORWARDING);
  });

  test('a claim that another forwarder holds does not keep new events waiting', async () => {
    const run = await start();
    const timer = only(
      await run.activate(jobs.resolve(only(run.begun), { ...NOTHING_OWED, nextDueSeconds: 50 })),
    );
    const woken = await run.activate(jobs.signal('wake'));
    expect(timer.what).toBe('timer');
    expect(woken).toContainEqual(expect.objectContaining(FORWARDING));
  });

  test('begins a new history without carrying anything, because the catalog knows what is owed', async () => {
    const run = await start();
    run.historyLength = 1_001;
    expect(
      only(await run.activate(jobs.signal('wake'), jobs.resolve(only(run.begun), NOTHING_OWED))),
    ).toMatchObject({
      what: 'continue as new',
      args: [{ endpoint: 'customer' }],
    });
  });
});

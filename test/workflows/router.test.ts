import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  jobs,
  only,
  openSandbox,
  type Asked,
  type Execution,
  type WorkflowSandbox,
} from '../support/workflow-sandbox.ts';

const NOTHING = { actions: [], endpoints: [], accepted: 0, rejected: 0 };
const ACTION = {
  pipeline: 'p',
  stage: 'p.daily',
  timelabel: '20010105000000',
  dataset: 'warehouse.main.daily',
  kind: 'start',
  step: null,
};

let sandbox: WorkflowSandbox;

beforeAll(async () => {
  sandbox = await openSandbox();
});

afterAll(async () => {
  await sandbox.close();
});

function start(input: object = {}): Promise<Execution> {
  return sandbox.start('router', { workflowId: 'router/p', args: [{ pipeline: 'p', ...input }] });
}

function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, at) => from + at);
}

/** The messages of a call of acceptEvents. */
function batchOf(asked: Asked): readonly unknown[] {
  expect(asked.name).toBe('acceptEvents');
  return asked.args[1] as readonly unknown[];
}

describe('the queue', () => {
  test('is accepted in the order of arrival, at most 100 at a time, and nothing is lost or doubled', async () => {
    const run = await start();
    let asked = only(
      await run.activate(jobs.signal('dataEvent', numbers(150)), jobs.signal('dataEvent', 150)),
    );
    const seen: unknown[] = [];
    const sizes: number[] = [];
    for (let more = true; more;) {
      const batch = batchOf(asked);
      seen.push(...batch);
      sizes.push(batch.length);
      const answer = [jobs.resolve(asked, { ...NOTHING, accepted: batch.length })];
      // More arrives while the second batch is accepted.
      if (sizes.length === 2) answer.unshift(jobs.signal('dataEvent', numbers(30, 151)));
      const [next] = await run.activate(...answer);
      more = next !== undefined;
      if (next !== undefined) asked = next;
    }
    expect(seen).toEqual(numbers(181));
    expect(sizes).toEqual([100, 51, 30]);
    expect(await run.query('status')).toMatchObject({
      ...{ queued: 0, accepted: 181, rejected: 0, started: 0 },
      ...{ historyEvents: expect.any(Number), continued: 0 },
    });
  });

  test('is accepted in batches whose text fits into one payload, however large the messages are', async () => {
    const run = await start();
    const large = Array.from({ length: 60 }, (_, at) => ({ at, text: 'x'.repeat(40_000) }));
    let asked = only(await run.activate(jobs.signal('dataEvent', large)));
    const seen: unknown[] = [];
    for (let more = true; more;) {
      const batch = batchOf(asked);
      expect(JSON.stringify(batch).length).toBeLessThan(1_000_000);
      seen.push(...batch);
      const [next] = await run.activate(jobs.resolve(asked, { ...NOTHING, accepted: batch.length }));
      more = next !== undefined;
      if (next !== undefined) asked = next;
    }
    expect(seen).toEqual(large);
  });

  test('goes on being accepted while up to 20 runs of the last batch are still being started', async () => {
    const run = await start();
    const actions = numbers(100).map((at) => ({ ...ACTION, stage: `p.s${String(at)}` }));
    const asked = only(await run.activate(jobs.signal('dataEvent', numbers(150))));
    const starts = await run.activate(jobs.resolve(asked, { ...NOTHING, actions, accepted: 100 }));
    expect(starts.map(({ what }) => what)).toEqual(Array(100).fill('child'));
    const [first, ...others] = starts.slice(0, 80);
    for (const child of others) expect(await run.activate(jobs.childStarted(child))).toEqual([]);
    expect(await run.query('status')).toMatchObject({ queued: 50, accepted: 100, started: 100 });
    if (first === undefined) throw new Error('nothing was started');
    expect(batchOf(only(await run.activate(jobs.childStarted(first))))).toEqual(numbers(50, 100));
  });

  test('lets datasets take turns: what comes behind a flood of another is in the next batch', async () => {
    const run = await start();
    const flood = numbers(500).map((at) => ({ schema: 'partners', table: 'fares', at }));
    const asked = only(await run.activate(jobs.signal('dataEvent', flood)));
    const other = { schema: 'shop', table: 'orders' };
    await run.activate(jobs.signal('dataEvent', [other, 'no event']));
    const next = batchOf(only(await run.activate(jobs.resolve(asked, NOTHING))));
    expect(next).toEqual([...flood.slice(100, 125), other, 'no event', ...flood.slice(125, 198)]);
    expect(await run.query('status')).toMatchObject({ queued: 402 });
  });

  test('takes a list of 400,000 elements without overflowing', async () => {
    const run = await start();
    const asked = only(await run.activate(jobs.signal('dataEvent', Array(400_000).fill(0))));
    expect(batchOf(asked)).toHaveLength(100);
    expect(await run.query('status')).toMatchObject({ queued: 400_000 });
  });
});

describe('accepting', () => {
  test('of a burst leaves no workflow task open, in which the server would not take 100 more signals', async () => {
    const run = await start();
    expect(only(await run.activate(jobs.signal('dataEvent', numbers(11))))).toMatchObject({
      what: 'activity',
      name: 'acceptEvents',
    });
  });

  test('of a few events happens in their own task, and is handed over whole when that does not work at once', async () => {
    const run = await start();
    const brief = only(await run.activate(jobs.signal('dataEvent', numbers(10))));
    expect(brief).toMatchObject({ what: 'local activity', name: 'acceptEvents' });
    const patient = only(await run.activate(jobs.fail(brief, 'unavailable', 'the catalog is away')));
    expect(patient).toMatchObject({ what: 'activity', name: 'acceptEvents', args: brief.args });
    await run.activate(jobs.resolve(patient, { ...NOTHING, accepted: 10 }));
    expect(await run.query('status')).toMatchObject({ queued: 0, accepted: 10 });
  });
});

describe('the rate', () => {
  const RATED = { ...NOTHING, eventsPerSecond: 50 };
  const slowed = async (run: Execution): Promise<unknown> =>
    ((await run.query('status')) as { slowed: boolean }).slowed;

  test('is kept: who sends faster waits, a burst of a second is taken at once, and nothing is refused', async () => {
    const run = await start();
    const asked = only(await run.activate(jobs.signal('dataEvent', numbers(50))));
    expect(await run.activate(jobs.resolve(asked, RATED))).toEqual([]);
    expect(await slowed(run)).toBe(false);
    const more = only(await run.activate(jobs.signal('dataEvent', numbers(150))));
    const timer = only(await run.activate(jobs.resolve(more, RATED)));
    expect(timer).toMatchObject({ what: 'timer', milliseconds: 2_000 });
    expect(await slowed(run)).toBe(true);
    expect(await run.activate(jobs.signal('dataEvent', 150))).toEqual([]);
    const rest = only(await run.activate(jobs.fire(timer)));
    expect(batchOf(rest)).toEqual([...numbers(50, 100), 150]);
    expect(await slowed(run)).toBe(false);
  });

  test('is that of the newest acceptance, and acceptances of older builds have none', async () => {
    const run = await start();
    const first = only(await run.activate(jobs.signal('dataEvent', numbers(300))));
    const second = only(await run.activate(jobs.resolve(first, NOTHING)));
    expect(batchOf(second)).toEqual(numbers(100, 100));
    const third = only(await run.activate(jobs.resolve(second, { ...NOTHING, eventsPerSecond: 1_000 })));
    expect(batchOf(third)).toEqual(numbers(100, 200));
    expect(only(await run.activate(jobs.resolve(third, RATED)))).toMatchObject({ what: 'timer' });
  });

  test('is not kept by a router whose history grows large: the server would end it with all that waits', async () => {
    const run = await start();
    const asked = only(await run.activate(jobs.signal('dataEvent', numbers(300))));
    run.historySize = 9_000_000;
    const next = only(await run.activate(jobs.resolve(asked, RATED)));
    expect(batchOf(next)).toEqual(numbers(100, 100));
  });

  test('goes on in the next execution with what is not paid off yet', async () => {
    const run = await start();
    const asked = only(await run.activate(jobs.signal('dataEvent', numbers(50))));
    run.historyLength = 1_001;
    const next = only(await run.activate(jobs.resolve(asked, RATED)));
    expect(next).toMatchObject({ what: 'continue as new', args: [{ unpaid: { events: 50 } }] });
    const carried = await sandbox.start('router', { workflowId: 'router/p', args: next.args });
    const more = only(await carried.activate(jobs.signal('dataEvent', 1)));
    expect(only(await carried.activate(jobs.resolve(more, RATED)))).toMatchObject({ milliseconds: 20 });
  });
});

describe('cancelling', () => {
  test('does not lose what was sent: the router ends when its queue is empty', async () => {
    const run = await start();
    const asked = only(await run.activate(jobs.signal('dataEvent', numbers(11)), jobs.cancel()));
    expect(asked).toMatchObject({ name: 'acceptEvents' });
    expect(only(await run.activate(jobs.resolve(asked, { ...NOTHING, accepted: 11 })))).toMatchObject({
      what: 'complete',
    });
  });

  test('waits for the runs that are being started', async () => {
    const run = await start();
    const asked = only(await run.activate(jobs.signal('dataEvent', 1), jobs.cancel()));
    const child = only(await run.activate(jobs.resolve(asked, { ...NOTHING, actions: [ACTION] })));
    expect(only(await run.activate(jobs.childStarted(child)))).toMatchObject({ what: 'complete' });
  });
});

describe('continue as new', () => {
  test('carries what is not accepted yet, and the counts', async () => {
    const run = await start();
    const asked = only(await run.activate(jobs.signal('dataEvent', numbers(120))));
    const answer = { ...NOTHING, accepted: 99, rejected: 1, actions: [ACTION] };
    run.historyLength = 1_001;
    const child = only(await run.activate(jobs.resolve(asked, answer)));
    const next = only(await run.activate(jobs.childStarted(child)));
    expect(next).toMatchObject({
      what: 'continue as new',
      name: 'router',
      args: [{ pipeline: 'p', queue: numbers(20, 100), accepted: 99, rejected: 1, started: 1 }],
    });
    const carried = await sandbox.start('router', { workflowId: 'router/p', args: next.args });
    expect(batchOf(only(carried.begun))).toEqual(numbers(20, 100));
    await carried.activate(jobs.resolve(only(carried.begun), { ...NOTHING, accepted: 20 }));
    const counts = { queued: 0, accepted: 119, rejected: 1, started: 1, continued: 1 };
    expect(await carried.query('status')).toMatchObject(counts);
  });

  test('signals that come with the new execution follow what was carried', async () => {
    const run = await sandbox.start('router', {
      workflowId: 'router/p',
      args: [{ pipeline: 'p', queue: ['old'] }],
      jobs: [jobs.signal('dataEvent', 'new')],
    });
    expect(batchOf(only(run.begun))).toEqual(['old', 'new']);
  });

  test('happens while the catalog is away, and the batch goes along', async () => {
    const run = await start();
    const asked = only(await run.activate(jobs.signal('dataEvent', ['a'])));
    run.historyLength = 1_001;
    const given = await run.activate(jobs.signal('dataEvent', 'b'));
    expect(given.map(({ what }) => what)).toEqual(['other']);
    const next = only(await run.activate(jobs.cancelledActivity(asked)));
    expect(next).toMatchObject({ what: 'continue as new', args: [{ queue: ['a', 'b'] }] });
  });

  test('while the catalog is away keeps the batch before what another dataset sent since', async () => {
    const run = await start();
    const fare = { schema: 'partners', table: 'fares' };
    const order = { schema: 'shop', table: 'orders' };
    const asked = only(await run.activate(jobs.signal('dataEvent', [fare, { ...fare, at: 1 }])));
    run.historyLength = 1_001;
    await run.activate(jobs.signal('dataEvent', order));
    const next = only(await run.activate(jobs.cancelledActivity(asked)));
    expect(next).toMatchObject({ args: [{ queue: [fare, { ...fare, at: 1 }, order] }] });
  });

  test('waits until the queue is small enough to be carried', async () => {
    const run = await start();
    const large = Array.from({ length: 150 }, (_, at) => `${String(at)} ${'x'.repeat(20_000)}`);
    let [asked] = await run.activate(jobs.signal('dataEvent', large));
    run.historyLength = 1_001;
    const seen: unknown[] = [];
    for (let batches = 0; asked?.name === 'acceptEvents'; batches += 1) {
      expect(batches).toBeLessThan(7);
      seen.push(...batchOf(asked));
      [asked] = await run.activate(jobs.resolve(asked, NOTHING));
    }
    expect(asked).toMatchObject({ what: 'continue as new' });
    const [{ queue }] = asked?.args as [{ queue: unknown[] }];
    expect([...seen, ...queue]).toEqual(large);
    expect(seen.length).toBeGreaterThan(100);
    expect(JSON.stringify(queue).length).toBeLessThan(700_000);
  });
});

describe('runs', () => {
  test('one that is there is told, and one that ended between the two is started again', async () => {
    const run = await start();
    const asked = only(await run.activate(jobs.signal('dataEvent', 1)));
    const first = only(await run.activate(jobs.resolve(asked, { ...NOTHING, actions: [ACTION] })));
    const told = only(await run.activate(jobs.childExists(first)));
    expect(told).toMatchObject({ what: 'signal', name: 'run/p.daily/20010105000000', args: [null] });
    const again = only(await run.activate(jobs.signalFailed(told)));
    expect(again).toMatchObject({ what: 'child' });
    expect(await run.activate(jobs.childStarted(again))).toEqual([]);
    expect(await run.query('status')).toMatchObject({ queued: 0 });
  });

  test('one that has begun is told first', async () => {
    const run = await start();
    const asked = only(await run.activate(jobs.signal('dataEvent', 1)));
    const actions = [{ ...ACTION, kind: 'tell' }];
    const told = only(await run.activate(jobs.resolve(asked, { ...NOTHING, actions })));
    expect(told).toMatchObject({ what: 'signal' });
    expect(await run.activate(jobs.signalled(told))).toEqual([]);
  });

  test('a publisher that is not there is started, and one that another router started meanwhile is woken', async () => {
    const run = await start();
    const asked = only(await run.activate(jobs.signal('dataEvent', 1)));
    const wake = only(await run.activate(jobs.resolve(asked, { ...NOTHING, endpoints: ['customer'] })));
    expect(wake).toMatchObject({ what: 'signal', name: 'publisher/customer' });
    const child = only(await run.activate(jobs.signalFailed(wake)));
    expect(child).toMatchObject({
      what: 'child',
      name: 'publisher/customer',
      args: [{ endpoint: 'customer' }],
    });
    const again = only(await run.activate(jobs.childExists(child)));
    expect(again).toMatchObject({ what: 'signal', name: 'publisher/customer' });
    await run.activate(jobs.signalled(again));
    expect(await run.query('status')).toMatchObject({ queued: 0 });
  });
});

describe('whatever is signalled', () => {
  test('the task does not fail, and the catalog gets it for its rejection', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.constantFrom('dataEvent', 'noSuchSignal'), async (value, name) => {
        const run = await start();
        const sent = JSON.parse(JSON.stringify(value)) as unknown;
        const [asked] = await run.activate(jobs.signal(name, sent));
        if (asked === undefined) expect(sent).toEqual([]);
        else if (name === 'dataEvent')
          expect(batchOf(asked)).toEqual((Array.isArray(sent) ? sent : [sent]).slice(0, 100));
        else
          expect(batchOf(asked)).toEqual([
            { $undecodable: expect.stringContaining('noSuchSignal'), args: [sent] },
          ]);
      }),
      { numRuns: 60 },
    );
  });

  test('a payload that is no JSON, has another encoding or no data at all is passed on with the reason', async () => {
    const run = await start();
    const encoding = (name: string): { metadata: { encoding: Uint8Array }; data: Uint8Array } => ({
      metadata: { encoding: Buffer.from(name) },
      data: Buffer.from('{"event_type": '),
    });
    const asked = only(
      await run.activate(
        jobs.rawSignal('dataEvent', encoding('json/plain')),
        jobs.rawSignal('dataEvent', encoding('binary/encrypted')),
        jobs.rawSignal('dataEvent', {}),
        jobs.signal('dataEvent'),
      ),
    );
    const reason = { $undecodable: expect.any(String) };
    const encrypted = { $undecodable: expect.stringContaining('is encrypted with'), $encrypted: '' };
    expect(batchOf(asked)).toEqual([reason, encrypted, reason, null]);
  });
});

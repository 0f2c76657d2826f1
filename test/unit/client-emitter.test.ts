import { describe, expect, test } from '@jest/globals';
import { createEmitter, InvalidEvents } from '../../client/index.ts';
import { MOST_EVENT_BYTES } from '../../pipeline/signal-size.ts';
import { days, failureOf, fares } from '../support/emitting.ts';
import { fakeClock, fakeServer, grpcError, type Answer } from '../support/fake-router.ts';

const LIMIT = grpcError(3, 'exceeded workflow execution limit for signal events');
const AWAY = grpcError(14, 'No connection established.');

describe('an emit', () => {
  test('signals the router of its pipeline, and starts it when it does not run', async () => {
    const server = fakeServer(() => 'takes');
    const emitter = createEmitter({ client: server.client, router: 'orders' });
    expect(await emitter.emit(fares(0))).toEqual({
      events: 1,
      signals: 1,
      attempts: 1,
      router: 'router/orders',
    });
    expect(server.calls).toMatchObject([
      {
        workflow: 'router',
        options: {
          workflowId: 'router/orders',
          taskQueue: 'reefline',
          args: [{ pipeline: 'orders' }],
          signal: 'dataEvent',
          signalArgs: [[fares(0)]],
        },
      },
    ]);
  });

  test('uses the task queue of the deployment', async () => {
    const server = fakeServer(() => 'takes');
    await createEmitter({ client: server.client, router: 'orders', taskQueue: 'data' }).emit(fares(0));
    expect(server.calls[0]?.options['taskQueue']).toBe('data');
  });

  test('of nothing sends nothing', async () => {
    const server = fakeServer(() => 'takes');
    const emitted = await createEmitter({ client: server.client, router: 'orders' }).emit([]);
    expect(emitted).toMatchObject({ events: 0, signals: 0 });
    expect(server.calls).toEqual([]);
  });

  test('of many events fills signals of at most a hundred, in order', async () => {
    const server = fakeServer(() => 'takes');
    const emitted = await createEmitter({ client: server.client, router: 'orders' }).emit(days(1_050));
    expect(emitted).toMatchObject({ events: 1_050, signals: 11 });
    expect(server.calls.map(({ events }) => events.length)).toEqual([...Array<number>(10).fill(100), 50]);
    expect(server.taken).toEqual(days(1_050));
  });

  test('of large events makes signals far below 2 MiB', async () => {
    const server = fakeServer(() => 'takes');
    const large = Array.from({ length: 250 }, (_, at) => fares(at, { error: '€'.repeat(6_500) }));
    await createEmitter({ client: server.client, router: 'orders' }).emit(large);
    for (const { events } of server.calls) {
      expect(Buffer.byteLength(JSON.stringify(events))).toBeLessThan(1_600_000);
    }
    expect(server.taken).toEqual(large);
  });

  test.each(['', 'router/orders'])('for a router named "%s" is refused', (router) => {
    const { client } = fakeServer(() => 'takes');
    expect(() => createEmitter({ client, router })).toThrow('is not the name of a pipeline');
  });
});

describe('events that a router would reject', () => {
  test('are all named at once, and nothing is sent', async () => {
    const server = fakeServer(() => 'takes');
    const emitter = createEmitter({ client: server.client, router: 'orders' });
    const circle: Record<string, unknown> = { ...fares(0) };
    circle['self'] = circle;
    const deep = JSON.parse('['.repeat(200) + ']'.repeat(200)) as never;
    const given = [
      fares(0),
      fares(1, { timelabel: 'yesterday' }),
      fares(2, { status: 'DONE' as never }),
      'fares' as never,
      fares(3, { uri: 'a\u0000b' }),
      circle as never,
      fares(4, { error: { class: 'rejected', message: 'x', facts: deep } }),
      fares(5, { error: '€'.repeat(MOST_EVENT_BYTES / 3) }),
      undefined as never,
    ];
    const error: unknown = await emitter.emit(given).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidEvents);
    const { problems, message } = error as InvalidEvents;
    expect(problems.map(({ index, field }) => [index, field])).toEqual([
      [1, 'timelabel'],
      [2, 'status'],
      [3, ''],
      [4, ''],
      [5, ''],
      [6, ''],
      [7, ''],
      [8, ''],
    ]);
    expect(message).toContain('Nothing was sent: 8 of 9 events would be rejected.');
    expect(message).toContain('event 1: The timelabel "yesterday" is not a UTC time');
    expect(server.calls).toEqual([]);
  });

  test('spell out ten problems and count the rest', async () => {
    const { client } = fakeServer(() => 'takes');
    const bad = days(15).map((event) => ({ ...event, table: '' }));
    const emitting = createEmitter({ client, router: 'orders' }).emit(bad);
    await expect(emitting).rejects.toMatchObject({ problems: { length: 15 } });
    await expect(emitting).rejects.toThrow('and 5 more');
  });
});

describe('what passes by itself', () => {
  test.each([
    ['CANCELLED', grpcError(1, 'Call cancelled')],
    ['UNKNOWN', grpcError(2, 'proxy')],
    ['DEADLINE_EXCEEDED', grpcError(4, 'Deadline exceeded')],
    ['RESOURCE_EXHAUSTED', grpcError(8, 'namespace rate limit exceeded')],
    ['ABORTED', grpcError(10, 'aborted')],
    ['INTERNAL', grpcError(13, 'RST_STREAM')],
    ['UNAVAILABLE', AWAY],
    ['the limit of 10,000 signals', LIMIT],
  ])('is tried again: %s', async (_name, error) => {
    const server = fakeServer((call) => (call <= 3 ? { error } : 'takes'));
    const clock = fakeClock();
    const emitted = await createEmitter({ client: server.client, router: 'orders' }, clock).emit(days(150));
    expect(emitted).toEqual({ events: 150, signals: 2, attempts: 5, router: 'router/orders' });
    expect(server.taken).toEqual(days(150));
    expect(clock.slept).toEqual([150, 300, 600]);
  });

  test('is waited for longer and longer, but never more than 5 s, and differently by each sender', async () => {
    const waits = async (random: number): Promise<number[]> => {
      const server = fakeServer((call) => (call <= 12 ? { error: AWAY } : 'takes'));
      const clock = fakeClock(random);
      await createEmitter({ client: server.client, router: 'orders' }, clock).emit(fares(0));
      return clock.slept;
    };
    const [early, late] = [await waits(0), await waits(0.999)];
    expect(early.slice(0, 3)).toEqual([100, 200, 400]);
    expect(Math.max(...early)).toBe(2_500);
    expect(Math.max(...late)).toBeLessThanOrEqual(5_000);
    expect(late.every((wait, at) => wait > (early[at] ?? 0))).toBe(true);
  });

  test('ends with a report when the timeout is over, and no call may outlast it', async () => {
    const server = fakeServer((call) => (call <= 1 ? 'takes' : { error: AWAY, taken: call === 2 }));
    const clock = fakeClock();
    const end = clock.now() + 30_000;
    const emitter = createEmitter({ client: server.client, router: 'orders', timeout: 30_000 }, clock);
    const failure = await failureOf(emitter.emit(days(350)));
    expect(failure).toMatchObject({
      reason: 'timeout',
      router: 'router/orders',
      attempts: server.calls.length,
      sent: days(350).slice(0, 100),
      uncertain: days(350).slice(100, 200),
      unsent: days(350).slice(200),
      cause: AWAY,
    });
    expect(failure.message).toContain('100 were sent, 100 may have been sent and 150 were not');
    expect(failure.message).toContain(
      'within 30 s: the server cannot be reached (No connection established)',
    );
    expect(failure.message).toContain('Sending all of them again is safe');
    expect(clock.now()).toBeLessThan(end);
    for (const { deadline } of server.calls) expect(deadline).toBeLessThanOrEqual(end);
  });

  test('leaves nothing uncertain when the server itself refused every signal', async () => {
    const server = fakeServer(() => ({ error: LIMIT }));
    const emitter = createEmitter({ client: server.client, router: 'orders' }, fakeClock());
    const failure = await failureOf(emitter.emit(fares(0), { timeout: 1_000 }));
    expect(failure).toMatchObject({ reason: 'timeout', sent: [], uncertain: [], unsent: [fares(0)] });
    expect(failure.message).toContain('start a Reefline worker');
  });

  test('gives up 5 minutes after the call when nobody says otherwise', async () => {
    const server = fakeServer(() => ({ error: AWAY }));
    const clock = fakeClock();
    const from = clock.now();
    await failureOf(createEmitter({ client: server.client, router: 'orders' }, clock).emit(fares(0)));
    expect(clock.now() - from).toBeGreaterThan(290_000);
    expect(clock.now() - from).toBeLessThanOrEqual(300_000);
  });
});

describe('what does not pass', () => {
  test.each([
    ['permission', grpcError(7, 'Request unauthorized.'), 'Request unauthorized. Give the client'],
    ['credentials', grpcError(16, 'token expired'), 'valid API key or certificate'],
    ['size', grpcError(3, 'Blob data size exceeds limit.'), 'send smaller events'],
    [
      'more than gRPC takes',
      grpcError(8, 'grpc: received message larger than max (5 vs. 4)'),
      'larger than max',
    ],
    ['no Temporal server', grpcError(12, 'unknown service'), 'Check that the address'],
    [
      'a closed connection',
      new Error('x', { cause: new Error('Channel has been shut down') }),
      'has been shut down',
    ],
  ])('ends at once with the cure: %s', async (_name, error, text) => {
    const server = fakeServer((call) => (call === 1 ? 'takes' : { error }));
    const clock = fakeClock();
    const emitting = createEmitter({ client: server.client, router: 'orders' }, clock).emit(days(250));
    const failure = await failureOf(emitting);
    expect(failure).toMatchObject({ reason: 'refused', attempts: 2, uncertain: [] });
    expect(failure.sent).toHaveLength(100);
    expect(failure.unsent).toHaveLength(150);
    expect(failure.message).toContain(text);
    expect(clock.slept).toEqual([]);
  });

  test('leaves uncertain what an earlier lost answer may have been about', async () => {
    const answers: Answer[] = [{ error: AWAY, taken: true }, { error: grpcError(7, 'no') }];
    const server = fakeServer((call) => answers[call - 1] ?? 'takes');
    const emitter = createEmitter({ client: server.client, router: 'orders' }, fakeClock());
    const failure = await failureOf(emitter.emit(fares(0)));
    expect(failure).toMatchObject({ reason: 'refused', uncertain: [fares(0)], unsent: [] });
  });

  test('a router that the server ended with its history may have lost what was sent', async () => {
    const ended = grpcError(3, 'Workflow history size exceeds limit.');
    const server = fakeServer((call) => (call === 1 ? 'takes' : { error: ended }));
    const emitter = createEmitter({ client: server.client, router: 'orders' }, fakeClock());
    const failure = await failureOf(emitter.emit(days(250)));
    expect(failure.sent).toEqual([]);
    expect(failure.uncertain).toEqual(days(250).slice(0, 100));
    expect(failure.unsent).toEqual(days(250).slice(100));
    expect(failure.message).toContain('those of other senders too');
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createEmitter, EmitFailure, type OutgoingEvent } from '../../client/index.ts';
import { days, failureOf, fares } from '../support/emitting.ts';
import { fakeClock, fakeServer, grpcError, type Answer, type FakeServer } from '../support/fake-router.ts';

const LIMIT = grpcError(3, 'exceeded workflow execution limit for signal events');
const AWAY = grpcError(14, 'No connection established.');

describe('an abort', () => {
  const abortedBy = async (
    server: (stop: AbortController) => FakeServer,
  ): Promise<{ failure: EmitFailure; calls: number }> => {
    const stop = new AbortController();
    const made = server(stop);
    const emitter = createEmitter({ client: made.client, router: 'orders' }, fakeClock());
    const failure = await failureOf(emitter.emit(days(250), { signal: stop.signal }));
    expect(failure.reason).toBe('aborted');
    return { failure, calls: made.calls.length };
  };

  test('before the call sends nothing', async () => {
    const { failure, calls } = await abortedBy((stop) => {
      stop.abort();
      return fakeServer(() => 'takes');
    });
    expect(calls).toBe(0);
    expect(failure.unsent).toEqual(days(250));
  });

  test('ends a call that hangs, whose events are uncertain', async () => {
    const { failure } = await abortedBy((stop) =>
      fakeServer((call) => {
        if (call === 1) return 'takes';
        setImmediate(() => stop.abort());
        return new Promise<Answer>(() => undefined);
      }),
    );
    expect(failure.sent).toHaveLength(100);
    expect(failure.uncertain).toHaveLength(100);
    expect(failure.unsent).toHaveLength(50);
  });

  test('between two attempts ends the waiting', async () => {
    const stop = new AbortController();
    const server = fakeServer(() => ({ error: LIMIT }));
    const clock = { ...fakeClock(), sleep: async () => stop.abort() };
    const emitter = createEmitter({ client: server.client, router: 'orders' }, clock);
    const failure = await failureOf(emitter.emit(days(250), { signal: stop.signal }));
    expect(failure).toMatchObject({ reason: 'aborted', attempts: 1, sent: [], uncertain: [] });
  });

  test('leaves no listener behind, however often a signal is used', async () => {
    const stop = new AbortController();
    let listening = 0;
    const { signal } = stop;
    const counted = new Proxy(signal, {
      get: (target, name) => {
        if (name === 'addEventListener') listening += 1;
        if (name === 'removeEventListener') listening -= 1;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const { client } = fakeServer(() => 'takes');
    await createEmitter({ client, router: 'orders' }).emit(days(300), { signal: counted });
    expect(listening).toBe(0);
  });
});

describe('a router whose events no worker takes', () => {
  const large = Array.from({ length: 320 }, (_, at) => fares(at, { error: 'x'.repeat(19_000) }));

  test('is left to work before the server would end it, and then gets the rest', async () => {
    const sizes = [20, 30, 17, 3].map((megabytes) => megabytes * 1024 * 1024);
    const server = fakeServer(
      () => 'takes',
      () => sizes.shift() ?? 1_000,
    );
    const clock = fakeClock();
    await createEmitter({ client: server.client, router: 'orders' }, clock).emit(large);
    expect(clock.slept).toEqual([150, 300, 600]);
    expect(server.taken).toEqual(large);
  });

  test('is reported with the cure when it stays so', async () => {
    const server = fakeServer(
      () => 'takes',
      () => 20_000_000,
    );
    const emitter = createEmitter({ client: server.client, router: 'orders' }, fakeClock());
    const failure = await failureOf(emitter.emit(large));
    expect(failure.reason).toBe('timeout');
    expect(failure.uncertain).toEqual([]);
    expect(failure.message).toContain('the router holds 20 MB that no worker has taken');
    expect(server.taken).toEqual(failure.sent);
  });

  test('is not asked for by small emits', async () => {
    const server = fakeServer(
      () => 'takes',
      () => {
        throw new Error('asked');
      },
    );
    await createEmitter({ client: server.client, router: 'orders' }).emit(days(1_000));
    expect(server.taken).toHaveLength(1_000);
  });
});

describe('whatever the server does', () => {
  const anAnswer = fc.oneof(
    { weight: 5, arbitrary: fc.constant<Answer>('takes') },
    { weight: 2, arbitrary: fc.boolean().map((taken): Answer => ({ error: AWAY, taken })) },
    { weight: 1, arbitrary: fc.constant<Answer>({ error: LIMIT }) },
    { weight: 1, arbitrary: fc.constant<Answer>({ error: grpcError(7, 'no') }) },
  );

  test('the report is true', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 900 }),
        fc.array(anAnswer, { maxLength: 40 }),
        fc.integer({ min: 1, max: 5_000 }),
        async (count, answers, timeout) => {
          const server = fakeServer((call) => answers[call - 1] ?? 'takes');
          const emitter = createEmitter({ client: server.client, router: 'orders', timeout }, fakeClock());
          const events = days(count);
          const outcome = await emitter.emit(events).catch((error: unknown) => error);
          const taken = new Set(server.taken.map((event) => JSON.stringify(event)));
          const has = (event: OutgoingEvent): boolean => taken.has(JSON.stringify(event));
          if (outcome instanceof EmitFailure) {
            expect([...outcome.sent, ...outcome.uncertain, ...outcome.unsent]).toEqual(events);
            expect(outcome.sent.every(has)).toBe(true);
            expect(outcome.unsent.some(has)).toBe(false);
          } else {
            expect(events.every(has)).toBe(true);
          }
        },
      ),
    );
  });
});

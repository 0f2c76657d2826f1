import { describe, expect, test } from '@jest/globals';
import { untilReachable } from '../../workers/until-reachable.ts';

function failingTimes(times: number): { connect: () => Promise<string>; calls: () => number } {
  let calls = 0;
  return {
    connect: () => {
      calls += 1;
      return calls > times
        ? Promise.resolve('connected')
        : Promise.reject(new Error('connect ECONNREFUSED.'));
    },
    calls: () => calls,
  };
}

describe('a server that cannot be reached', () => {
  test('is asked again, and each failure names it, the reason and the cure', async () => {
    const said: string[] = [];
    const { connect, calls } = failingTimes(1);
    await expect(
      untilReachable('The catalog at db:5432/reefline', connect, (line) => said.push(line)),
    ).resolves.toBe('connected');
    expect(calls()).toBe(2);
    expect(said).toEqual([
      'The catalog at db:5432/reefline cannot be reached: connect ECONNREFUSED. Start it or correct its address; trying again in 0.5 s.',
      'The catalog at db:5432/reefline answers.',
    ]);
  });

  test('nothing is said when it answers at once', async () => {
    const said: string[] = [];
    await untilReachable('it', failingTimes(0).connect, (line) => said.push(line));
    expect(said).toEqual([]);
  });

  test('all addresses that were tried are named', async () => {
    const stop = new AbortController();
    const said: string[] = [];
    const connect = (): Promise<never> =>
      Promise.reject(new AggregateError([new Error('::1 refused'), new Error('127.0.0.1 refused')]));
    const waiting = untilReachable(
      'it',
      connect,
      (line) => {
        said.push(line);
        stop.abort();
      },
      stop.signal,
    );
    await expect(waiting).rejects.toThrow('it cannot be reached: ::1 refused; 127.0.0.1 refused');
    expect(said.join()).toContain('::1 refused; 127.0.0.1 refused');
  });

  test('an interrupted worker stops waiting', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(untilReachable('it', failingTimes(9).connect, () => undefined, stop.signal)).rejects.toThrow(
      'it cannot be reached: connect ECONNREFUSED',
    );
  });
});

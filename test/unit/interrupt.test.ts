import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { interruptedBy } from '../../local/interrupt.ts';

const ENDLESS =
  'SELECT count(*) FROM range(10000000000) a, range(10000000000) b WHERE a.range * b.range + 1 <> 0';

let instance: DuckDBInstance;
let duckdb: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  duckdb = await instance.connect();
});
afterAll(() => {
  duckdb.closeSync();
  instance.closeSync();
});

describe('a statement of a stand-in', () => {
  test.each([
    ['before its thread has begun it', 0],
    ['while it runs', 100],
  ])('ends when it is cancelled %s', async (_, delay) => {
    const stop = new AbortController();
    const running = interruptedBy(stop.signal, duckdb, () => duckdb.run(ENDLESS));
    if (delay > 0) await sleep(delay);
    stop.abort();
    await expect(running).rejects.toThrow(/interrupt/i);
  });

  test('does not begin when it was cancelled before', async () => {
    const work = interruptedBy(AbortSignal.abort(new Error('cancelled')), duckdb, () => duckdb.run(ENDLESS));
    await expect(work).rejects.toThrow('cancelled');
  });

  test('leaves the connection free for the next one', async () => {
    const stop = new AbortController();
    const rows = await interruptedBy(stop.signal, duckdb, () => duckdb.runAndReadAll('SELECT 42'));
    stop.abort();
    expect(rows.getRows()).toEqual([[42]]);
    expect((await duckdb.runAndReadAll('SELECT 43')).getRows()).toEqual([[43]]);
  });
});

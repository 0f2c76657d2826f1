import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { L8, L9, tableUnderTest } from '../support/loaded-table.ts';
import { openTestWarehouse, toolsOf, type TestWarehouse } from '../support/warehouse.ts';

let warehouse: TestWarehouse;
beforeAll(async () => {
  warehouse = await openTestWarehouse('load_interrupted');
});
afterAll(() => warehouse.close());

describe('a run that is killed', () => {
  test('between submitting and the heartbeat attaches to the same statement', async () => {
    const table = tableUnderTest(warehouse, 'killed_before_heartbeat', 'append');
    await table.put(L9, 1, undefined);
    const uri = await table.stage(L8, 1, "(1::BIGINT, 'a')");
    await warehouse.query('BEGIN; LOCK TABLE analytics.killed_before_heartbeat IN EXCLUSIVE MODE');
    let submitted: string[] = [];
    const first = {
      ...toolsOf(warehouse),
      heartbeat: (details: unknown) => {
        submitted = idsOf([details]);
        if (submitted.length > 0) throw new Error('killed');
      },
    };
    await expect(table.load(L8, 1, uri, first)).rejects.toThrow('killed');
    const second = toolsOf(warehouse);
    const resumed = table.load(L8, 1, uri, second, 2);
    await eventually(() => {
      expect(idsOf(second.heartbeats)).toHaveLength(1);
    });
    await warehouse.query('COMMIT');
    await expect(resumed).resolves.toMatchObject({ rows: 1 });
    expect(submitted).toHaveLength(1);
    expect(idsOf(second.heartbeats)).toEqual(submitted);
    expect(await table.rows()).toEqual(['1 a 08h']);
  });

  test('after its statement committed, and before it could tell, returns what was committed', async () => {
    const table = tableUnderTest(warehouse, 'killed_after_commit', 'append');
    const uri = await table.stage(L8, 1, "(1::BIGINT, 'a'), (2, 'b')");
    const first = toolsOf(warehouse);
    const output = await table.load(L8, 1, uri, first);
    for (const lastHeartbeat of [undefined, first.heartbeats.at(-1), 'something else']) {
      await expect(table.load(L8, 1, uri, toolsOf(warehouse, { lastHeartbeat }), 2)).resolves.toEqual(output);
      await expect(table.load(L8, 1, uri, toolsOf(warehouse, { lastHeartbeat }), 1)).resolves.toEqual(output);
    }
    expect(await table.rows()).toEqual(['1 a 08h', '2 b 08h']);
    expect(await table.markers()).toEqual([{ timelabel: L8, revision: 1, rows: 2 }]);
  });

  test('while the statement runs leaves it running, and the next attempt waits for it', async () => {
    const table = tableUnderTest(warehouse, 'killed_while_running', 'append');
    await table.put(L9, 1, undefined);
    const uri = await table.stage(L8, 1, "(1::BIGINT, 'a')");
    await warehouse.query('BEGIN; LOCK TABLE analytics.killed_while_running IN EXCLUSIVE MODE');
    const first = toolsOf(warehouse);
    const abandoned = table.load(L8, 1, uri, first);
    await eventually(() => {
      expect(idsOf(first.heartbeats)).toHaveLength(1);
    });
    const second = toolsOf(warehouse, { lastHeartbeat: first.heartbeats.at(-1) });
    const resumed = table.load(L8, 1, uri, second, 2);
    await warehouse.query('COMMIT');
    await expect(resumed).resolves.toMatchObject({ rows: 1 });
    await abandoned;
    expect(idsOf(second.heartbeats)).toEqual(idsOf(first.heartbeats));
    expect(await table.rows()).toEqual(['1 a 08h']);
  });

  test('by a cancellation cancels the statement, and a later attempt submits another', async () => {
    const table = tableUnderTest(warehouse, 'cancelled', 'append');
    await table.put(L9, 1, undefined);
    const uri = await table.stage(L8, 1, "(1::BIGINT, 'a')");
    await warehouse.query('BEGIN; LOCK TABLE analytics.cancelled IN EXCLUSIVE MODE');
    const stop = new AbortController();
    const first = toolsOf(warehouse, { signal: stop.signal });
    const cancelled = table.load(L8, 1, uri, first);
    await eventually(() => {
      expect(idsOf(first.heartbeats)).toHaveLength(1);
    });
    stop.abort(new Error('the run was cancelled'));
    await expect(cancelled).rejects.toThrow('the run was cancelled');
    await warehouse.query('COMMIT');
    const second = toolsOf(warehouse, { lastHeartbeat: first.heartbeats.at(-1) });
    await expect(table.load(L8, 1, uri, second, 2)).resolves.toMatchObject({ rows: 1 });
    expect(await table.rows()).toEqual(['1 a 08h']);
  });
});

function idsOf(heartbeats: readonly unknown[]): string[] {
  const ids = heartbeats.flatMap((details) => {
    const id = (details as { id?: string } | null)?.id;
    return id === undefined ? [] : [id];
  });
  return [...new Set(ids)];
}

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { createS3Client } from '../../connectors/s3/client.ts';
import type { Column } from '../../pipeline/column.ts';
import { eventually } from '../support/eventually.ts';
import { COLUMNS, L8, L9, tableUnderTest } from '../support/loaded-table.ts';
import { openTestSnowflake, type TestSnowflake } from '../support/snowflake.ts';
import { toolsOf } from '../support/warehouse.ts';

let warehouse: TestSnowflake;
beforeAll(async () => {
  warehouse = await openTestSnowflake('sf_load');
});
afterAll(() => warehouse.close());

describe('a load into Snowflake', () => {
  test('append: a restated label replaces its own rows, and repetitions and older revisions change nothing', async () => {
    const table = tableUnderTest(warehouse, 'appended', 'append');
    const old = await table.stage(L8, 1, "(1::BIGINT, 'a'), (2, 'b'), (2, 'b')");
    const first = await table.load(L8, 1, old);
    expect(first).toMatchObject({ rows: 3, bytes: null, uri: null });
    await table.put(L9, 1, "(1::BIGINT, 'other hour')");
    await expect(table.put(L8, 2, "(1::BIGINT, 'A')")).resolves.toMatchObject({ rows: 1 });
    const restated = ['1 A 08h', '1 other hour 09h'];
    expect(await table.rows()).toEqual(restated);
    // Of revision 1 there is a marker of its own, so it tells its own figure.
    for (const attempt of [1, 2])
      await expect(table.load(L8, 1, old, toolsOf(warehouse), attempt)).resolves.toEqual(first);
    expect(await table.rows()).toEqual(restated);
    await expect(table.put(L8, 3, undefined)).resolves.toMatchObject({ rows: 0 });
    expect(await table.rows()).toEqual(['1 other hour 09h']);
    expect(await table.markers()).toEqual([
      { timelabel: L8, revision: 1, rows: 3 },
      { timelabel: L8, revision: 2, rows: 1 },
      { timelabel: L8, revision: 3, rows: 0 },
      { timelabel: L9, revision: 1, rows: 1 },
    ]);
  });

  test('two executions of one run and a run of another label, all at once, write each label once', async () => {
    const table = tableUnderTest(warehouse, 'at_once', 'append');
    const uri = await table.stage(L8, 1, "(1::BIGINT, 'a')");
    const other = await table.stage(L9, 1, "(2::BIGINT, 'b')");
    const runs = [table.load(L8, 1, uri), table.load(L8, 1, uri), table.load(L9, 1, other)];
    for (const output of await Promise.all(runs)) expect(output.rows).toBe(1);
    expect(await table.rows()).toEqual(['1 a 08h', '2 b 09h']);
  });

  test('replace: keeps the newest label only, and ignores an older label that comes late', async () => {
    const table = tableUnderTest(warehouse, 'replaced', 'replace');
    await table.put(L8, 1, "(1::BIGINT, 'a'), (2, 'b')");
    await expect(table.put(L9, 1, "(3::BIGINT, 'c')")).resolves.toMatchObject({ rows: 1 });
    await expect(table.put(L8, 2, "(1::BIGINT, 'late')")).resolves.toMatchObject({ rows: 0 });
    expect(await table.rows()).toEqual(['3 c 09h']);
    expect((await table.markers()).map((marker) => marker['rows'])).toEqual([2, 0, 1]);
  });

  test('merge: a row belongs to the newest label that brought its key, and rows from before count as older', async () => {
    const table = tableUnderTest(warehouse, 'merged', 'merge');
    await warehouse.query(
      `CREATE SCHEMA IF NOT EXISTS analytics; CREATE TABLE analytics.merged (id numeric(19,0), note text); INSERT INTO analytics.merged VALUES (1, 'before'), (9, 'before')`,
    );
    await table.put(L8, 1, "(1::BIGINT, 'a8'), (2, 'b8')");
    await table.put(L9, 1, "(2::BIGINT, 'b9'), (3, 'c9')");
    expect(await table.rows()).toEqual(['1 a8 08h', '2 b9 09h', '3 c9 09h', '9 before h']);
    await expect(table.put(L8, 2, "(2::BIGINT, 'late'), (4, 'd8')")).resolves.toMatchObject({ rows: 1 });
    expect(await table.rows()).toEqual(['2 b9 09h', '3 c9 09h', '4 d8 08h', '9 before h']);
  });

  test.each([
    ['duplicate', "(7::BIGINT, 'a'), (7, 'b'), (8, 'c')", /Key \(id\) = \(7\) appears 2 times/],
    ['missing', "(NULL::BIGINT, 'a'), (8, 'c')", /Key \(id\) = \(NULL\) is NULL/],
  ])(
    'merge: refuses a batch with a %s key and writes nothing; the repaired batch then loads',
    async (kind, values, message) => {
      const table = tableUnderTest(warehouse, `merged_${kind}`, 'merge');
      const bad = table.put(L8, 1, values);
      await expect(bad).rejects.toMatchObject({ failureClass: 'data_error', facts: { key: 'id' } });
      await expect(bad).rejects.toThrow(message);
      expect(await table.rows()).toEqual([]);
      await expect(table.put(L8, 1, "(8::BIGINT, 'good')")).resolves.toMatchObject({ rows: 1 });
      expect(await table.rows()).toEqual(['8 good 08h']);
    },
  );

  test('merge: deletes the rows of deleted keys, and never one that a newer label brought', async () => {
    const table = tableUnderTest(warehouse, 'merged_deletes', 'merge');
    await table.put(L8, 1, "(1::BIGINT, 'a8'), (2, 'b8'), (3, 'c8')");
    await table.put('20010105100000', 1, "(2::BIGINT, 'again')");
    const deleting = table.putDeleting(L9, "(4::BIGINT, 'd9')", '(1::BIGINT), (2)');
    await expect(deleting).resolves.toMatchObject({ rows: 1 });
    expect(await table.rows()).toEqual(['2 again 10h', '3 c8 08h', '4 d9 09h']);
  });

  test('a file that is missing is named, and the label loads once it is there', async () => {
    const table = tableUnderTest(warehouse, 'missing_object', 'append');
    const uri = await table.stage(L8, 1, "(1::BIGINT, 'a')");
    const Key = uri.replace(/^s3:\/\/[^/]+\//, '').replace('manifest.json', 'part-0.parquet');
    const client = createS3Client();
    await client.send(new DeleteObjectCommand({ Bucket: warehouse.bucket, Key }));
    client.destroy();
    const missing = table.load(L8, 1, uri);
    await expect(missing).rejects.toMatchObject({ failureClass: 'not_found' });
    await expect(missing).rejects.toThrow(/part-0\.parquet/);
    await table.stage(L8, 1, "(1::BIGINT, 'a')");
    await expect(table.load(L8, 1, uri)).resolves.toMatchObject({ rows: 1 });
  });

  test('a value that does not fit is reported with file, row and column, and nothing is loaded', async () => {
    const columns: readonly Column[] = [...COLUMNS, { name: 'ref', type: { kind: 'uuid' }, nullable: true }];
    const table = tableUnderTest(warehouse, 'rejected', 'append', columns);
    const select = `SELECT i::BIGINT AS id, 'n' AS note, repeat('x', CASE i WHEN 17 THEN 37 ELSE 1 END) AS ref FROM range(1, 30) AS r(i)`;
    await expect(table.put(L8, 1, select)).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { file: expect.stringContaining('part-0.parquet'), line: 17, column: 'REF' },
    });
    expect(await table.rows()).toEqual([]);
  });

  test('columns that were added at the source are added, and one that was retyped is refused with both types', async () => {
    const table = tableUnderTest(warehouse, 'changed', 'append');
    await table.put(L8, 1, "(1::BIGINT, 'a')");
    const amount = { kind: 'decimal', precision: 12, scale: 2 } as const;
    const wider: readonly Column[] = [...COLUMNS, { name: 'Amount due', type: amount, nullable: true }];
    const values = 'SELECT 2::BIGINT AS id, \'b\' AS note, 1.50::DECIMAL(12,2) AS "Amount due"';
    const output = await table.load(L9, 1, await table.stage(L9, 1, values, wider));
    expect(output.columns?.map((column) => column.name)).toEqual(['id', 'note', 'Amount due']);
    expect(
      await warehouse.query('SELECT id::int, "aMOUNT DUE"::text AS due FROM analytics.changed ORDER BY id'),
    ).toEqual([
      { id: 1, due: null },
      { id: 2, due: '1.50' },
    ]);
    const retyped: readonly Column[] = [
      { name: 'id', type: { kind: 'text' }, nullable: false },
      ...COLUMNS.slice(1),
    ];
    const load = table.load(L9, 2, await table.stage(L9, 2, "('x', 'b')", retyped));
    await expect(load).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { column: 'ID', from: 'NUMBER(19,0)', to: 'text' },
    });
  });
});

describe('a load into Snowflake that is killed', () => {
  test('after its query committed, and before it could tell, returns what was committed', async () => {
    const table = tableUnderTest(warehouse, 'killed_after_commit', 'append');
    const uri = await table.stage(L8, 1, "(1::BIGINT, 'a'), (2, 'b')");
    const first = toolsOf(warehouse);
    const output = await table.load(L8, 1, uri, first);
    for (const lastHeartbeat of [undefined, first.heartbeats.at(-1), 'something else'])
      for (const attempt of [1, 2])
        await expect(table.load(L8, 1, uri, toolsOf(warehouse, { lastHeartbeat }), attempt)).resolves.toEqual(
          output,
        );
    expect(await table.rows()).toEqual(['1 a 08h', '2 b 08h']);
    expect(await table.markers()).toEqual([{ timelabel: L8, revision: 1, rows: 2 }]);
  });

  test('before the heartbeat leaves a query that goes on, and the next attempt waits for its turn and finds it done', async () => {
    const table = tableUnderTest(warehouse, 'killed_before_heartbeat', 'append');
    await table.put(L9, 1, undefined);
    const uri = await table.stage(L8, 1, "(1::BIGINT, 'a')");
    await warehouse.query('BEGIN; LOCK TABLE analytics.killed_before_heartbeat IN EXCLUSIVE MODE');
    const first = {
      ...toolsOf(warehouse),
      heartbeat: (details: unknown) => {
        if (idsOf([details]).length > 0) throw new Error('killed');
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
    expect(await table.rows()).toEqual(['1 a 08h']);
    expect(await table.markers()).toHaveLength(2);
  });

  test('while its query runs leaves it running, and the next attempt attaches to it', async () => {
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
    await eventually(() => {
      expect(idsOf(second.heartbeats)).toHaveLength(1);
    });
    await warehouse.query('COMMIT');
    await expect(resumed).resolves.toMatchObject({ rows: 1 });
    await abandoned;
    expect(idsOf(second.heartbeats)).toEqual(idsOf(first.heartbeats));
    expect(await table.rows()).toEqual(['1 a 08h']);
  });

  test('by a cancellation cancels its query, and a later attempt submits another', async () => {
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
    expect(idsOf(second.heartbeats)).not.toEqual(idsOf(first.heartbeats));
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

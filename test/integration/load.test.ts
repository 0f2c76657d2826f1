import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { loadStage } from '../../activities/stages/load.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import type { Column } from '../../pipeline/column.ts';
import { COLUMNS, L8, L9, SOURCE, tableUnderTest } from '../support/loaded-table.ts';
import { openTestWarehouse, runOf, stage, toolsOf, type TestWarehouse } from '../support/warehouse.ts';

let warehouse: TestWarehouse;
beforeAll(async () => {
  warehouse = await openTestWarehouse('load');
});
afterAll(() => warehouse.close());

describe('append', () => {
  test('a restated label replaces its own rows and leaves the others', async () => {
    const table = tableUnderTest(warehouse, 'append_restated', 'append');
    await expect(table.put(L8, 1, "(1::BIGINT, 'a'), (2, 'b'), (2, 'b')")).resolves.toMatchObject({
      rows: 3,
      bytes: null,
      uri: null,
    });
    await table.put(L9, 1, "(1::BIGINT, 'other hour')");
    await expect(table.put(L8, 2, "(1::BIGINT, 'A')")).resolves.toMatchObject({ rows: 1 });
    expect(await table.rows()).toEqual(['1 A 08h', '1 other hour 09h']);
  });

  test('a run that is repeated after it committed changes nothing and returns the same figures', async () => {
    const table = tableUnderTest(warehouse, 'append_repeated', 'append');
    const uri = await table.stage(L8, 1, "(1::BIGINT, 'a'), (2, 'b')");
    const first = await table.load(L8, 1, uri);
    await warehouse.query('DELETE FROM analytics.append_repeated WHERE id = 2');
    for (const attempt of [1, 2])
      await expect(table.load(L8, 1, uri, toolsOf(warehouse), attempt)).resolves.toEqual(first);
    expect(await table.rows()).toEqual(['1 a 08h']);
    expect(await table.markers()).toHaveLength(1);
  });

  test('an older revision that comes late changes nothing', async () => {
    const table = tableUnderTest(warehouse, 'append_older', 'append');
    const old = await table.stage(L8, 1, "(1::BIGINT, 'old')");
    await table.put(L8, 2, "(1::BIGINT, 'new')");
    await expect(table.load(L8, 1, old)).resolves.toMatchObject({ rows: 1 });
    expect(await table.rows()).toEqual(['1 new 08h']);
  });

  test('an empty batch is a success that removes the rows of an earlier revision', async () => {
    const table = tableUnderTest(warehouse, 'append_empty', 'append');
    await expect(table.put(L9, 1, undefined)).resolves.toMatchObject({ rows: 0 });
    await table.put(L8, 1, "(1::BIGINT, 'a')");
    await expect(table.put(L8, 2, undefined)).resolves.toMatchObject({ rows: 0 });
    expect(await table.rows()).toEqual([]);
    expect(await table.markers()).toEqual([
      { timelabel: L8, revision: 1, rows: 1 },
      { timelabel: L8, revision: 2, rows: 0 },
      { timelabel: L9, revision: 1, rows: 0 },
    ]);
  });

  test('loads of the same label at once write it once, and loads of other labels do not disturb each other', async () => {
    const table = tableUnderTest(warehouse, 'append_at_once', 'append');
    const uri = await table.stage(L8, 1, "(1::BIGINT, 'a')");
    const other = await table.stage(L9, 1, "(2::BIGINT, 'b')");
    const runs = [table.load(L8, 1, uri), table.load(L8, 1, uri), table.load(L9, 1, other)];
    for (const output of await Promise.all(runs)) expect(output.rows).toBe(1);
    expect(await table.rows()).toEqual(['1 a 08h', '2 b 09h']);
  });
});

describe('replace', () => {
  test('keeps the newest label only, and ignores an older label that comes late', async () => {
    const table = tableUnderTest(warehouse, 'replaced', 'replace');
    await table.put(L8, 1, "(1::BIGINT, 'a'), (2, 'b')");
    await expect(table.put(L9, 1, "(3::BIGINT, 'c')")).resolves.toMatchObject({ rows: 1 });
    await expect(table.put(L8, 2, "(1::BIGINT, 'late')")).resolves.toMatchObject({ rows: 0 });
    expect(await table.rows()).toEqual(['3 c 09h']);
    expect((await table.markers()).map((marker) => marker['rows'])).toEqual([2, 0, 1]);
  });
});

describe('merge', () => {
  test('updates by key, and an older label does not overwrite what a newer one brought', async () => {
    const table = tableUnderTest(warehouse, 'merged', 'merge');
    await table.put(L8, 1, "(1::BIGINT, 'a8'), (2, 'b8')");
    await table.put(L9, 1, "(2::BIGINT, 'b9'), (3, 'c9')");
    expect(await table.rows()).toEqual(['1 a8 08h', '2 b9 09h', '3 c9 09h']);
    await expect(table.put(L8, 2, "(2::BIGINT, 'late'), (4, 'd8')")).resolves.toMatchObject({ rows: 1 });
    expect(await table.rows()).toEqual(['2 b9 09h', '3 c9 09h', '4 d8 08h']);
  });

  test.each([
    ['newest first', ['20010105100000', L9, L8]],
    ['newest in the middle', [L8, '20010105100000', L9]],
  ])('of rows that move to later labels is the source in the end, labels run %s', async (order, labels) => {
    const table = tableUnderTest(warehouse, `merged_moved_${order.length}`, 'merge');
    const source = new Map([
      [1, { label: L8, note: 'a' }],
      [2, { label: L8, note: 'b' }],
      [3, { label: L9, note: 'c' }],
    ]);
    const extract = async (label: string, revision: number) => {
      const rows = [...source].filter(([, row]) => row.label === label);
      const values = rows.map(([id, { note }]) => `(${String(id)}::BIGINT, '${note}')`).join(', ');
      await table.put(label, revision, values === '' ? undefined : values);
    };
    await extract(L9, 1);
    await extract(L8, 1);
    source.set(1, { label: L9, note: 'a, changed' });
    source.set(2, { label: '20010105100000', note: 'b, changed' });
    source.set(3, { label: '20010105100000', note: 'c, changed' });
    for (const label of labels) await extract(label, 2);
    expect(await table.rows()).toEqual(['1 a, changed 09h', '2 b, changed 10h', '3 c, changed 10h']);
  });

  test('takes over rows that were in the table before', async () => {
    const table = tableUnderTest(warehouse, 'merged_before', 'merge');
    await warehouse.query(
      `CREATE TABLE analytics.merged_before (id bigint, note varchar(20)); INSERT INTO analytics.merged_before VALUES (1, 'before'), (2, 'before')`,
    );
    await table.put(L8, 1, "(1::BIGINT, 'a')");
    expect(await table.rows()).toEqual(['1 a 08h', '2 before h']);
  });

  test.each([
    ['duplicate', "(7::BIGINT, 'a'), (7, 'b'), (8, 'c')", /Key \(id\) = \(7\) appears 2 times/],
    ['missing', "(NULL::BIGINT, 'a'), (8, 'c')", /Key \(id\) = \(NULL\) is NULL/],
  ])(
    'refuses a batch with a %s key, names it and writes nothing; the repaired batch then loads',
    async (kind, values, message) => {
      const table = tableUnderTest(warehouse, `merged_${kind}`, 'merge');
      await table.put(L8, 1, "(7::BIGINT, 'kept')");
      const bad = table.put(L8, 2, values);
      await expect(bad).rejects.toMatchObject({ failureClass: 'data_error', facts: { key: 'id' } });
      await expect(bad).rejects.toThrow(message);
      expect(await table.rows()).toEqual(['7 kept 08h']);
      await expect(table.put(L8, 2, "(8::BIGINT, 'good')")).resolves.toMatchObject({ rows: 1 });
      expect(await table.rows()).toEqual(['8 good 08h']);
    },
  );

  test('deletes the rows of deleted keys in any order of labels, and never one that a newer label brought', async () => {
    const table = tableUnderTest(warehouse, 'merged_deletes', 'merge');
    await warehouse.query(
      `CREATE TABLE analytics.merged_deletes (id bigint, note varchar(20)); INSERT INTO analytics.merged_deletes VALUES (9, 'before')`,
    );
    await table.put(L8, 1, "(1::BIGINT, 'a8'), (2, 'b8'), (3, 'c8')");
    await table.put('20010105100000', 1, "(2::BIGINT, 'again')");
    await expect(table.putDeleting(L9, "(4::BIGINT, 'd9')", '(1::BIGINT), (2), (9)')).resolves.toMatchObject({
      rows: 1,
    });
    expect(await table.rows()).toEqual(['2 again 10h', '3 c8 08h', '4 d9 09h']);
    await table.putDeleting('20010105110000', undefined, '(3::BIGINT), (4)');
    expect(await table.rows()).toEqual(['2 again 10h']);
  });

  test('of deleted keys is the only mode that takes them, with the key that they have', async () => {
    const appended = tableUnderTest(warehouse, 'append_deletes', 'append');
    const refused = appended.putDeleting(L8, undefined, '(1::BIGINT)');
    await expect(refused).rejects.toMatchObject({ failureClass: 'invalid_config' });
    await expect(refused).rejects.toThrow(/loads in mode append. Use mode merge with the key \[id\]/);
    const replaced = tableUnderTest(warehouse, 'replace_deletes', 'replace');
    await replaced.putDeleting(L8, "(2::BIGINT, 'b')", '(1::BIGINT)');
    expect(await replaced.rows()).toEqual(['2 b 08h']);
  });

  test('refuses a key that the batch does not have', async () => {
    const table = tableUnderTest(warehouse, 'merged_no_key', 'merge');
    const uri = await table.stage(L8, 1, "(1::BIGINT, 'a')");
    const run = runOf({
      work: { ...table.work, key: ['order_id'] },
      output: table.output,
      timelabel: L8,
      uri,
    });
    await expect(loadStage(run, toolsOf(warehouse))).rejects.toMatchObject({
      failureClass: 'invalid_config',
    });
  });
});

describe('bad input', () => {
  test('an object that is missing from a manifest is named, and the label loads once it is there', async () => {
    const table = tableUnderTest(warehouse, 'missing_object', 'append');
    const uri = await table.stage(L8, 1, "(1::BIGINT, 'a')");
    const client = createS3Client();
    await client.send(
      new DeleteObjectCommand({
        Bucket: warehouse.bucket,
        Key: uri.replace(/^s3:\/\/[^/]+\//, '').replace('manifest.json', 'part-0.parquet'),
      }),
    );
    client.destroy();
    const missing = table.load(L8, 1, uri);
    await expect(missing).rejects.toMatchObject({ failureClass: 'not_found' });
    await expect(missing).rejects.toThrow(/part-0\.parquet/);
    await table.stage(L8, 1, "(1::BIGINT, 'a')");
    await expect(table.load(L8, 1, uri)).resolves.toMatchObject({ rows: 1 });
  });

  test('a value that COPY rejects is reported with file, line, column and reason, and nothing is loaded', async () => {
    const table = tableUnderTest(warehouse, 'rejected_value', 'append');
    const dataset = `${SOURCE}.rejected_value`;
    const select = `SELECT CASE WHEN i = 17 THEN 'seventeen' ELSE i::VARCHAR END AS id, 'n' AS note FROM range(1, 30) AS r(i)`;
    const uri = await stage(warehouse.bucket, dataset, {
      timelabel: L8,
      revision: 1,
      columns: COLUMNS,
      select,
      format: 'csv',
    });
    const rejected = table.load(L8, 1, uri);
    await expect(rejected).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: {
        file: expect.stringContaining('part-0.csv'),
        line: 17,
        column: 'id',
        reason: expect.stringMatching(/\S/),
      },
    });
    await expect(rejected).rejects.toThrow(/part-0\.csv, line 17, column "id": .+ Value: "seventeen"/);
    expect(await table.rows()).toEqual([]);
  });

  test('a Parquet value that does not fit is reported with file and column', async () => {
    const columns: readonly Column[] = [...COLUMNS, { name: 'ref', type: { kind: 'uuid' }, nullable: true }];
    const table = tableUnderTest(warehouse, 'rejected_parquet', 'append', columns);
    const select = `SELECT i::BIGINT AS id, 'n' AS note, repeat('x', CASE i WHEN 17 THEN 37 ELSE 1 END) AS ref FROM range(1, 30) AS r(i)`;
    await expect(table.put(L8, 1, select)).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { file: expect.stringContaining('part-0.parquet'), column: 'ref' },
    });
    expect(await table.rows()).toEqual([]);
  });

  test('a column that was added at the source is added to the table', async () => {
    const table = tableUnderTest(warehouse, 'added_column', 'append');
    await table.put(L8, 1, "(1::BIGINT, 'a')");
    const wider: readonly Column[] = [
      ...COLUMNS,
      { name: 'amount', type: { kind: 'decimal', precision: 12, scale: 2 }, nullable: true },
    ];
    const uri = await table.stage(L9, 1, "(2::BIGINT, 'b', 1.50::DECIMAL(12,2))", wider);
    const output = await table.load(L9, 1, uri);
    expect(output.columns?.map((column) => column.name)).toEqual(['id', 'note', 'amount']);
    expect(
      await warehouse.query('SELECT id::int, amount::text FROM analytics.added_column ORDER BY id'),
    ).toEqual([
      { id: 1, amount: null },
      { id: 2, amount: '1.50' },
    ]);
  });

  test('a column that was retyped at the source is refused with both types', async () => {
    const table = tableUnderTest(warehouse, 'retyped_column', 'append');
    await table.put(L8, 1, "(1::BIGINT, 'a')");
    const retyped: readonly Column[] = [
      { name: 'id', type: { kind: 'text' }, nullable: false },
      ...COLUMNS.slice(1),
    ];
    const load = table.load(L9, 1, await table.stage(L9, 1, "('x', 'b')", retyped));
    await expect(load).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { column: 'id', from: 'bigint', to: 'text' },
    });
    expect(await table.rows()).toEqual(['1 a 08h']);
  });
});

test('every type arrives exactly', async () => {
  const columns: readonly Column[] = [
    { name: 'id', type: { kind: 'int64' }, nullable: false },
    { name: 'note', type: { kind: 'text' }, nullable: true },
    { name: 'd', type: { kind: 'decimal', precision: 38, scale: 10 }, nullable: true },
    { name: 'ts', type: { kind: 'timestamp', zoned: false }, nullable: true },
    { name: 'tz', type: { kind: 'timestamp', zoned: true }, nullable: true },
    { name: 'f', type: { kind: 'float64' }, nullable: true },
    { name: 'b', type: { kind: 'boolean' }, nullable: true },
    { name: 'day', type: { kind: 'date' }, nullable: true },
  ];
  const table = tableUnderTest(warehouse, 'types', 'append', columns);
  await table.put(
    L8,
    1,
    `SELECT 9223372036854775807::BIGINT AS id, E'é \\\\ "x"\\n,' AS note, '1234567890123456789012345678.0123456789'::DECIMAL(38,10) AS d,
       TIMESTAMP '2001-01-05 08:00:00.123456' AS ts, TIMESTAMPTZ '2001-01-05 08:00:00.654321+03' AS tz, 0.1::DOUBLE AS f, true AS b, DATE '2001-01-05' AS day`,
  );
  const [row] = await warehouse.query(
    `SELECT id::text, note, d::text, ts::text, (tz AT TIME ZONE 'UTC')::text AS tz, f::text, b, day::text FROM analytics.types`,
  );
  expect(row).toEqual({
    id: '9223372036854775807',
    note: 'é \\ "x"\n,',
    d: '1234567890123456789012345678.0123456789',
    ts: '2001-01-05 08:00:00.123456',
    tz: '2001-01-05 05:00:00.654321',
    f: '0.1',
    b: true,
    day: '2001-01-05',
  });
});

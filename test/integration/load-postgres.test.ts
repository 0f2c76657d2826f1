import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { extractStage } from '../../activities/stages/extract.ts';
import { loadStage } from '../../activities/stages/load.ts';
import type { StageOutput, StageTools } from '../../activities/stages/runner.ts';
import type { Column, ColumnType } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { LoadWork } from '../../pipeline/stage.ts';
import { AWKWARD_TYPES, PREPARE_TYPES } from '../support/awkward-postgres.ts';
import type { CellValue } from '../support/copy-rows.ts';
import { extractRun } from '../support/extract-run.ts';
import { freshBucket, freshDatabase, type FreshDatabase } from '../support/local-cloud.ts';
import { stageRows, type StagedRows } from '../support/staged-rows.ts';
import { runOf, stage, toolsOf } from '../support/warehouse.ts';

const L8 = '20010105080000';
const L9 = '20010105090000';
const L10 = '20010105100000';
const ID: Column = { name: 'id', type: { kind: 'int64' }, nullable: false };
const NOTE: Column = { name: 'note', type: { kind: 'text' }, nullable: true };

let database: FreshDatabase;
let bucket: string;
let client: pg.Client;
let tools: StageTools;

beforeAll(async () => {
  database = await freshDatabase('load_postgres');
  bucket = await freshBucket('load-postgres');
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const shop = { kind: 'postgres', url: database.url } as const;
  tools = toolsOf({ connections: { lake: { kind: 's3', bucket }, shop, analytics: shop } });
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

type Row = readonly [id: number, note: string | null];
type Batch = Partial<StagedRows> & {
  readonly gone?: readonly number[];
  readonly parts?: number;
  readonly csv?: 'gzip' | 'zstd';
};

/** A table of one test, loaded from rows that are staged for it. */
class Loaded {
  readonly output: string;
  readonly quoted: string;
  readonly #source: string;
  readonly #work: LoadWork;

  constructor(table: string, mode: LoadWork['mode'], key: readonly string[] = ['id'], schema = 'mart') {
    this.output = `analytics.${schema}.${table}`;
    this.quoted = [schema, table].map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
    this.#source = `lake.shop.${table}`;
    this.#work = { kind: 'load', from: this.#source, mode, key: mode === 'merge' ? key : [] };
  }

  async stage(timelabel: string, revision: number, rows: readonly Row[], batch: Batch = {}): Promise<string> {
    const { gone, ...staged } = batch;
    return stageRows(
      bucket,
      { dataset: this.#source, timelabel, revision },
      {
        columns: [ID, NOTE],
        rows: rows.map(([id, note]) => [BigInt(id), note]),
        ...staged,
        ...(gone === undefined ? {} : { deletes: { columns: [ID], rows: gone.map((id) => [BigInt(id)]) } }),
      },
    );
  }

  load(timelabel: string, revision: number, uri: string): Promise<StageOutput> {
    return loadStage(runOf({ work: this.#work, output: this.output, timelabel, revision, uri }), tools);
  }

  async put(
    timelabel: string,
    revision: number,
    rows: readonly Row[],
    batch: Batch = {},
  ): Promise<StageOutput> {
    return this.load(timelabel, revision, await this.stage(timelabel, revision, rows, batch));
  }

  async refused(
    timelabel: string,
    revision: number,
    rows: readonly Row[],
    batch: Batch = {},
  ): Promise<StageFailure> {
    const outcome = await this.put(timelabel, revision, rows, batch).catch((error: unknown) => error);
    if (outcome instanceof StageFailure) return outcome;
    throw new Error(`expected a StageFailure, got ${String(outcome)}`);
  }

  /** `id note hour` of every row. */
  async rows(): Promise<string[]> {
    const found = await client.query<{ row: string }>(
      `select concat_ws(' ', id, coalesce(note, 'NULL'), coalesce(substr(reefline_timelabel, 9, 2) || 'h', 'none')) as row from ${this.quoted} order by 1`,
    );
    return found.rows.map(({ row }) => row);
  }

  async markers(): Promise<string[]> {
    const found = await client.query<{ row: string }>(
      `select substr(timelabel, 9, 2) || 'h r' || revision || ' ' || rows as row from reefline.applied where dataset = $1 order by 1`,
      [this.output],
    );
    return found.rows.map(({ row }) => row);
  }
}

test('every value that can be staged comes back equal', async () => {
  const types = AWKWARD_TYPES.filter(({ declared }) => !declared.includes('generated'));
  const columns = types.map(({ declared }, at) => `c${String(at)} ${declared}`).join(', ');
  await client.query(PREPARE_TYPES);
  await client.query(`create table public.awkward (id int primary key, ${columns})`);
  let id = 0;
  for (const [at, { values, extremes }] of types.entries()) {
    const long = extremes?.['3 MB'];
    for (const value of [...Object.values(values), ...(long === undefined ? [] : [long])]) {
      id += 1;
      await client.query(`insert into public.awkward (id, c${String(at)}) values (${String(id)}, ${value})`);
    }
  }
  const { uri } = await extractStage(extractRun({ table: 'awkward', timelabel: L8 }), tools);
  const work: LoadWork = { kind: 'load', from: 'lake.shop.awkward', mode: 'append', key: [] };
  const loaded = await loadStage(
    runOf({ work, output: 'analytics.mart.awkward', timelabel: L8, uri }),
    tools,
  );
  expect(loaded.rows).toBe(id);
  const texts = types.map(({ text }, at) => text?.(`c${String(at)}`) ?? `c${String(at)}::text`).join(', ');
  const digests = await client.query<{ digest: string }>(
    ['public', 'mart']
      .map(
        (schema) =>
          `select md5(string_agg(md5(row(id, ${texts})::text), '' order by id)) as digest from ${schema}.awkward`,
      )
      .join(' union all '),
  );
  expect(digests.rows[0]?.digest).toBe(digests.rows[1]?.digest);
  expect(loaded.columns?.map(({ type }) => type.kind)).toEqual(
    expect.arrayContaining(['json', 'uuid', 'decimal', 'binary', 'timestamp']),
  );
}, 90_000);

describe('append', () => {
  test('a restated label replaces its own rows, an empty one removes them, and what is repeated or late changes nothing', async () => {
    const orders = new Loaded('appended', 'append');
    const first = await orders.put(
      L8,
      1,
      [
        [1, 'a'],
        [2, null],
        [1, 'a'],
      ],
      { parts: 2 },
    );
    await orders.put(L9, 1, [[3, 'c']]);
    expect(first.rows).toBe(3);
    expect((await orders.put(L8, 1, [[9, 'again']])).rows).toBe(3);
    expect(await orders.rows()).toEqual(['1 a 08h', '1 a 08h', '2 NULL 08h', '3 c 09h']);
    await orders.put(L8, 3, [[4, 'd']]);
    expect((await orders.put(L8, 2, [[9, 'late']])).rows).toBe(1);
    expect(await orders.rows()).toEqual(['3 c 09h', '4 d 08h']);
    expect((await orders.put(L9, 2, [])).rows).toBe(0);
    expect(await orders.rows()).toEqual(['4 d 08h']);
    expect(await orders.markers()).toEqual(['08h r1 3', '08h r3 1', '09h r1 1', '09h r2 0']);
  });

  test('a table that came without its markers keeps no row twice', async () => {
    const orders = new Loaded('restored', 'append');
    await orders.put(L8, 1, [[1, 'a']]);
    await orders.put(L9, 1, [[2, 'b']]);
    await client.query('delete from reefline.applied where dataset = $1', [orders.output]);
    await orders.put(L10, 1, [[3, 'c']]);
    await orders.put(L8, 1, [[1, 'a']]);
    expect(await orders.rows()).toEqual(['1 a 08h', '2 b 09h', '3 c 10h']);
    await client.query(`drop table ${orders.quoted}`);
    await orders.put(L9, 1, [[2, 'b']]);
    expect(await orders.rows()).toEqual(['2 b 09h']);
  });

  test('loads of labels at once write each once', async () => {
    const orders = new Loaded('at_once', 'append');
    const uris = await Promise.all([orders.stage(L8, 1, [[1, 'a']]), orders.stage(L9, 1, [[2, 'b']])]);
    await Promise.all([L8, L9, L8, L9, L8].map((label, at) => orders.load(label, 1, uris[at % 2] ?? '')));
    expect(await orders.rows()).toEqual(['1 a 08h', '2 b 09h']);
  });
});

test('replace keeps the newest label only, and ignores an older one that comes late', async () => {
  const orders = new Loaded('replaced', 'replace');
  await orders.put(L9, 1, [
    [1, 'a'],
    [2, 'b'],
  ]);
  expect((await orders.put(L8, 1, [[9, 'late']])).rows).toBe(0);
  expect(await orders.rows()).toEqual(['1 a 09h', '2 b 09h']);
  await orders.put(L10, 1, [[3, 'c']]);
  expect(await orders.rows()).toEqual(['3 c 10h']);
});

describe('merge', () => {
  test('updates by key, deletes the keys that are gone, and never overwrites what a newer label brought', async () => {
    const orders = new Loaded('merged', 'merge');
    await client.query(
      `create schema if not exists mart; create table ${orders.quoted} (id bigint primary key, note text)`,
    );
    await client.query(`insert into ${orders.quoted} values (1, 'before'), (7, 'before'), (8, 'before')`);
    expect(
      (
        await orders.put(L9, 1, [
          [1, 'a'],
          [2, 'b'],
          [3, 'c'],
        ])
      ).rows,
    ).toBe(3);
    expect(
      (
        await orders.put(
          L8,
          1,
          [
            [2, 'old'],
            [4, 'd'],
          ],
          { gone: [3, 8] },
        )
      ).rows,
    ).toBe(1);
    expect(await orders.rows()).toEqual(['1 a 09h', '2 b 09h', '3 c 09h', '4 d 08h', '7 before none']);
    await orders.put(L9, 2, [[2, 'B']], { gone: [4] });
    expect(await orders.rows()).toEqual(['2 B 09h', '7 before none']);
  });

  test('refuses a key that is twice in a batch, NULL or not there, names it and writes nothing', async () => {
    const orders = new Loaded('merged_badly', 'merge', ['note']);
    const twice = await orders.refused(L8, 1, [
      [1, 'x'],
      [2, 'x'],
      [3, 'y'],
    ]);
    expect(twice.failureClass).toBe('data_error');
    expect(twice.message).toContain('Key (note) = (x) appears 2 times in the batch of label 20010105080000');
    expect((await orders.refused(L8, 1, [[1, null]])).message).toContain('Key (note) = (NULL) is NULL');
    expect(await orders.rows()).toEqual([]);
    await orders.put(L8, 1, [[1, 'x']]);
    expect(await orders.rows()).toEqual(['1 x 08h']);
    const missing = await new Loaded('merged_badly', 'merge', ['nr']).refused(L9, 1, [[1, 'x']]);
    expect(missing).toMatchObject({ failureClass: 'invalid_config' });
    expect(missing.message).toContain('has no column "nr"');
    const indexless = await new Loaded('merged_badly', 'merge', ['id']).refused(L9, 1, [[1, 'x']]);
    expect(indexless.message).toContain('CREATE UNIQUE INDEX ON "mart"."merged_badly" ("id");');
  });
});

test('CSV files are appended, replaced and merged as Parquet files are, whatever stands in them', async () => {
  const awkward = 'a "b",\r\n\\N, \\\\.\n\\.\n';
  const rows: readonly Row[] = [awkward, '', null].map((note, at) => [at + 1, note]);
  const appended = new Loaded('csv_appended', 'append');
  await appended.put(L8, 1, rows, { parts: 2, csv: 'zstd' });
  expect((await appended.put(L8, 2, rows, { csv: 'gzip' })).rows).toBe(3);
  expect((await appended.put(L8, 2, [[9, 'again']], { csv: 'gzip' })).rows).toBe(3);
  expect(await appended.rows()).toEqual([`1 ${awkward} 08h`, '2  08h', '3 NULL 08h']);
  const replaced = new Loaded('csv_replaced', 'replace');
  await replaced.put(L8, 1, rows, { csv: 'zstd' });
  await replaced.put(L9, 1, [[3, 'c']], { csv: 'gzip' });
  expect(await replaced.rows()).toEqual(['3 c 09h']);
  const merged = new Loaded('csv_merged', 'merge');
  await merged.put(L8, 1, rows, { csv: 'zstd' });
  await merged.put(L9, 1, [[2, 'B']], { gone: [3], csv: 'zstd' });
  expect(await merged.rows()).toEqual([`1 ${awkward} 08h`, '2 B 09h']);
  await merged.put(L10, 1, [], { csv: 'gzip' });
  expect(await merged.markers()).toEqual(['08h r1 3', '09h r1 1', '10h r1 0']);
});

describe('the table', () => {
  const extended = (type: ColumnType): Pick<StagedRows, 'columns'> => ({
    columns: [ID, NOTE, { name: 'Große "x"', type, nullable: true }],
  });

  test('gets new columns, keeps dropped ones, and refuses a retyped one with both types', async () => {
    const orders = new Loaded('Order', 'append', [], 'select');
    await orders.put(L8, 1, [[1, 'a']]);
    const rows: CellValue[][] = [[2n, 'b', 7]];
    const wider = await orders.put(L9, 1, [], { ...extended({ kind: 'int32' }), rows });
    expect(wider.columns?.map(({ name }) => name)).toEqual(['id', 'note', 'Große "x"']);
    // A narrower type than the column's is no change of it.
    await orders.put(L10, 1, [], { ...extended({ kind: 'int16' }), rows });
    const { failureClass, message } = await orders.refused(L10, 2, [], {
      ...extended({ kind: 'int64' }),
      rows: [[3n, 'c', 7n]],
    });
    expect(failureClass).toBe('data_error');
    expect(message).toContain('"Große "x"" is integer there and int64 in the batch');
    expect(await orders.rows()).toEqual(['1 a 08h', '2 b 09h', '2 b 10h']);
  });

  test('keeps the label of fourteen characters that it was created with, and is appended, restated and merged', async () => {
    const orders = new Loaded('older', 'append');
    const merged = new Loaded('older', 'merge');
    await client.query(
      `create schema if not exists mart; create table ${orders.quoted} (id bigint primary key, note text, reefline_timelabel char(14))`,
    );
    await orders.put(L8, 1, [[1, 'a']]);
    await orders.put(L8, 2, [[2, 'b']]);
    await merged.put(L9, 1, [[2, 'c']]);
    await merged.put(L8, 3, [
      [2, 'late'],
      [3, 'd'],
    ]);
    expect(await orders.rows()).toEqual(['2 c 09h', '3 d 08h']);
  });

  test('refuses values by column, and a file of another writer by name, and stays as it was', async () => {
    const orders = new Loaded('strict', 'append');
    await client.query(
      `create schema if not exists mart; create table ${orders.quoted} (id bigint primary key, note varchar(3))`,
    );
    const long = await orders.refused(L8, 1, [
      [1, 'abc'],
      [2, 'abcd'],
    ]);
    expect(long.failureClass).toBe('data_error');
    expect(long.message).toContain('Column "note" of lake.shop.strict holds a text of 4 characters, "abcd"');
    const blank = await new Loaded('strict', 'merge').refused(L8, 1, [[1, 'abc ']], { csv: 'gzip' });
    expect(blank.message).toContain('"abc "');
    const foreign = await stage(bucket, 'lake.shop.strict', {
      timelabel: L9,
      revision: 1,
      columns: [ID, NOTE],
      select: "SELECT * FROM (VALUES (1::BIGINT, 'x'), (2::BIGINT, 'x')) AS v(id, note)",
    });
    const refused = await orders.load(L9, 1, foreign).catch((error: unknown) => error);
    expect(refused).toMatchObject({ failureClass: 'data_error' });
    expect((refused as Error).message).toMatch(
      /part-0\.parquet .*Reefline loads Parquet files that its own extracts wrote/u,
    );
    expect(await orders.rows()).toEqual([]);
    expect(await orders.markers()).toEqual([]);
  });
});

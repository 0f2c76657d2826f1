import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { extractStage } from '../../activities/stages/extract.ts';
import { loadStage } from '../../activities/stages/load.ts';
import type { StageOutput, StageTools } from '../../activities/stages/runner.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import { writeJson } from '../../connectors/s3/text-object.ts';
import { AWKWARD_TYPES, PREPARE_TYPES } from '../support/awkward-postgres.ts';
import { extractRun, readStaged } from '../support/extract-run.ts';
import { freshDatabase, type FreshDatabase } from '../support/local-cloud.ts';
import { openTestWarehouse, runOf, toolsOf, type TestWarehouse } from '../support/warehouse.ts';

const LABEL = '20010105080000';
const CSV = {
  'csv.zst': { format: 'csv', compression: 'zstd' },
  'csv.gz': { format: 'csv', compression: 'gzip' },
} as const;
type CsvName = keyof typeof CSV;

/** Values that CSV refuses, though other files hold them. */
const OUTSIDE_OF_CSV = new Set(['what COPY writes for NULL', 'empty']);

const TYPES = AWKWARD_TYPES.filter(({ declared }) => !declared.includes('generated'));
const NAMES = TYPES.map((_, at) => `c${String(at)}`);

let warehouse: TestWarehouse;
let database: FreshDatabase;
let shop: pg.Client;
let tools: StageTools;

beforeAll(async () => {
  warehouse = await openTestWarehouse('extract_csv');
  database = await freshDatabase('extract_csv_shop');
  shop = new pg.Client({ connectionString: database.url });
  await shop.connect();
  for (const ask of [(sql: string) => shop.query(sql), (sql: string) => warehouse.query(sql)])
    await ask("set timezone = 'UTC'");
  const given = toolsOf(warehouse);
  tools = {
    ...given,
    connection: (name) =>
      name === 'shop' ? { kind: 'postgres', url: database.url } : given.connection(name),
  };
  await fillAwkward();
});
afterAll(async () => {
  await shop.end();
  await database.drop();
  await warehouse.close();
});

/** A column for each type and a row for each value, in which the other columns are NULL. */
async function fillAwkward(): Promise<void> {
  const columns = TYPES.map(({ declared }, at) => `c${String(at)} ${declared}`).join(', ');
  await shop.query(PREPARE_TYPES);
  await shop.query(`create table awkward (id int generated always as identity primary key, ${columns})`);
  for (const [at, { values, extremes = {} }] of TYPES.entries()) {
    for (const [name, value] of Object.entries({ ...values, ...only(extremes, '3 MB') })) {
      if (OUTSIDE_OF_CSV.has(name)) continue;
      await shop.query(`insert into awkward (c${String(at)}) values (${value})`);
    }
  }
  // What no column of the warehouse is wide enough for.
  const text = `c${String(TYPES.findIndex(({ declared }) => declared === 'text'))}`;
  await shop.query(
    `create view narrow as select * from awkward where coalesce(octet_length(${text}), 0) <= 65535`,
  );
}

function only(values: Readonly<Record<string, string>>, wanted: string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => name === wanted));
}

async function extract(table: string, name: CsvName): Promise<StageOutput> {
  const { format, compression } = CSV[name];
  return extractStage(extractRun({ table, timelabel: LABEL, work: { format, compression } }), tools);
}

/** A value as a text that is spelled alike wherever it lies. */
function textOf(column: string, declared: string | undefined): string {
  if (declared === 'bytea') return `encode(${column}, 'hex')`;
  return declared === 'char(5)' ? `rpad(${column}::text, 5)` : `${column}::text`;
}

async function sourceRows(table: string): Promise<unknown[]> {
  const { rows } = await shop.query({
    text: `select id::text, ${NAMES.map((column, at) => textOf(column, TYPES[at]?.declared)).join(', ')}
             from ${table} t order by t.id`,
    rowMode: 'array',
  });
  return rows as unknown[];
}

/** Rows by a digest, so that a message does not show 3 MB of text. */
function brief(rows: readonly unknown[]): string[] {
  return rows.map((row) => JSON.stringify(row).slice(0, 300) + String(JSON.stringify(row).length));
}

describe('An extract into CSV', () => {
  test.each<CsvName>(['csv.zst', 'csv.gz'])('as %s is loaded into PostgreSQL unchanged', async (name) => {
    const { uri, rows: count } = await extract('awkward', name);
    const s3 = createS3Client();
    const { manifest, files } = await readStaged(s3, uri);
    s3.destroy();
    const table = `loaded_${CSV[name].compression}`;
    const work = { kind: 'load', from: 'lake.shop.awkward', mode: 'append', key: [] } as const;
    const run = runOf({ work, output: `shop.mart.${table}`, timelabel: LABEL, uri });
    expect((await loadStage(run, tools)).rows).toBe(count);
    const expected = await sourceRows('awkward');
    expect(expected.length).toBeGreaterThan(35);
    expect(brief(await sourceRows(`mart.${table}`))).toEqual(brief(expected));
    expect(manifest.entries.map(({ url }) => url.slice(url.lastIndexOf('/')))).toEqual([
      `/part-00000.${name}`,
    ]);
    expect(manifest.entries.map(({ meta }) => meta.crc32)).toEqual(
      files.map((file) => crc32(file).toString(16).padStart(8, '0')),
    );
    expect(manifest.reefline).toMatchObject({ format: 'csv', compression: CSV[name].compression });
  });

  test.each<CsvName>(['csv.zst', 'csv.gz'])('as %s is loaded into Redshift unchanged', async (name) => {
    const { uri, rows: count } = await extract('narrow', name);
    const table = `loaded_${CSV[name].compression}`;
    const output = `warehouse.analytics.${table}`;
    const work = { kind: 'load', from: 'lake.shop.narrow', mode: 'append', key: [] } as const;
    const loaded = await loadStage(runOf({ work, output, timelabel: LABEL, uri }), tools);
    const selected = NAMES.map((column, at) => `${textOf(column, TYPES[at]?.declared)} as ${column}`);
    const rows = await warehouse.query(
      `select id::text as id, ${selected.join(', ')} from analytics.${table} order by ${table}.id`,
    );
    expect(loaded.rows).toBe(count);
    expect(brief(rows.map((row) => Object.values(row)))).toEqual(brief(await sourceRows('narrow')));
  });

  test('refuses, with the column, a text that stands for NULL in the files', async () => {
    await shop.query(`create view backslashed as select 1 as id, E'\\\\N' as note`);
    await expect(extract('backslashed', 'csv.zst')).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { table: 'shop.public.backslashed', column: 'note' },
    });
  });
});

test('a load into PostgreSQL of CSV that fits neither the table nor its manifest is refused, and writes nothing', async () => {
  await shop.query(
    `create view strict as select 1 as id, E'a\\nb' as note; create schema if not exists mart; create table mart.strict (id int, note varchar(2))`,
  );
  const uri = (await extract('strict', 'csv.gz')).uri ?? '';
  const s3 = createS3Client();
  const { manifest } = await readStaged(s3, uri);
  const { entries, reefline } = manifest;
  const [id, ...others] = reefline.columns;
  const work = { kind: 'load', from: 'lake.shop.strict', mode: 'append', key: [] } as const;
  for (const [reason, body] of Object.entries({
    'Column "note" of lake.shop.strict holds a text of 3 characters, "a\\nb"': manifest,
    checksum: {
      reefline,
      entries: entries.map((entry) => ({ ...entry, meta: { ...entry.meta, crc32: '00000000' } })),
    },
    'missing data': {
      entries,
      reefline: { ...reefline, columns: [id, ...others, { ...others[0], name: 'more' }] },
    },
    'extra data': { entries, reefline: { ...reefline, columns: [id] } },
    damaged: { entries, reefline: { ...reefline, compression: 'zstd' } },
  })) {
    await writeJson(s3, uri, body, 'the manifest');
    const refused = loadStage(runOf({ work, output: 'shop.mart.strict', timelabel: LABEL, uri }), tools);
    await expect(refused).rejects.toMatchObject({
      failureClass: 'data_error',
      message: expect.stringContaining(reason),
    });
    await shop.query('alter table mart.strict alter note type text');
  }
  s3.destroy();
  const { rows } = await shop.query(
    `select count(*)::int as rows, (select count(*)::int from reefline.applied where dataset = 'shop.mart.strict') as markers from mart.strict`,
  );
  expect(rows).toEqual([{ rows: 0, markers: 0 }]);
});

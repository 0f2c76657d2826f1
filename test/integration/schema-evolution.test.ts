import pg from 'pg';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { extractStage } from '../../activities/stages/extract.ts';
import { loadStage } from '../../activities/stages/load.ts';
import { publishStage } from '../../activities/stages/publish.ts';
import { registerStage } from '../../activities/stages/register.ts';
import type { StageTools } from '../../activities/stages/runner.ts';
import { describeType, type Column } from '../../pipeline/column.ts';
import { openTestAthena, type TestAthena } from '../support/athena.ts';
import { extractRun } from '../support/extract-run.ts';
import { freshDatabase, type FreshDatabase } from '../support/local-cloud.ts';
import { openTestSnowflake, type TestSnowflake } from '../support/snowflake.ts';
import { labelOf, openTestWarehouse, runOf, toolsOf, type TestWarehouse } from '../support/warehouse.ts';

/* One table whose columns change from label to label, on the whole way: files, Glue and Athena, Redshift, Snowflake, PostgreSQL. */

let warehouse: TestWarehouse;
let athena: TestAthena;
let snowflake: TestSnowflake;
let database: FreshDatabase;
let shop: pg.Client;
let tools: StageTools;

beforeAll(async () => {
  warehouse = await openTestWarehouse('evolution');
  athena = await openTestAthena('evolution');
  snowflake = await openTestSnowflake('evolution');
  database = await freshDatabase('evolution_shop');
  shop = new pg.Client({ connectionString: database.url });
  await shop.connect();
  const given = toolsOf(warehouse);
  tools = {
    ...given,
    connection: (name) => {
      if (name === 'shop' || name === 'serving') return { kind: 'postgres', url: database.url };
      // Snowflake may read the bucket of its integration only.
      if (name === 'lake') return { kind: 's3', bucket: snowflake.bucket };
      if (name === 'snow') return snowflake.connection;
      return name === 'catalog' ? { kind: 'glue' } : given.connection(name);
    },
  };
});
afterAll(async () => {
  athena.close();
  await snowflake.close();
  await shop.end();
  await database.drop();
  await warehouse.close();
});

const STAGED = 'lake.shop.evolving';
const STAGED_CSV = 'lake.shop.evolving_csv';
const WAREHOUSED = 'warehouse.analytics.evolving';
const LOAD = { kind: 'load', from: STAGED, mode: 'append', key: [] } as const;
const labelAt = (hour: number): string => `2001010508${String(hour).padStart(2, '0')}00`;

let known: readonly Column[] | undefined;
const uris: string[] = [];
const csvUris: string[] = [];

const shown = (columns: readonly Column[] | null | undefined): string =>
  (columns ?? []).map(({ name, type }) => `${name} ${describeType(type)}`).join(', ');

/** Extracts what is in the table now, as the next label. */
async function extract(): Promise<string> {
  const timelabel = labelAt(uris.length);
  const run = extractRun({
    table: 'evolving',
    timelabel,
    ...(known === undefined ? {} : { knownColumns: known }),
  });
  const output = await extractStage(run, tools);
  known = output.columns ?? [];
  uris.push(output.uri ?? '');
  const work = { from: 'shop.public.evolving', format: 'csv', compression: 'zstd' } as const;
  const { uri } = await extractStage(extractRun({ table: 'evolving_csv', timelabel, work }), tools);
  csvUris.push(uri ?? '');
  return shown(output.columns);
}

/** The newest label. */
function newest(): { readonly timelabel: string; readonly uri: string | null } {
  return { timelabel: labelAt(uris.length - 1), uri: uris.at(-1) ?? null };
}

async function register(): Promise<string> {
  const work = { kind: 'register', from: STAGED } as const;
  return shown(
    (await registerStage(runOf({ work, output: `catalog.${athena.raw}.evolving`, ...newest() }), tools))
      .columns,
  );
}

async function load(): Promise<string> {
  return shown((await loadStage(runOf({ work: LOAD, output: WAREHOUSED, ...newest() }), tools)).columns);
}

async function publish(): Promise<string> {
  const work = { kind: 'publish', from: WAREHOUSED, key: ['id'], rows: 'all' } as const;
  return shown(
    (await publishStage(runOf({ work, output: 'serving.app.evolving', ...newest() }), tools)).columns,
  );
}

/** The statements that a refusal tells to run. */
async function cureOf(refused: Promise<unknown>): Promise<string> {
  const error: unknown = await refused.catch((caught: unknown) => caught);
  expect(error).toMatchObject({ failureClass: 'data_error', facts: { column: 'id' } });
  return /ALTER TABLE.*;/.exec(error instanceof Error ? error.message : '')?.[0] ?? '';
}

test('files and catalog follow a source, tables follow what adds, and the rest is refused with a cure that works', async () => {
  await shop.query('create table evolving (id int primary key, price numeric(8,2), note text)');
  await shop.query("insert into evolving values (1, 1.10, 'one')");
  const first = 'id int32, price decimal(8,2), note text';
  expect(await extract()).toBe(first);
  expect(await register()).toBe(first);
  expect(await load()).toBe(first);
  expect(await publish()).toBe(first);

  // A column is added and another one renamed: the old name stays where it is.
  await shop.query(
    'alter table evolving add column "Größe" text; alter table evolving rename note to remark',
  );
  await shop.query("truncate evolving; insert into evolving values (2, 2.20, 'two', 'XL')");
  expect(await extract()).toBe('id int32, price decimal(8,2), remark text, Größe text');
  expect(await register()).toBe(`${first}, remark text, größe text`);
  expect(await load()).toBe(`${first}, remark text, größe text`);
  expect(await publish()).toBe(`${first}, remark text, größe text`);

  // An integer becomes wider: files and catalog follow, tables are widened by those who own them.
  await shop.query('alter table evolving alter id type bigint');
  await shop.query("truncate evolving; insert into evolving values (9007199254740993, 3.30, 'three', null)");
  expect(await extract()).toMatch(/^id int64, /);
  expect(await register()).toMatch(/^id int64, /);
  await warehouse.query(await cureOf(load()));
  expect(await load()).toContain('id int64');
  await shop.query(await cureOf(publish()));
  expect(await publish()).toContain('id int64');

  // Narrower again, and in another order.
  await shop.query('drop table evolving; create table evolving (remark text, id int)');
  await shop.query("insert into evolving values ('four', 4)");
  expect(await extract()).toBe('remark text, id int32');
  expect(await register()).toMatch(/^id int64, /);
  expect(await load()).toContain('id int64');
  await publish();

  const rows = [
    ['1', '1.10', 'one', null, null],
    ['2', '2.20', null, 'two', 'XL'],
    ['4', null, null, 'four', null],
    ['9007199254740993', '3.30', null, 'three', null],
  ];
  const list = 'id::text, price::text, note, remark, "größe"';
  const query = { text: `select ${list} from app.evolving order by id`, rowMode: 'array' } as const;
  expect((await shop.query(query)).rows).toEqual(rows);
  const inWarehouse = await warehouse.query(`select ${list} from analytics.evolving order by id`);
  expect(inWarehouse.map(Object.values)).toEqual(rows);
  expect(
    await athena.rows(`SELECT id, price, note, remark, "größe" FROM ${athena.raw}.evolving ORDER BY 1`),
  ).toEqual(rows);

  // All labels in one load, as a daily load of hourly batches does, from files of either kind into each warehouse.
  const inputsOf = (dataset: string, staged: readonly string[]) =>
    staged.map((uri, at) => ({ dataset, timelabel: labelOf(labelAt(at)), revision: 1, uri }));
  const loadAll = async (from: string, staged: readonly string[], output: string): Promise<void> => {
    const all = runOf({ work: { ...LOAD, from }, output, timelabel: labelAt(0) });
    const loaded = await loadStage({ ...all, inputs: inputsOf(from, staged) }, tools);
    expect([output, loaded.rows]).toEqual([output, 4]);
  };
  for (const [from, staged, table] of [
    [STAGED, uris, 'together'],
    [STAGED_CSV, csvUris, 'together_csv'],
  ] as const) {
    for (const schema of ['warehouse.analytics', 'serving.app', 'snow.analytics'])
      await loadAll(from, staged, `${schema}.${table}`);
    const select = `select ${list} from analytics.${table} order by id`;
    expect((await warehouse.query(select)).map(Object.values)).toEqual(rows);
    // The source says Größe; Redshift ignores case, and the stand-in of Snowflake keeps each letter in the other one.
    const inSnowflake = await snowflake.query(select.replace('größe', 'gRößE'));
    expect(inSnowflake.map(Object.values)).toEqual(rows);
    const text = select.replace('analytics', 'app').replace('größe', 'Größe');
    const served = { text, rowMode: 'array' } as const;
    expect((await shop.query(served)).rows).toEqual(rows);
  }

  // Text is no number: the extract is refused before any row is staged, and so is a load of both.
  await shop.query("alter table evolving alter id type text using 'x' || id");
  await expect(extract()).rejects.toThrow(
    'shop.public.evolving.id was of type int32 and is now text, which does not hold the values of before',
  );
  known = undefined;
  await extract();
  const run = runOf({ work: LOAD, output: 'serving.app.together', timelabel: labelAt(0) });
  await expect(loadStage({ ...run, inputs: inputsOf(STAGED, uris) }, tools)).rejects.toThrow(
    `Column ${STAGED}.id is int64 at label ${labelAt(2)} and text at ${labelAt(4)}`,
  );
});

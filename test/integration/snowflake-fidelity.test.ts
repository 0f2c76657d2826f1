import pg from 'pg';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { extractStage } from '../../activities/stages/extract.ts';
import { loadStage } from '../../activities/stages/load.ts';
import { publishStage } from '../../activities/stages/publish.ts';
import type { StageOutput, StageTools } from '../../activities/stages/runner.ts';
import type { LoadWork, PublishWork } from '../../pipeline/stage.ts';
import { AWKWARD_TYPES, PREPARE_TYPES } from '../support/awkward-postgres.ts';
import { extractRun } from '../support/extract-run.ts';
import { freshDatabase, type FreshDatabase } from '../support/local-cloud.ts';
import { openTestSnowflake, type TestSnowflake } from '../support/snowflake.ts';
import { runOf, toolsOf } from '../support/warehouse.ts';

/*
 * Awkward values from PostgreSQL through Parquet and a table in Snowflake to a serving table in PostgreSQL: each comes back
 * equal, or is refused with the table and the column named.
 */
const LABEL = '20010105080000';
let warehouse: TestSnowflake;
let shop: FreshDatabase;
let client: pg.Client;
let tools: StageTools;
beforeAll(async () => {
  warehouse = await openTestSnowflake('sf_fidelity');
  shop = await freshDatabase('sf_fidelity_shop');
  client = new pg.Client({ connectionString: shop.url });
  await client.connect();
  await client.query(PREPARE_TYPES);
  const given = toolsOf(warehouse);
  const postgres = { kind: 'postgres', url: shop.url } as const;
  tools = {
    ...given,
    connection: (name) => (name === 'shop' || name === 'serving' ? postgres : given.connection(name)),
  };
});
afterAll(async () => {
  await client.end();
  await shop.drop();
  await warehouse.close();
});

const STAGED = AWKWARD_TYPES.filter(({ declared }) => !declared.includes('generated'));
const isFloat = (declared: string): boolean => declared === 'real' || declared === 'double precision';

/** Extracts a table that exists in the shop and loads it. */
async function load(table: string): Promise<StageOutput> {
  const { uri } = await extractStage(extractRun({ table, timelabel: LABEL }), tools);
  const work: LoadWork = { kind: 'load', from: `lake.shop.${table}`, mode: 'append', key: [] };
  return loadStage(runOf({ work, output: `warehouse.analytics.${table}`, timelabel: LABEL, uri }), tools);
}

/** One column for each type, and below it its values; floats go into a table of their own. */
async function createTable(table: string, types: typeof STAGED): Promise<void> {
  const columns = types.map(({ declared }, at) => `v${String(at)} ${declared}`);
  await client.query(`create table ${table} (id int primary key, ${columns.join(', ')})`);
  // Of what other stages refuse, Snowflake holds the long text.
  const values = types.map(({ values: each, extremes }) => [
    ...Object.values(each),
    ...(extremes?.['3 MB'] === undefined ? [] : [extremes['3 MB']]),
  ]);
  const rows = Math.max(...values.map((each) => each.length));
  for (let row = 0; row < rows; row++)
    await client.query(
      `insert into ${table} values (${[row, ...values.map((each) => each[row] ?? 'null')].join(', ')})`,
    );
}

test('come back equal from a serving table', async () => {
  const types = STAGED.filter(({ declared }) => !isFloat(declared));
  await createTable('awkward', types);
  await load('awkward');
  const work: PublishWork = {
    kind: 'publish',
    from: 'warehouse.analytics.awkward',
    key: ['id'],
    rows: 'label',
  };
  await publishStage(runOf({ work, output: 'serving.app.awkward', timelabel: LABEL }), tools);
  for (const [at, { declared, text }] of types.entries()) {
    const column = `v${String(at)}`;
    const { rows } = await client.query<{ v: string; served: string }>(
      `select s.v, t.${column}::text as served from (select id, ${text?.('v') ?? 'v::text'} as v from (select id, ${column} as v from awkward) x) s
         full join app.awkward t using (id) where s.v is distinct from t.${column}::text`,
    );
    expect([declared, rows]).toEqual([declared, []]);
  }
});

test('floats are equal in Snowflake, and a publish refuses their column, for Snowflake does not give all digits', async () => {
  const types = STAGED.filter(({ declared }) => isFloat(declared));
  await createTable('floats', types);
  await load('floats');
  const read = 'select id::int, v0::float8::text as v0, v1::text as v1 from';
  const held = await warehouse.query(`${read} analytics.floats order by id`);
  expect(held).toEqual((await client.query<Record<string, unknown>>(`${read} floats order by id`)).rows);
  const work: PublishWork = {
    kind: 'publish',
    from: 'warehouse.analytics.floats',
    key: ['id'],
    rows: 'all',
  };
  const published = publishStage(runOf({ work, output: 'serving.app.floats', timelabel: LABEL }), tools);
  await expect(published).rejects.toMatchObject({ failureClass: 'invalid_config', facts: { column: 'V0' } });
});

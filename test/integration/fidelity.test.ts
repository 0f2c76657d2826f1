import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  asCsv,
  code,
  moveAlone,
  moveAll,
  type AwkwardSource,
  type Destination,
} from '../support/awkward-moves.ts';
import { AWKWARD_TYPES, PREPARE_TYPES, REFUSED_TYPES } from '../support/awkward-postgres.ts';
import { openFidelityWorld, type FidelityWorld } from '../support/fidelity-world.ts';
import { expectTables } from '../support/written-page.ts';

/*
 * Awkward values on every way from PostgreSQL. Each comes back equal, or is refused by a message that names the table and the
 * column.
 */
let world: FidelityWorld;
let source: AwkwardSource;

beforeAll(async () => {
  world = await openFidelityWorld('fidelity');
  const { client } = world;
  await client.query(PREPARE_TYPES);
  source = {
    tools: world.toolsWith({ kind: 'postgres', url: world.url }),
    from: (table) => `shop.public.${table}`,
    async create(table, columns, rows) {
      await client.query(
        `create table ${table} (id int primary key${columns.map((each) => `, ${each}`).join('')})`,
      );
      for (const [id, row] of rows.entries())
        await client.query(`insert into ${table} values (${[String(id), ...row].join(', ')})`);
    },
    async texts(table, expressions) {
      const text = `select ${expressions.map((each) => `(${each})::text`).join(', ')} from ${table} order by id`;
      return (await client.query<(string | null)[]>({ text, rowMode: 'array' })).rows;
    },
  };
});
afterAll(() => world.close());

test('awkward values of PostgreSQL come back equal from everywhere, or are refused by a message that names the column; docs/types-postgres.md says which', async () => {
  const report = await moveAll(source, world.destinations, AWKWARD_TYPES, REFUSED_TYPES);
  const titles = world.destinations.map(({ title }) => title);
  expect(report.values.length).toBeGreaterThan(60);
  expectTables('types-postgres.md', {
    types: { titles: ['PostgreSQL', 'staged as', ...titles], rows: report.types },
    values: { titles: ['PostgreSQL', 'value', ...titles], rows: report.values },
    refusals: { titles: ['PostgreSQL', 'value', 'message'], rows: report.refusals },
  });
});

test('what is staged as CSV comes back equal from every warehouse, or is refused with the column named; docs/types-postgres.md says which', async () => {
  const { csvDestinations: destinations } = world;
  const titles = destinations.map(({ title }) => title);
  const report = await moveAll({ ...source, format: 'csv.zst' }, destinations, asCsv(AWKWARD_TYPES), []);
  expectTables('types-postgres.md', {
    'csv values': { titles: ['PostgreSQL', 'value', ...titles], rows: report.values },
    'csv refusals': { titles: ['PostgreSQL', 'value', 'message'], rows: report.refusals },
  });
});

/** Texts that PostgreSQL would cut or fill up without an error, beside one that it keeps. */
const TEXTS = {
  'three characters, the last one a blank': "'äb '",
  'three characters and a blank': "'äbc '",
  'two characters': "'äb'",
  'four characters': "'äbcd'",
} as const;

test('a text keeps its blanks in a column of a declared length, or is refused with the column named; docs/types-postgres.md says which', async () => {
  const { client, destinations } = world;
  const titled = (wanted: string): Destination => {
    const found = destinations.find(({ title }) => title === wanted);
    if (found === undefined) throw new Error(wanted);
    return found;
  };
  /** The same destination, whose table is there already with a column of the type. */
  const withColumn = (type: string, schema: string, destination: Destination): Destination => ({
    ...destination,
    async bring(staged) {
      const name = `${schema}.${staged.table}`;
      await client.query(
        `create schema if not exists ${schema}; create table ${name} (id int primary key, v ${type})`,
      );
      await destination.bring(staged);
    },
    // A cast of a char(n) to a text takes blanks away.
    async read({ table }) {
      const text = `select case when v is not null then format('%s', v) end from ${schema}.${table} order by id`;
      return (await client.query<(string | null)[]>({ text, rowMode: 'array' })).rows;
    },
  });
  const values: string[][] = [];
  const refusals: string[][] = [];
  for (const type of ['varchar(3)', 'char(3)'])
    for (const [name, sql] of Object.entries(TEXTS)) {
      const loaded = withColumn(type, 'mart', titled('PostgreSQL'));
      const published = withColumn(type, 'app', titled('PostgreSQL, published from Redshift'));
      const value = { declared: 'text', sql };
      const table = `length_${String(values.length)}`;
      const parquet = await moveAlone(source, [loaded], table, value);
      const csv = await moveAlone({ ...source, format: 'csv.zst' }, [loaded], `${table}_csv`, value);
      const served = await moveAlone(source, [titled('Redshift'), published], `${table}_served`, value);
      values.push([code(type), name, ...parquet.cells, ...csv.cells, ...served.cells.slice(1)]);
      for (const message of new Set([...parquet.messages, ...csv.messages, ...served.messages]))
        refusals.push([code(type), name, message]);
    }
  expectTables('types-postgres.md', {
    'length values': {
      titles: [
        'column of the table',
        'text',
        'loaded from Parquet',
        'loaded from CSV',
        'published from Redshift',
      ],
      rows: values,
    },
    'length refusals': { titles: ['column of the table', 'text', 'message'], rows: refusals },
  });
});

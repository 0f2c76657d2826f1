import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asCsv, moveAll, type AwkwardSource } from '../support/awkward-moves.ts';
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

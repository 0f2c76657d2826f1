import type pg from 'pg';
import { holds } from '../../pipeline/column-fit.ts';
import { describeType, type Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { createMarkers, lockPublishing } from './publish-markers.ts';
import { servedType, servingHolds, servingType } from './publish-types.ts';
import { quoteIdentifier } from './quote.ts';

/** Of tables from which rows may be deleted: the label that wrote the row last. NULL in rows that Reefline did not write. */
export const LABEL_COLUMN = 'reefline_timelabel';

export interface ServingTable {
  readonly schema: string;
  readonly table: string;
}

export function servingName({ schema, table }: ServingTable): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

/**
 * Creates the table with a unique index on the key, or adds the columns that it lacks. Runs in one transaction, which two
 * runs cannot be in together. Throws StageFailure `invalid_config` when a table of somebody else's making has no
 * unique index on the key, `data_error` when a column has another type there.
 */
export async function prepareServingTable(
  client: pg.ClientBase,
  target: ServingTable,
  columns: readonly Column[],
  key: readonly string[],
): Promise<void> {
  await client.query('begin');
  await lockPublishing(client, 'tables');
  await createMarkers(client);
  const held = await heldColumns(client, target);
  if (held.size === 0) await createTable(client, target, columns, key);
  else await widenTable(client, target, columns, key, held);
  await client.query('commit');
}

async function createTable(
  client: pg.ClientBase,
  target: ServingTable,
  columns: readonly Column[],
  key: readonly string[],
): Promise<void> {
  await createSchema(client, target.schema);
  const definitions = columns.map(
    (column) => `${definition(column)}${key.includes(column.name) ? ' not null' : ''}`,
  );
  await client.query(`create table ${servingName(target)} (${definitions.join(', ')})`);
  await client.query(uniqueIndex(target, key));
}

/** Unless it is there. Callers hold the lock on tables: `if not exists` would ask for a right that only making one needs. */
export async function createSchema(client: pg.ClientBase, schema: string): Promise<void> {
  const found = await client.query('select 1 from pg_catalog.pg_namespace where nspname = $1', [schema]);
  if (found.rows.length === 0) await client.query(`create schema ${quoteIdentifier(schema)}`);
}

async function widenTable(
  client: pg.ClientBase,
  target: ServingTable,
  columns: readonly Column[],
  key: readonly string[],
  held: ReadonlyMap<string, string>,
): Promise<void> {
  for (const { name, type } of columns) {
    const there = held.get(name);
    if (there === undefined || servingHolds(there, type)) continue;
    const before = servedType(there);
    const cure =
      before !== undefined && holds(type, before)
        ? `widen it in the table: ALTER TABLE ${servingName(target)} ALTER COLUMN ${quoteIdentifier(name)} TYPE ${servingType(type)};`
        : 'convert it in the table or cast it where the dataset is made.';
    throw new StageFailure(
      'data_error',
      `Column "${name}" of ${target.schema}.${target.table} is ${there}, which cannot hold ${describeType(type)} unchanged. Reefline never changes a column's type: ${cure}`,
      {
        facts: {
          table: `${target.schema}.${target.table}`,
          column: name,
          from: there,
          to: describeType(type),
        },
      },
    );
  }
  for (const column of columns.filter(({ name }) => !held.has(name))) {
    await client.query(`alter table ${servingName(target)} add column ${definition(column)}`);
  }
  if (await hasUniqueIndex(client, target, key)) return;
  throw new StageFailure(
    'invalid_config',
    `Table ${target.schema}.${target.table} has no unique index on (${key.join(', ')}), without which rows cannot be updated by key. Create it: ${uniqueIndex(target, key)};`,
    { facts: { table: `${target.schema}.${target.table}`, key: key.join(', ') } },
  );
}

async function heldColumns(
  client: pg.ClientBase,
  target: ServingTable,
): Promise<ReadonlyMap<string, string>> {
  const found = await client.query<{ name: string; type: string }>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type from pg_catalog.pg_attribute a
     where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [servingName(target)],
  );
  return new Map(found.rows.map(({ name, type }) => [name, type]));
}

/** ON CONFLICT needs an index on exactly the key: complete (no WHERE), on plain columns, valid and checked at once. */
export async function hasUniqueIndex(
  client: pg.ClientBase,
  target: ServingTable,
  key: readonly string[],
): Promise<boolean> {
  const found = await client.query(
    `select 1 from pg_catalog.pg_index i where i.indrelid = to_regclass($1) and i.indisunique and i.indimmediate and i.indisvalid
     and i.indpred is null and i.indexprs is null and (
       select array_agg(a.attname::text order by a.attname::text) from pg_catalog.pg_attribute a
       where a.attrelid = i.indrelid and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1])
     ) = (select array_agg(name order by name) from unnest($2::text[]) as name)`,
    [servingName(target), [...key]],
  );
  return found.rows.length > 0;
}

export function uniqueIndex(target: ServingTable, key: readonly string[]): string {
  return `CREATE UNIQUE INDEX ON ${servingName(target)} (${key.map(quoteIdentifier).join(', ')})`;
}

function definition({ name, type }: Column): string {
  return `${quoteIdentifier(name)} ${servingType(type)}`;
}

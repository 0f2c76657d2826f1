import type pg from 'pg';
import { describeType, type Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { neutralType } from './extract-types.ts';
import { loadType, takenAs, type TakenAs } from './load-types.ts';
import { createMarkers, lockPublishing } from './publish-markers.ts';
import { hasUniqueIndex, servingName, uniqueIndex, type ServingTable } from './publish-target.ts';
import { servingHolds } from './publish-types.ts';
import { quoteIdentifier } from './quote.ts';

/** Last in every table that Reefline fills: the label that each row came with (docs/decisions/0004). */
export const LABEL_COLUMN = 'reefline_timelabel';
/** Of new columns; those of character(14) stay. For that COPY counts the characters of every row, a tenth of its time. */
const LABEL_TYPE = 'text';

/** Bytes of the longest name; PostgreSQL cuts longer ones without an error. */
const MAX_NAME_BYTES = 63;

/** A lock that is waited for stops everybody who comes later, so the wait is short; the attempt is repeated. */
const DDL_LOCK_SECONDS = 15;

export interface LoadTarget {
  readonly dataset: string;
  readonly table: ServingTable;
  /** Columns of the batch. */
  readonly columns: readonly Column[];
  /** Columns that identify a row; empty when rows are not merged. */
  readonly key: readonly string[];
}

/** A table that takes the batch. */
export interface PreparedTarget {
  /** For each column of the batch. */
  readonly taken: readonly TakenAs[];
  /** All columns of the table but the label's, in its order; without those that have no neutral type. */
  readonly columns: readonly Column[];
}

interface HeldColumn {
  readonly name: string;
  readonly type: string;
  readonly oid: number;
  readonly typmod: number;
  readonly required: boolean;
}

/**
 * Creates the table, or adds the columns that it lacks: never anything else. It is a short transaction of its own before that
 * of the rows, because adding a column locks readers out, and may be repeated.
 * @throws StageFailure `data_error` for a column that the table cannot hold, `invalid_config` for a name that
 * PostgreSQL would cut and for a table without a unique index on the key, `conflict` when the table stays locked.
 */
export async function prepareLoadTarget(client: pg.ClientBase, target: LoadTarget): Promise<PreparedTarget> {
  checkNames(target);
  await client.query('begin');
  await client.query(`set local lock_timeout = '${String(DDL_LOCK_SECONDS)}s'`);
  await lockPublishing(client, 'tables');
  await createMarkers(client);
  const found = await heldColumns(client, target.table);
  if (found.length === 0) await createTable(client, target);
  else await widenTable(client, target, found);
  const held = await heldColumns(client, target.table);
  const columns = held.flatMap((column): Column[] => {
    const type = neutralType(column.oid, column.typmod);
    if (type === undefined || column.name === LABEL_COLUMN) return [];
    return [{ name: column.name, type, nullable: !column.required }];
  });
  await client.query('commit');
  const types = new Map(held.map(({ name, type }) => [name, type]));
  const taken = target.columns.map(
    ({ name, type }) => takenAs(types.get(name) ?? loadType(type)) ?? refuseRetyped(target, held),
  );
  return { taken, columns };
}

function checkNames({ dataset, table, columns }: LoadTarget): void {
  const names = [table.schema, table.table, ...columns.map(({ name }) => name)];
  const long = names.find((name) => Buffer.byteLength(name) > MAX_NAME_BYTES);
  if (long !== undefined)
    throw new StageFailure(
      'invalid_config',
      `"${long}" of ${dataset} is longer than the ${String(MAX_NAME_BYTES)} bytes of a name in PostgreSQL. Shorten it.`,
      { facts: { dataset, name: long } },
    );
  if (!names.slice(2).includes(LABEL_COLUMN)) return;
  throw new StageFailure(
    'invalid_config',
    `Column "${LABEL_COLUMN}" of ${dataset} has the name that Reefline keeps the timelabel under. Rename it.`,
    { facts: { dataset, column: LABEL_COLUMN } },
  );
}

async function heldColumns(client: pg.ClientBase, table: ServingTable): Promise<readonly HeldColumn[]> {
  const found = await client.query<HeldColumn>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.atttypid::int4 as oid, a.atttypmod as typmod,
       a.attnotnull as required from pg_catalog.pg_attribute a
     where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [servingName(table)],
  );
  return found.rows;
}

/** A table that somebody dropped starts anew, so its markers are forgotten. */
async function createTable(client: pg.ClientBase, target: LoadTarget): Promise<void> {
  const { dataset, table, columns, key } = target;
  const schema = await client.query('select 1 from pg_catalog.pg_namespace where nspname = $1', [
    table.schema,
  ]);
  if (schema.rows.length === 0) await client.query(`create schema ${quoteIdentifier(table.schema)}`);
  const definitions = columns.map(
    (column) => `${definition(column)}${key.includes(column.name) ? ' not null' : ''}`,
  );
  definitions.push(`${quoteIdentifier(LABEL_COLUMN)} ${LABEL_TYPE}`);
  await client.query(`create table ${servingName(table)} (${definitions.join(', ')})`);
  if (key.length > 0) await client.query(uniqueIndex(table, key));
  await client.query('delete from reefline.applied where dataset = $1', [dataset]);
}

async function widenTable(
  client: pg.ClientBase,
  target: LoadTarget,
  held: readonly HeldColumn[],
): Promise<void> {
  const types = new Map(held.map(({ name, type }) => [name, type]));
  const fits = target.columns.every(({ name, type }) => {
    const there = types.get(name);
    return there === undefined || servingHolds(there, type);
  });
  if (!fits) refuseRetyped(target, held);
  const name = servingName(target.table);
  for (const column of target.columns.filter((each) => !types.has(each.name)))
    await client.query(`alter table ${name} add column ${definition(column)}`);
  if (types.has(LABEL_COLUMN)) await adoptLabels(client, target);
  else await client.query(`alter table ${name} add column ${quoteIdentifier(LABEL_COLUMN)} ${LABEL_TYPE}`);
  const { key } = target;
  if (key.length === 0 || (await hasUniqueIndex(client, target.table, key))) return;
  const table = `${target.table.schema}.${target.table.table}`;
  throw new StageFailure(
    'invalid_config',
    `Table ${table} has no unique index on (${key.join(', ')}), without which rows cannot be merged by key. Create it: ${uniqueIndex(target.table, key)};`,
    { facts: { table, key: key.join(', ') } },
  );
}

/**
 * A table that came without its markers, from a backup of one schema for example, gets one of revision 0 for each
 * label that is in it: whether a label has rows is afterwards known without looking for them.
 */
async function adoptLabels(client: pg.ClientBase, { dataset, table }: LoadTarget): Promise<void> {
  const known = await client.query('select 1 from reefline.applied where dataset = $1 limit 1', [dataset]);
  if (known.rows.length > 0) return;
  const label = quoteIdentifier(LABEL_COLUMN);
  await client.query(
    `insert into reefline.applied (dataset, timelabel, revision, rows)
     select $1, ${label}, 0, count(*) from ${servingName(table)} where ${label} is not null group by ${label}`,
    [dataset],
  );
}

function refuseRetyped({ table, columns }: LoadTarget, held: readonly HeldColumn[]): never {
  const retyped = columns.flatMap(({ name, type }) => {
    const there = held.find((column) => column.name === name)?.type;
    return there === undefined || servingHolds(there, type)
      ? []
      : [{ name, there, arriving: describeType(type) }];
  });
  const list = retyped.map(
    ({ name, there, arriving }) => `"${name}" is ${there} there and ${arriving} in the batch`,
  );
  throw new StageFailure(
    'data_error',
    `PostgreSQL table ${table.schema}.${table.table} cannot hold the batch: ${list.join('; ')}. Reefline never changes a column's type: ` +
      'convert the column in the table or restore its type at the source, then run the label again.',
    {
      facts: {
        table: `${table.schema}.${table.table}`,
        column: retyped[0]?.name ?? null,
        from: retyped[0]?.there ?? null,
        to: retyped[0]?.arriving ?? null,
      },
    },
  );
}

function definition({ name, type }: Column): string {
  return `${quoteIdentifier(name)} ${loadType(type)}`;
}

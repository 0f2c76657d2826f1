import type pg from 'pg';
import { StageFailure } from '../../pipeline/failure.ts';
import {
  definition,
  describeTarget,
  heldColumns,
  LABEL_COLUMN,
  LABEL_TYPE,
  refuseRetyped,
  type HeldColumn,
  type LoadTarget,
  type PreparedTarget,
} from './load-columns.ts';
import { createMarkers, lockPublishing } from './publish-markers.ts';
import { createSchema, hasUniqueIndex, servingName, uniqueIndex } from './publish-target.ts';
import { servingHolds } from './publish-types.ts';
import { quoteIdentifier } from './quote.ts';

/** Bytes of the longest name; PostgreSQL cuts longer ones without an error. */
const MAX_NAME_BYTES = 63;

/** A lock that is waited for stops everybody who comes later, so the wait is short; the attempt is repeated. */
const DDL_LOCK_SECONDS = 15;

/**
 * Creates the table, or adds the columns that it lacks: never anything else. It is a short transaction of its own before that
 * of the rows, because adding a column locks readers out, and may be repeated.
 * @throws StageFailure `data_error` for a column that the table cannot hold, `invalid_config` for a name that
 * PostgreSQL would cut and for a table without a unique index on the key, `conflict` when the table stays locked.
 */
export async function prepareLoadTarget(client: pg.ClientBase, target: LoadTarget): Promise<PreparedTarget> {
  await beginPreparing(client, target);
  const found = await heldColumns(client, target.table);
  if (found.length === 0) await createTable(client, target);
  else await widenTable(client, target, found);
  const prepared = describeTarget(target, await heldColumns(client, target.table));
  await client.query('commit');
  return prepared;
}

/** Begins a short transaction in which nobody else makes or changes tables, with the table of markers there. */
export async function beginPreparing(client: pg.ClientBase, target: LoadTarget): Promise<void> {
  checkNames(target);
  await client.query('begin');
  await client.query(`set local lock_timeout = '${String(DDL_LOCK_SECONDS)}s'`);
  await lockPublishing(client, 'tables');
  await createMarkers(client);
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

/** A table that somebody dropped starts anew, so its markers are forgotten. */
async function createTable(client: pg.ClientBase, target: LoadTarget): Promise<void> {
  const { table, columns, key } = target;
  await createSchema(client, table.schema);
  const definitions = columns.map(
    (column) => `${definition(column)}${key.includes(column.name) ? ' not null' : ''}`,
  );
  definitions.push(`${quoteIdentifier(LABEL_COLUMN)} ${LABEL_TYPE}`);
  await client.query(`create table ${servingName(table)} (${definitions.join(', ')})`);
  if (key.length > 0) await client.query(uniqueIndex(table, key));
  await forgetMarkers(client, target);
}

export async function forgetMarkers(client: pg.ClientBase, { dataset }: LoadTarget): Promise<void> {
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

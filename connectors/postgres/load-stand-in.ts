import { createHash } from 'node:crypto';
import pg from 'pg';
import { StageFailure } from '../../pipeline/failure.ts';
import {
  definition,
  describeTarget,
  heldColumns,
  LABEL_COLUMN,
  LABEL_TYPE,
  type LoadTarget,
  type PreparedTarget,
} from './load-columns.ts';
import { beginPreparing, forgetMarkers } from './load-target.ts';
import { lockPublishing, tryHoldPublishing } from './publish-markers.ts';
import { createSchema, servingName, type ServingTable } from './publish-target.ts';
import { quoteIdentifier } from './quote.ts';

/** What tells a stand-in from somebody's table of that name. */
const COMMENT =
  'Reefline fills this table and renames it then. What a dead attempt has left goes with the next load.';

/** Bytes of a table's name that the name of its stand-in has room for. */
const ROOM = 50;

export interface StandInState {
  /** Whether the table itself is there. */
  readonly there: boolean;
  /** `begun`: an attempt that lives or is dead has made a stand-in for it. `taken`: somebody's table has the name of the stand-in. */
  readonly standIn: 'free' | 'begun' | 'taken';
}

/** The table that is filled in place of one that is not there yet: beside it, so that it has the default privileges of its schema. */
export function standInFor({ schema, table }: ServingTable): ServingTable {
  const short =
    Buffer.byteLength(table) <= ROOM ? table : createHash('sha256').update(table).digest('hex').slice(0, 32);
  return { schema, table: `reefline_new_${short}` };
}

export async function lookForStandIn(client: pg.ClientBase, table: ServingTable): Promise<StandInState> {
  const found = await client.query<StandInState>(
    `select to_regclass($1) is not null as there, case when to_regclass($2) is null then 'free'
       when pg_catalog.obj_description(to_regclass($2), 'pg_class') = $3 then 'begun' else 'taken' end as "standIn"`,
    [servingName(table), servingName(standInFor(table)), COMMENT],
  );
  return found.rows[0] ?? { there: true, standIn: 'free' };
}

/** Whether nobody else is at work with the stand-in; it is then the connection's own until that ends. */
export function holdStandIn(client: pg.ClientBase, table: ServingTable): Promise<boolean> {
  return tryHoldPublishing(client, servingName(standInFor(table)));
}

export async function dropStandIn(client: pg.ClientBase, table: ServingTable): Promise<void> {
  await client.query(`drop table if exists ${servingName(standInFor(table))}`);
}

/** Creates the stand-in, without the label's column. Undefined, and nothing is done, when the table itself is there. */
export async function createStandIn(
  client: pg.ClientBase,
  target: LoadTarget,
): Promise<PreparedTarget | undefined> {
  const standIn = standInFor(target.table);
  await beginPreparing(client, target);
  if ((await heldColumns(client, target.table)).length > 0) {
    await client.query('rollback');
    return undefined;
  }
  await createSchema(client, target.table.schema);
  await client.query(`create table ${servingName(standIn)} (${target.columns.map(definition).join(', ')})`);
  await client.query(`comment on table ${servingName(standIn)} is ${pg.escapeLiteral(COMMENT)}`);
  await forgetMarkers(client, target);
  const prepared = describeTarget(target, await heldColumns(client, standIn));
  await client.query('commit');
  return prepared;
}

/**
 * Makes the stand-in the table, within the caller's transaction: gives it the label as a last column, and its name. Rows that are there
 * get the label without being written again (https://www.postgresql.org/docs/current/sql-altertable.html, "Notes").
 * @throws StageFailure `conflict` when the table has come to be meanwhile.
 */
export async function putInPlace(
  client: pg.ClientBase,
  { dataset, table }: LoadTarget,
  timelabel: string,
): Promise<void> {
  await lockPublishing(client, 'tables');
  if ((await heldColumns(client, table)).length > 0) throw cameFirst(dataset, table);
  const standIn = servingName(standInFor(table));
  const label = quoteIdentifier(LABEL_COLUMN);
  const value = pg.escapeLiteral(timelabel);
  await client.query(`alter table ${standIn} add column ${label} ${LABEL_TYPE} default ${value}`);
  await client.query(`alter table ${standIn} alter column ${label} drop default`);
  await client.query(`comment on table ${standIn} is null`);
  await client.query(`alter table ${standIn} rename to ${quoteIdentifier(table.table)}`);
}

function cameFirst(dataset: string, { schema, table }: ServingTable): StageFailure {
  return new StageFailure(
    'conflict',
    `Table ${schema}.${table} was made by somebody else while the rows of ${dataset} were copied into a new one. The next attempt copies into that table.`,
    { facts: { dataset, table: `${schema}.${table}` } },
  );
}

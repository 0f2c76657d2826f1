import { StageFailure } from '../../pipeline/failure.ts';
import type { Interval } from '../../pipeline/timelabel.ts';
import { withPostgres, type PostgresSession, type PostgresSettings } from './connection.ts';
import { findRelation, readColumns, type Relation, type SourceColumn } from './extract-columns.ts';
import { quoteIdentifier } from './quote.ts';

/** A table of a source in one read-only snapshot, for questions about its rows. */
export interface SyncSource {
  readonly session: PostgresSession;
  readonly relation: Relation;
  readonly columns: readonly SourceColumn[];
}

/**
 * Opens a table in one read-only snapshot, so that all answers are of the same state. Texts of times are those of UTC.
 * @throws StageFailure `not_found` for a missing table, `data_error` for types that an extract refuses as well.
 */
export async function openSyncSource<T>(
  settings: PostgresSettings,
  table: { readonly schema: string; readonly table: string },
  work: (source: SyncSource) => Promise<T>,
): Promise<T> {
  return withPostgres(settings, `look into ${table.schema}.${table.table}`, async (session) => {
    const { client } = session;
    await client.query('begin isolation level repeatable read read only');
    await client.query(`set local timezone = 'UTC'`);
    await client.query(`set local datestyle = 'ISO, YMD'`);
    const relation = await findRelation(session, table.schema, table.table);
    const result = await work({ session, relation, columns: await readColumns(session, relation) });
    await client.query('commit');
    return result;
  });
}

/** The column that places a row in time, as SQL, and the type that instants are compared as. */
export interface SyncCursor {
  readonly column: string;
  readonly type: 'timestamp' | 'timestamptz';
}

/** @throws StageFailure `not_found` or `invalid_config` when the column cannot be a cursor; the words are those of an extract. */
export function cursorOf({ relation, columns }: SyncSource, name: string): SyncCursor {
  const column = columns.find((one) => one.name === name);
  if (column === undefined) throw noColumn(relation, columns, name, 'the stage names as its cursor');
  const { type } = column;
  if (type.kind !== 'timestamp' && type.kind !== 'date')
    throw new StageFailure(
      'invalid_config',
      `The cursor ${relation.name}.${name} is of type ${column.declared}. Name a column of type timestamp, timestamp with time zone or date.`,
      { facts: { table: relation.name, column: name, type: column.declared } },
    );
  return {
    column: quoteIdentifier(name),
    type: type.kind === 'timestamp' && type.zoned ? 'timestamptz' : 'timestamp',
  };
}

/** The columns of these names; a name in another case will do when only one column fits. @throws StageFailure `not_found` */
export function requireColumns(
  { relation, columns }: SyncSource,
  names: readonly string[],
  role: string,
): readonly SourceColumn[] {
  return names.map((name) => {
    const alike = columns.filter((one) => one.name.toLowerCase() === name.toLowerCase());
    const column = columns.find((one) => one.name === name) ?? (alike.length === 1 ? alike[0] : undefined);
    if (column === undefined) throw noColumn(relation, columns, name, role);
    return column;
  });
}

function noColumn(
  { name: table }: Relation,
  columns: readonly SourceColumn[],
  name: string,
  role: string,
): StageFailure {
  const known = columns.map((column) => column.name);
  const list = `${known.slice(0, 30).join(', ')}${known.length > 30 ? ' …' : ''}`;
  return new StageFailure(
    'not_found',
    `${table} has no column "${name}", which ${role}. Its columns are ${list}.`,
    { facts: { table, column: name } },
  );
}

/** The columns of the primary key in their order; empty without one. */
export async function primaryKey({ session, relation }: SyncSource): Promise<readonly string[]> {
  const { rows } = await session.client.query<{ name: string }>(
    `select a.attname as name from pg_catalog.pg_index i
      cross join lateral unnest(i.indkey::int2[]) with ordinality k(number, position)
       join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
      where i.indrelid = $1::int8::oid and i.indisprimary order by k.position`,
    [relation.oid],
  );
  return rows.map(({ name }) => name);
}

/** The first and the last instant of the cursor within a time, in milliseconds; undefined when it holds no row. */
export async function extentOf(
  { session, relation }: SyncSource,
  { column, type }: SyncCursor,
  within: Interval,
): Promise<{ readonly first: number; readonly last: number } | undefined> {
  const { rows } = await session.client.query<{ first: string | null; last: string | null }>(
    `select ${millisecondsOf(`min(${column})`)} as first, ${millisecondsOf(`max(${column})`)} as last
       from ${relation.quoted} where ${column} >= $1::${type} and ${column} < $2::${type}`,
    [iso(within.start), iso(within.end)],
  );
  const { first = null, last = null } = rows[0] ?? {};
  return first === null || last === null ? undefined : { first: Number(first), last: Number(last) };
}

/** How many rows lie from each start until before the next one, the last until before `end`; one pass over the time. */
export async function countRows(
  { session, relation }: SyncSource,
  { column, type }: SyncCursor,
  starts: readonly number[],
  end: number,
): Promise<readonly number[]> {
  const counts = starts.map(() => 0);
  if (starts.length === 0) return counts;
  const { rows } = await session.client.query<{ bucket: number; rows: string }>(
    `select width_bucket(${column}::${type}, $1::${type}[]) as bucket, count(*) as rows
       from ${relation.quoted} where ${column} >= $2::${type} and ${column} < $3::${type} group by 1`,
    [starts.map(iso), iso(starts[0] ?? end), iso(end)],
  );
  for (const { bucket, rows: found } of rows) counts[bucket - 1] = Number(found);
  return counts;
}

export async function countAllRows({ session, relation }: SyncSource): Promise<number> {
  const { rows } = await session.client.query<{ rows: string }>(
    `select count(*) as rows from ${relation.quoted}`,
  );
  return Number(rows[0]?.rows ?? 0);
}

/** Milliseconds since 1970, rounded down; a date is its midnight, and a time without a zone is UTC. */
function millisecondsOf(expression: string): string {
  return `floor(extract(epoch from ${expression}) * 1000)::int8`;
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}

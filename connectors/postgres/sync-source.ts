import type { PostgresSession } from './connection.ts';
import type { Relation, SourceColumn } from './extract-columns.ts';
import { quoteIdentifier } from './quote.ts';
import { requireTimeColumn } from '../../pipeline/sync-source.ts';
import type { Interval } from '../../pipeline/timelabel.ts';

/** A table in one read-only snapshot. */
export interface OpenedSource {
  readonly session: PostgresSession;
  readonly relation: Relation;
  readonly columns: readonly SourceColumn[];
}

/** The column that places a row in time, as SQL, and the type that instants are compared as. */
export interface SyncCursor {
  readonly column: string;
  readonly type: 'timestamp' | 'timestamptz';
}

/** @throws StageFailure `not_found` or `invalid_config` when the column cannot be a cursor. */
export function cursorOf({ relation, columns }: OpenedSource, name: string): SyncCursor {
  const described = { table: relation.name, columns };
  const { type } = requireTimeColumn(described, name, 'timestamp, timestamp with time zone or date');
  return {
    column: quoteIdentifier(name),
    type: type.kind === 'timestamp' && type.zoned ? 'timestamptz' : 'timestamp',
  };
}

/** The columns of the primary key in their order; empty without one. */
export async function primaryKey({ session, relation }: OpenedSource): Promise<readonly string[]> {
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
  { session, relation }: OpenedSource,
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
  { session, relation }: OpenedSource,
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

export async function countAllRows({ session, relation }: OpenedSource): Promise<number> {
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

import { requireTimeColumn } from '../../pipeline/sync-source.ts';
import type { Interval } from '../../pipeline/timelabel.ts';
import type { MysqlSession } from './connection.ts';
import type { Relation, SourceColumn } from './extract-columns.ts';
import { queryPages, queryRows } from './query-pages.ts';
import { quoteIdentifier } from './quote.ts';
import { timeCondition } from './time-condition.ts';

/** A table in one read-only snapshot. */
export interface OpenedSource {
  readonly session: MysqlSession;
  readonly relation: Relation;
  readonly columns: readonly SourceColumn[];
}

/** `to_seconds('1970-01-01')`: MySQL counts from the year 0, so that no time has fewer than 0 seconds and all are rounded down. */
const EPOCH_SECONDS = 62_167_219_200;

/** The column that places a row in time, in backticks. @throws StageFailure `not_found` or `invalid_config` when it cannot be one. */
export function cursorOf({ relation, columns }: OpenedSource, name: string): string {
  const described = { table: relation.name, columns };
  return quoteIdentifier(requireTimeColumn(described, name, 'datetime, timestamp or date').name);
}

/** The seconds of a time as text, for `instantOf`. */
export function secondsOf(expression: string): string {
  return wholeText(`to_seconds(${expression})`);
}

/** A whole number as text. MySQL 5.7 takes `to_seconds` for a number of six digits, and would cut its text to them. */
function wholeText(expression: string): string {
  return `cast(cast(${expression} as decimal(20)) as char)`;
}

/** Milliseconds since 1970. */
export function instantOf(seconds: string): number {
  return (Number(seconds) - EPOCH_SECONDS) * 1_000;
}

/** The columns of the primary key in their order; empty for a view, without one, and for one that is not extracted because it is invisible. */
export async function primaryKey({ session, relation, columns }: OpenedSource): Promise<readonly string[]> {
  const rows = await session.query<{ Key_name: string; Seq_in_index: number; Column_name: string }>(
    `show index from ${relation.quoted}`,
  );
  const key = rows
    .filter(({ Key_name }) => Key_name === 'PRIMARY')
    .toSorted((a, b) => a.Seq_in_index - b.Seq_in_index)
    .map(({ Column_name }) => Column_name);
  return key.every((name) => columns.some((column) => column.name === name)) ? key : [];
}

/** The first and the last instant of the cursor within a time; undefined when it holds no row. */
export async function extentOf(
  { session, relation }: OpenedSource,
  cursor: string,
  within: Interval,
): Promise<{ readonly first: number; readonly last: number } | undefined> {
  const { sql, values } = timeCondition(cursor, within);
  const ends = `${secondsOf(`min(${cursor})`)}, ${secondsOf(`max(${cursor})`)}`;
  const [row] = await queryRows(session, `select ${ends} from ${relation.quoted} where ${sql}`, values);
  const [first = null, last = null] = row ?? [];
  return first === null || last === null ? undefined : { first: instantOf(first), last: instantOf(last) };
}

/**
 * How many rows lie from each start until before the next one, the last until before `end`. MySQL counts in steps that fit into
 * the distance of any two starts; there are as many steps as labels, or an hour each where a zone changes its clocks.
 */
export async function countRows(
  { session, relation }: OpenedSource,
  cursor: string,
  starts: readonly number[],
  end: number,
): Promise<readonly number[]> {
  const counts = starts.map(() => 0);
  const [first] = starts;
  if (first === undefined) return counts;
  const seconds = starts.map((start) => start / 1_000);
  const step = seconds.reduce(
    (common, second) => divisor(common, second - first / 1_000),
    end / 1_000 - first / 1_000,
  );
  const { sql, values } = timeCondition(cursor, { start: first, end });
  const steps = `(to_seconds(${cursor}) - cast(? as signed)) div cast(? as signed)`;
  const statement = `select ${wholeText(steps)}, cast(count(*) as char) from ${relation.quoted}
    where ${sql} group by 1`;
  const origin = first / 1_000 + EPOCH_SECONDS;
  for await (const page of queryPages(session, statement, [String(origin), String(step), ...values]))
    for (const [at, rows] of page) {
      const place = placeOf(starts, first + Number(at) * step * 1_000);
      counts[place] = (counts[place] ?? 0) + Number(rows);
    }
  return counts;
}

export async function countAllRows({ session, relation }: OpenedSource): Promise<number> {
  const [row] = await queryRows(session, `select cast(count(*) as char) from ${relation.quoted}`);
  return Number(row?.[0] ?? 0);
}

/** Which of the sorted starts is the last one at or before an instant; -1 when it is before all of them. */
export function placeOf(starts: readonly number[], instant: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? Infinity) <= instant) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

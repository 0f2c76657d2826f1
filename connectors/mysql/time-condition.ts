import type { Interval } from '../../pipeline/timelabel.ts';

/** A part of a statement, and the values of its question marks. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly string[];
}

/**
 * `interval.start <= column < interval.end`, for a column in backticks. A date compares as its midnight. The session's zone
 * is UTC, so a timestamp and a datetime compare with UTC. Rows without a time are in no interval.
 */
export function timeCondition(column: string, { start, end }: Interval): Condition {
  return {
    sql: `${column} >= cast(? as datetime(6)) and ${column} < cast(? as datetime(6))`,
    values: [start, end].map(utcText),
  };
}

function utcText(instant: number): string {
  return new Date(instant).toISOString().slice(0, 23).replace('T', ' ');
}

import { holds } from './column-fit.ts';
import { describeType, type ColumnType } from './column.ts';

/*
 * What a new type of a column means to those who have rows of the old one. This is the table; docs/schema-changes.md says what
 * each stage does with it.
 *
 *   same          nothing has changed
 *   wider         every old value is also one of the new type: int32 -> int64, decimal(8,2) -> decimal(10,2), uuid -> text
 *   narrower      every new value is also one of the old type
 *   incompatible  neither: text -> int64, timestamp -> timestamp with time zone, decimal(10,2) -> decimal(10,4)
 */
export type TypeChange = 'same' | 'wider' | 'narrower' | 'incompatible';

/** How the type of a column compares to the one that it had before. */
export function typeChange(before: ColumnType, now: ColumnType): TypeChange {
  if (describeType(before) === describeType(now)) return 'same';
  if (holds(now, before)) return 'wider';
  return holds(before, now) ? 'narrower' : 'incompatible';
}

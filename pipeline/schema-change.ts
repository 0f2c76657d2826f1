import { describeType, type Column } from './column.ts';
import type { SchemaChange } from './data-event.ts';

/** One difference between what was known of a dataset and what a run has just seen. */
export interface ColumnDifference {
  readonly change: SchemaChange;
  readonly before: readonly Column[];
  readonly after: readonly Column[];
}

/** The differences in a fixed order: added, removed, retyped, each by column name. `null` before means a new table. */
export function schemaChanges(
  before: readonly Column[] | null,
  after: readonly Column[],
): readonly ColumnDifference[] {
  if (before === null) return [{ change: 'TABLE_ADDED', before: [], after }];
  const known = new Map(before.map((column) => [column.name, column]));
  const seen = new Map(after.map((column) => [column.name, column]));
  const added = after.filter((column) => !known.has(column.name));
  const removed = before.filter((column) => !seen.has(column.name));
  const retyped = after.filter((column) => {
    const old = known.get(column.name);
    return old !== undefined && describeType(old.type) !== describeType(column.type);
  });
  const difference = (change: SchemaChange, columns: readonly Column[]): ColumnDifference[] =>
    columns.length === 0 ? [] : [{ change, before, after }];
  return [
    ...difference('COLUMN_ADDED', added),
    ...difference('COLUMN_REMOVED', removed),
    ...difference('COLUMN_TYPE_CHANGED', retyped),
  ];
}

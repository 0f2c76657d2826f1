import type { Column as GlueColumn } from '@aws-sdk/client-glue';
import { StageFailure } from '../../pipeline/failure.ts';

export interface MergedColumns {
  /** All columns that the table has, then the new ones: nothing is removed, moved or retyped. */
  readonly columns: readonly GlueColumn[];
  readonly added: readonly string[];
}

/**
 * Adds the batch's columns to those of the table. A column that is in both with different types is refused with
 * `data_error`: old partitions hold files of the old type, and no reader could read both.
 */
export function mergeColumns(
  table: string,
  existing: readonly GlueColumn[],
  batch: readonly GlueColumn[],
): MergedColumns {
  const known = new Map(existing.map((column) => [(column.Name ?? '').toLowerCase(), column]));
  const added: GlueColumn[] = [];
  for (const column of batch) {
    const before = known.get(column.Name ?? '');
    if (before === undefined) added.push(column);
    else checkType(table, before, column);
  }
  return { columns: [...existing, ...added], added: added.map((column) => column.Name ?? '') };
}

function checkType(table: string, before: GlueColumn, now: GlueColumn): void {
  const [oldType, newType] = [spelling(before.Type), spelling(now.Type)];
  if (oldType === newType) return;
  const column = now.Name ?? '';
  throw new StageFailure(
    'data_error',
    `Glue table ${table}: column ${column} is ${oldType}, and the batch has it as ${newType}. ` +
      'Register into another table, or change the column back (or cast it) at the source and extract again.',
    { facts: { table, column, tableType: oldType, batchType: newType } },
  );
}

/** Crawlers and people write `Decimal(12, 2)` and `integer`; the Hive type is the same. */
function spelling(type: string | undefined): string {
  const text = (type ?? '').toLowerCase().replaceAll(/\s/g, '');
  return text === 'integer' ? 'int' : text;
}

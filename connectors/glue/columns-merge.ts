import type { Column as GlueColumn } from '@aws-sdk/client-glue';
import { StageFailure } from '../../pipeline/failure.ts';

export interface MergedColumns {
  /** All columns that the table has, then the new ones: nothing is removed, moved or made narrower. */
  readonly columns: readonly GlueColumn[];
  /** The same with the types that the batch's own files have: Athena casts from a partition's type to the table's. */
  readonly partition: readonly GlueColumn[];
  readonly added: readonly string[];
  readonly widened: readonly string[];
}

/** Types that Athena reads as one that stands later in the list (User Guide, "Change a column data type"). */
const READ_AS_WIDER: readonly (readonly string[])[] = [
  ['tinyint', 'smallint', 'int', 'bigint'],
  ['float', 'double'],
];

/**
 * Adds the batch's columns to those of the table, and gives a column the wider of two types when Athena reads the files of the
 * narrower one as the wider. Of any other two types one is refused with `data_error`: the files of old partitions stay as they are,
 * and no reader could read both.
 */
export function mergeColumns(
  table: string,
  existing: readonly GlueColumn[],
  batch: readonly GlueColumn[],
): MergedColumns {
  const arriving = new Map(batch.map((column) => [column.Name ?? '', column]));
  const merged = existing.map((column) => {
    const now = arriving.get((column.Name ?? '').toLowerCase());
    return now === undefined ? column : { ...column, ...widerOf(table, column, now) };
  });
  const known = new Set(existing.map((column) => (column.Name ?? '').toLowerCase()));
  const added = batch.filter((column) => !known.has(column.Name ?? ''));
  const columns = [...merged, ...added];
  return {
    columns,
    partition: columns.map((column) => ownType(column, arriving.get((column.Name ?? '').toLowerCase()))),
    added: added.map((column) => column.Name ?? ''),
    widened: merged.flatMap((column, at) =>
      spelling(column.Type) === spelling(existing[at]?.Type) ? [] : [column.Name ?? ''],
    ),
  };
}

/** Type and description of the wider one; nothing when the table has it already. */
function widerOf(
  table: string,
  before: GlueColumn,
  now: GlueColumn,
): Pick<GlueColumn, 'Type' | 'Parameters'> {
  const [oldType, newType] = [spelling(before.Type), spelling(now.Type)];
  if (oldType === newType) return {};
  const widths = READ_AS_WIDER.find((types) => types.includes(oldType) && types.includes(newType));
  if (widths === undefined) throw retyped(table, now.Name ?? '', oldType, newType);
  if (widths.indexOf(newType) < widths.indexOf(oldType)) return {};
  return { Type: now.Type, Parameters: { ...before.Parameters, ...now.Parameters } };
}

function ownType(column: GlueColumn, own: GlueColumn | undefined): GlueColumn {
  return own === undefined || spelling(own.Type) === spelling(column.Type)
    ? column
    : { ...column, Type: own.Type };
}

function retyped(table: string, column: string, oldType: string, newType: string): StageFailure {
  return new StageFailure(
    'data_error',
    `Glue table ${table}: column ${column} is ${oldType}, and the batch has it as ${newType}, which Athena does not read as one. ` +
      'Register into another table, or change the column back (or cast it) at the source and extract again.',
    { facts: { table, column, tableType: oldType, batchType: newType } },
  );
}

/** Crawlers and people write `Decimal(12, 2)` and `integer`; the Hive type is the same. */
function spelling(type: string | undefined): string {
  const text = (type ?? '').toLowerCase().replaceAll(/\s/g, '');
  return text === 'integer' ? 'int' : text;
}

import type { Column as GlueColumn } from '@aws-sdk/client-glue';
import { describeType, type Column, type ColumnType } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';

/** Key of every table that Reefline registers; a column of that name would hide it. */
export const PARTITION_KEY = 'timelabel';

/** Parameter of a column that says its neutral type. */
export const NEUTRAL_TYPE = 'reefline.type';

/**
 * Hive types by neutral kind (https://docs.aws.amazon.com/athena/latest/ug/data-types.html). Hive knows no json and
 * no uuid: their files hold texts. Its timestamp has no zone: instants are stored and read as UTC.
 */
const HIVE_TYPES: Readonly<Record<Exclude<ColumnType['kind'], 'decimal'>, string>> = {
  boolean: 'boolean',
  int16: 'smallint',
  int32: 'int',
  int64: 'bigint',
  float32: 'float',
  float64: 'double',
  date: 'date',
  text: 'string',
  json: 'string',
  uuid: 'string',
  binary: 'binary',
  timestamp: 'timestamp',
};

/** The Hive type of a neutral one, e.g. `decimal(12,2)`, `bigint`. */
export function hiveType(type: ColumnType): string {
  return type.kind === 'decimal'
    ? `decimal(${String(type.precision)},${String(type.scale)})`
    : HIVE_TYPES[type.kind];
}

/**
 * The columns as Glue keeps them. Hive folds names to lower case, so two that differ only in case, or one that is
 * called like the partition key, are refused with `data_error`.
 */
export function glueColumns(table: string, columns: readonly Column[]): GlueColumn[] {
  const seen = new Map<string, string>([[PARTITION_KEY, 'the partition key']]);
  return columns.map((column) => {
    const name = column.name.toLowerCase();
    const other = seen.get(name);
    if (other !== undefined) {
      throw new StageFailure(
        'data_error',
        `Glue table ${table}: column ${column.name} has the same name as ${other}, because Hive does not ` +
          'distinguish upper and lower case. Rename one of them at the source, for example through a view.',
        { facts: { table, column: column.name } },
      );
    }
    seen.set(name, `column ${column.name}`);
    return {
      Name: name,
      Type: hiveType(column.type),
      Parameters: { [NEUTRAL_TYPE]: describeType(column.type) },
    };
  });
}

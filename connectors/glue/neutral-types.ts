import type { Column as GlueColumn } from '@aws-sdk/client-glue';
import { parseType, type Column, type ColumnType } from '../../pipeline/column.ts';
import { hiveType, NEUTRAL_TYPE } from './column-types.ts';

/** Hive types that a query leaves in the catalog, and what holds their values without loss. */
const NEUTRAL_TYPES: Readonly<Record<string, ColumnType>> = {
  boolean: { kind: 'boolean' },
  tinyint: { kind: 'int16' },
  smallint: { kind: 'int16' },
  int: { kind: 'int32' },
  integer: { kind: 'int32' },
  bigint: { kind: 'int64' },
  float: { kind: 'float32' },
  double: { kind: 'float64' },
  date: { kind: 'date' },
  string: { kind: 'text' },
  binary: { kind: 'binary' },
  timestamp: { kind: 'timestamp', zoned: false },
};

/** The neutral type of a Hive one, `decimal(12,2)`, `varchar(3)` …; undefined when it has no neutral counterpart. */
export function neutralType(hiveType: string): ColumnType | undefined {
  const text = hiveType.toLowerCase().replaceAll(/\s/g, '');
  const decimal = /^decimal\((\d+),(\d+)\)$/.exec(text);
  if (decimal !== null) return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  return /^(?:var)?char\(\d+\)$/.test(text) ? { kind: 'text' } : NEUTRAL_TYPES[text];
}

/**
 * The columns of a table in the catalog. What Hive cannot say of a type (an instant, a json) is told by its own parameter, as
 * long as that agrees with the type; a column without a neutral counterpart is left out.
 */
export function neutralColumns(columns: readonly GlueColumn[]): readonly Column[] {
  return columns.flatMap(({ Name: name = '', Type: hive = '', Parameters }): Column[] => {
    const told = parseType(Parameters?.[NEUTRAL_TYPE] ?? '');
    const type = told !== undefined && hiveType(told) === hive ? told : neutralType(hive);
    return type === undefined ? [] : [{ name, type, nullable: true }];
  });
}

import type { ColumnType } from '../../pipeline/column.ts';

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

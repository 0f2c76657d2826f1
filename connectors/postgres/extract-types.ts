import type { ColumnType } from '../../pipeline/column.ts';

/** Its binary form is the text, as that of enums is. */
export const TEXT = 25;

/** Types by the oid that PostgreSQL's catalog fixes for them (src/include/catalog/pg_type.dat). */
const BY_OID: ReadonlyMap<number, ColumnType> = new Map<number, ColumnType>([
  [16, { kind: 'boolean' }],
  [17, { kind: 'binary' }],
  [20, { kind: 'int64' }],
  [21, { kind: 'int16' }],
  [23, { kind: 'int32' }],
  [TEXT, { kind: 'text' }],
  [114, { kind: 'json' }],
  [700, { kind: 'float32' }],
  [701, { kind: 'float64' }],
  [1042, { kind: 'text' }],
  [1043, { kind: 'text' }],
  [1082, { kind: 'date' }],
  [1114, { kind: 'timestamp', zoned: false }],
  [1184, { kind: 'timestamp', zoned: true }],
  [2950, { kind: 'uuid' }],
  [3802, { kind: 'json' }],
]);

const NUMERIC = 1700;
const MAX_PRECISION = 38;

/** Its binary form starts with a version byte, so it is read as the text that it also is. */
export const JSONB = 3802;

/** The neutral type of a PostgreSQL type, or undefined when the staged files cannot hold it unchanged. */
export function neutralType(oid: number, typmod: number): ColumnType | undefined {
  return oid === NUMERIC ? decimal(typmod) : BY_OID.get(oid);
}

/**
 * `numeric(precision, scale)`: the type modifier is `((precision << 16) | scale) + 4`, with a signed scale of 11 bits
 * (numeric.c). A negative scale and one above the precision become the narrowest decimal that holds every value.
 */
function decimal(typmod: number): ColumnType | undefined {
  if (typmod < 4) return undefined;
  const declared = (typmod - 4) >> 16;
  const scale = (((typmod - 4) & 0x7ff) ^ 1024) - 1024;
  const precision = scale < 0 ? declared - scale : Math.max(declared, scale);
  if (precision > MAX_PRECISION) return undefined;
  return { kind: 'decimal', precision, scale: Math.max(scale, 0) };
}

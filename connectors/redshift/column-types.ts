import type { Column, ColumnType } from '../../pipeline/column.ts';

/**
 * Neutral types and the Redshift types that hold them
 * (https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html). Lengths of varchar and varbyte are bytes.
 */
const PLAIN_TYPES = {
  boolean: 'boolean',
  int16: 'smallint',
  int32: 'integer',
  int64: 'bigint',
  float32: 'real',
  float64: 'double precision',
  date: 'date',
  text: 'varchar(65535)',
  json: 'varchar(65535)',
  uuid: 'varchar(36)',
  binary: 'varbyte(1024000)',
} as const;

/** Types as the catalog spells them (`format_type`), without their length or precision. */
const CATALOG_TYPES: Readonly<Record<string, ColumnType>> = {
  boolean: { kind: 'boolean' },
  smallint: { kind: 'int16' },
  integer: { kind: 'int32' },
  bigint: { kind: 'int64' },
  real: { kind: 'float32' },
  'double precision': { kind: 'float64' },
  date: { kind: 'date' },
  'character varying': { kind: 'text' },
  character: { kind: 'text' },
  text: { kind: 'text' },
  'binary varying': { kind: 'binary' },
  varbyte: { kind: 'binary' },
  bytea: { kind: 'binary' },
  'timestamp without time zone': { kind: 'timestamp', zoned: false },
  'timestamp with time zone': { kind: 'timestamp', zoned: true },
};

/** The Redshift type of a column that Reefline creates. */
export function redshiftType(type: ColumnType): string {
  if (type.kind === 'decimal') return `decimal(${String(type.precision)},${String(type.scale)})`;
  if (type.kind === 'timestamp') return type.zoned ? 'timestamptz' : 'timestamp';
  return PLAIN_TYPES[type.kind];
}

/**
 * The type of a column into which COPY reads a file. COPY of columnar files has no `timestamptz`; Parquet holds UTC
 * instants, so they are read as UTC wall-clock time and become instants on their way into the table.
 */
export function stagingType(type: ColumnType, format: 'parquet' | 'csv'): string {
  return format === 'parquet' && type.kind === 'timestamp' ? 'timestamp' : redshiftType(type);
}

/** The neutral type of a catalog spelling such as `numeric(12,2)`; undefined when it has no neutral counterpart. */
export function neutralType(catalogType: string): ColumnType | undefined {
  const match = /^([a-z ]+?)(?:\((\d+)(?:,(\d+))?\))?( with(?:out)? time zone)?$/.exec(catalogType);
  if (match === null) return undefined;
  const [, base = '', first, second, zone = ''] = match;
  if (base === 'numeric') {
    return first === undefined
      ? undefined
      : { kind: 'decimal', precision: Number(first), scale: Number(second ?? 0) };
  }
  return CATALOG_TYPES[base + zone];
}

/** The column as the warehouse describes it once it is stored: json and uuid are text there, and all may be NULL. */
export function storedColumn(column: Column): Column {
  const type: ColumnType =
    column.type.kind === 'json' || column.type.kind === 'uuid' ? { kind: 'text' } : column.type;
  return { ...column, type, nullable: true };
}

import { QueryError } from './fault.ts';

/** Hive types of the catalog and DuckDB's types for them. */
const DUCKDB_TYPES: Readonly<Record<string, string>> = {
  boolean: 'BOOLEAN',
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  int: 'INTEGER',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  date: 'DATE',
  string: 'VARCHAR',
  binary: 'BLOB',
  timestamp: 'TIMESTAMP',
};

/** DuckDB's types, what Athena calls them in a result, and what a CREATE TABLE AS makes of them in the catalog. */
const ATHENA_TYPES: Readonly<
  Record<string, { readonly result: string; readonly hive: string; readonly precision: number }>
> = {
  BOOLEAN: { result: 'boolean', hive: 'boolean', precision: 0 },
  TINYINT: { result: 'tinyint', hive: 'tinyint', precision: 3 },
  SMALLINT: { result: 'smallint', hive: 'smallint', precision: 5 },
  INTEGER: { result: 'integer', hive: 'int', precision: 10 },
  BIGINT: { result: 'bigint', hive: 'bigint', precision: 19 },
  // DuckDB sums whole numbers into 128 bits, Athena into 64.
  HUGEINT: { result: 'bigint', hive: 'bigint', precision: 19 },
  FLOAT: { result: 'float', hive: 'float', precision: 17 },
  DOUBLE: { result: 'double', hive: 'double', precision: 17 },
  DATE: { result: 'date', hive: 'date', precision: 0 },
  VARCHAR: { result: 'varchar', hive: 'string', precision: 2147483647 },
  BLOB: { result: 'varbinary', hive: 'binary', precision: 1073741824 },
  TIMESTAMP: { result: 'timestamp', hive: 'timestamp', precision: 3 },
};

/** The DuckDB type of a Hive one. @throws QueryError for those that this stand-in does not read. */
export function duckdbType(hive: string, column: string): string {
  const text = hive.toLowerCase().replaceAll(/\s/g, '');
  const decimal = /^decimal\((\d+),(\d+)\)$/.exec(text);
  if (decimal !== null) return `DECIMAL(${decimal[1] ?? ''},${decimal[2] ?? ''})`;
  if (/^(?:var)?char\(\d+\)$/.test(text)) return 'VARCHAR';
  const known = DUCKDB_TYPES[text];
  if (known === undefined)
    throw new QueryError(
      `NOT_SUPPORTED: This local Athena does not read the type ${hive} of column ${column}`,
    );
  return known;
}

/** How a DuckDB type shows in a result. */
export function resultType(duckdb: string): { type: string; precision: number; scale: number } {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(duckdb);
  if (decimal !== null) return { type: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  const known = ATHENA_TYPES[duckdb];
  if (known !== undefined) return { type: known.result, precision: known.precision, scale: 0 };
  if (duckdb === 'TIMESTAMP WITH TIME ZONE')
    return { type: 'timestamp with time zone', precision: 3, scale: 0 };
  if (duckdb === '"NULL"') return { type: 'unknown', precision: 0, scale: 0 };
  return { type: 'varchar', precision: 2147483647, scale: 0 };
}

/** The Hive type of a column that a CREATE TABLE AS writes. @throws QueryError as Athena does for those that Hive has not. */
export function hiveType(duckdb: string, position: number): string {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(duckdb);
  if (decimal !== null) return `decimal(${decimal[1] ?? ''},${decimal[2] ?? ''})`;
  const list = /^(.*)\[\]$/.exec(duckdb)?.[1];
  if (list !== undefined) return `array<${hiveType(list, position)}>`;
  if (duckdb === '"NULL"')
    throw new QueryError(
      `COLUMN_TYPE_UNKNOWN: line 1:1: Column type is unknown at position ${String(position)}`,
    );
  const known = ATHENA_TYPES[duckdb];
  if (known !== undefined) return known.hive;
  const name = duckdb === 'TIMESTAMP WITH TIME ZONE' ? 'timestamp(3) with time zone' : duckdb.toLowerCase();
  throw new QueryError(`NOT_SUPPORTED: Unsupported Hive type: ${name}`);
}

/** Types of files and of tables that Athena reads as each other are of one family. */
export function family(duckdb: string): string {
  if (/^(?:TINYINT|SMALLINT|INTEGER|BIGINT)$/.test(duckdb)) return 'whole';
  if (duckdb.startsWith('DECIMAL')) return 'decimal';
  if (duckdb.startsWith('TIMESTAMP')) return 'timestamp';
  return duckdb;
}

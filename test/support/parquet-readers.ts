import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describeType, type Column } from '../../pipeline/column.ts';
import type { CellValue } from './copy-rows.ts';

export interface DuckDbAnswer {
  readonly types: readonly string[];
  readonly rows: readonly (readonly CellValue[])[];
}

/**
 * Reads the files in order with DuckDB; values as `CellValue`, types as DuckDB calls them. The columns are named c0,
 * c1 … for a `select` list of the caller's own.
 */
export async function readWithDuckDb(
  files: readonly Uint8Array[],
  columns: readonly Column[],
  own?: { readonly select: string },
): Promise<DuckDbAnswer> {
  const folder = await mkdtemp(join(tmpdir(), 'reefline-parquet-'));
  const database = await DuckDBInstance.create(':memory:');
  const connection = await database.connect();
  try {
    const paths = files.map((_, at) => join(folder, `${String(at)}.parquet`));
    await Promise.all(files.map((file, at) => writeFile(paths[at] ?? '', file)));
    const table = `read_parquet([${paths.map((path) => `'${path}'`).join(', ')}])`;
    const described = await connection.runAndReadAll(`describe select * from ${table}`);
    const select =
      own?.select ?? columns.map((column, at) => duckDbExpression(column, `"c${String(at)}"`)).join(', ');
    const names = columns.map((_, at) => `"c${String(at)}"`).join(', ');
    const read = await connection.runAndReadAll(`select ${select} from ${table} as t(${names})`);
    return {
      types: described.getRows().map((row) => String(row[1])),
      rows: read
        .getRows()
        .map((row) => row.map((value, at) => (own ? (value as CellValue) : fromDuckDb(columns[at], value)))),
    };
  } finally {
    connection.closeSync();
    database.closeSync();
    await rm(folder, { recursive: true });
  }
}

/** Reads one file with hyparquet, decimals by their stored integers, so that nothing passes through a double. */
export async function readWithHyparquet(
  file: Uint8Array,
  columns: readonly Column[],
): Promise<readonly (readonly CellValue[])[]> {
  const memory = new Uint8Array(file).buffer;
  const metadata = parquetMetadata(memory);
  for (const element of metadata.schema) {
    if (element.converted_type !== 'DECIMAL') continue;
    delete element.converted_type;
    delete element.logical_type;
  }
  const objects = await parquetReadObjects({
    file: memory,
    metadata,
    compressors,
    utf8: false,
    parsers: { timestampFromMicroseconds: (micros: bigint) => micros, dateFromDays: (days: number) => days },
  });
  return objects.map((row) => columns.map((column) => fromHyparquet(column, row[column.name])));
}

/** DuckDB's name of the type that a column must have in the file. */
export function duckDbType({ type }: Column): string {
  switch (type.kind) {
    case 'decimal':
      return describeType(type).toUpperCase();
    case 'timestamp':
      return type.zoned ? 'TIMESTAMP WITH TIME ZONE' : 'TIMESTAMP';
    case 'boolean':
    case 'date':
      return type.kind.toUpperCase();
    case 'int16':
      return 'SMALLINT';
    case 'int32':
      return 'INTEGER';
    case 'int64':
      return 'BIGINT';
    case 'float32':
      return 'FLOAT';
    case 'float64':
      return 'DOUBLE';
    case 'binary':
      return 'BLOB';
    case 'text':
    case 'json':
    case 'uuid':
      return 'VARCHAR';
  }
}

function duckDbExpression({ type }: Column, name: string): string {
  if (type.kind === 'decimal') return `${name}::varchar`;
  if (type.kind === 'timestamp') return `epoch_us(${name})`;
  if (type.kind === 'date') return `(${name} - date '1970-01-01')::integer`;
  return type.kind === 'binary' ? `hex(${name})` : name;
}

function fromDuckDb(column: Column | undefined, value: unknown): CellValue {
  if (value === null || value === undefined) return null;
  if (column?.type.kind === 'decimal') return BigInt((value as string).replace('.', ''));
  if (column?.type.kind === 'binary') return new Uint8Array(Buffer.from(value as string, 'hex'));
  return value as CellValue;
}

function fromHyparquet({ type }: Column, value: unknown): CellValue {
  if (value === null || value === undefined) return null;
  if (type.kind === 'decimal') {
    return value instanceof Uint8Array
      ? BigInt.asIntN(128, BigInt(`0x${Buffer.from(value).toString('hex')}`))
      : BigInt(value as number | bigint);
  }
  return value instanceof Uint8Array && type.kind !== 'binary'
    ? Buffer.from(value).toString()
    : (value as CellValue);
}

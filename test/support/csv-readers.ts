import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describeType, type Column, type ColumnType } from '../../pipeline/column.ts';
import type { CellValue } from './copy-rows.ts';

/** Reads compressed CSV files in order with DuckDB, which is told the conventions of docs/staged-files.md and no type. */
export async function readCsvWithDuckDb(
  files: readonly Uint8Array[],
  columns: readonly Column[],
  ending: 'csv.gz' | 'csv.zst',
): Promise<readonly (readonly CellValue[])[]> {
  const folder = await mkdtemp(join(tmpdir(), 'reefline-csv-'));
  const database = await DuckDBInstance.create(':memory:');
  const connection = await database.connect();
  try {
    const paths = files.map((_, at) => join(folder, `${String(at)}.${ending}`));
    await Promise.all(files.map((file, at) => writeFile(paths[at] ?? '', file)));
    const names = columns.map((_, at) => `'c${String(at)}': 'varchar'`).join(', ');
    const values = columns.map(({ type }, at) => valueOf(type, `c${String(at)}`)).join(', ');
    await connection.run("set timezone = 'UTC'");
    const read = await connection.runAndReadAll(
      `select ${values} from read_csv([${paths.map((path) => `'${path}'`).join(', ')}], auto_detect = false,
         columns = {${names}}, header = false, delim = ',', quote = '"', escape = '"', new_line = '\\n',
         nullstr = '\\N', allow_quoted_nulls = false, max_line_size = 67108864, parallel = false)`,
    );
    return read.getRows().map((row) => row.map((value, at) => fromDuckDb(columns[at]?.type, value)));
  } finally {
    connection.closeSync();
    database.closeSync();
    await rm(folder, { recursive: true });
  }
}

function valueOf(type: ColumnType, name: string): string {
  switch (type.kind) {
    case 'boolean':
      return `${name}::boolean`;
    case 'int16':
    case 'int32':
      return `${name}::integer`;
    case 'int64':
      return `${name}::bigint`;
    case 'float32':
      return `${name}::float`;
    case 'float64':
      return `${name}::double`;
    case 'decimal':
      return `${name}::${describeType(type)}::varchar`;
    case 'date':
      return `(${name}::date - date '1970-01-01')::integer`;
    case 'timestamp':
      return `epoch_us(${name}::${type.zoned ? 'timestamptz' : 'timestamp'})`;
    case 'text':
    case 'json':
    case 'uuid':
    case 'binary':
      return name;
  }
}

function fromDuckDb(type: ColumnType | undefined, value: unknown): CellValue {
  if (value === null || value === undefined) return null;
  if (type?.kind === 'decimal') return BigInt((value as string).replace('.', ''));
  if (type?.kind === 'binary') return new Uint8Array(Buffer.from(value as string, 'hex'));
  return value as CellValue;
}

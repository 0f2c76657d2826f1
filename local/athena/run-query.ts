import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DuckDBInstance } from '@duckdb/node-api';
import { QueryError } from './fault.ts';
import { FUNCTIONS } from './functions.ts';
import type { GlueTables } from './glue-tables.ts';
import type { Objects } from './objects.ts';
import { asText, resultFile } from './result-values.ts';
import { translate, type Statement } from './statement.ts';
import type { QueryRecord, ResultColumn } from './store.ts';
import { hiveType, resultType } from './types.ts';
import { interruptedBy } from '../interrupt.ts';
import { CATALOG, createView, literal, locateTables, quote } from './views.ts';

/** What a query reads, writes and is ended by. */
export interface QueryTools {
  readonly glue: GlueTables;
  readonly objects: Objects;
  /** Folder for files on their way to S3. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** How a query ended well. */
export interface Outcome {
  readonly scanned: number;
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly written?: number;
  readonly resultUri?: string;
  readonly manifestUri?: string;
}

/** A query reads more than its workgroup allows. It ends as CANCELLED, as in the service. */
export class ScanLimit extends Error {}

interface DuckColumn {
  readonly name: string;
  readonly type: string;
}

/** Runs one statement in a DuckDB of its own, which sees the tables that it names and nothing else. */
export async function runQuery(
  record: QueryRecord,
  statement: Statement,
  tools: QueryTools,
): Promise<Outcome> {
  const { duckdb: query, tables } = translate(record.sql, statement);
  if (statement.kind !== 'select') await checkTarget(record, statement, tools);
  const located = await locateTables(record.sql, tables, record.database, tools);
  const scanned = located.reduce((sum, { bytes }) => sum + bytes, 0);
  if (record.scanLimit !== undefined && scanned > record.scanLimit) throw new ScanLimit();
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const run = async (): Promise<Outcome> => {
    await connection.run(`SET TimeZone = 'UTC'; ATTACH ':memory:' AS ${CATALOG}`);
    for (const table of located) await createView(connection, table);
    if (record.database !== undefined) {
      await connection.run(`CREATE SCHEMA IF NOT EXISTS ${CATALOG}.${quote(record.database)}`);
      await connection.run(`USE ${CATALOG}.${quote(record.database)}`);
    } else await connection.run(`USE ${CATALOG}`);
    for (const macro of FUNCTIONS) await connection.run(macro);
    await shutIn(connection, tools);
    tools.signal.throwIfAborted();
    const columns = await describe(connection, query);
    const done =
      statement.kind === 'select'
        ? await runSelect(record, query, columns, connection, tools)
        : await writeFiles(record, statement, query, columns, connection, tools);
    return { scanned, ...done };
  };
  try {
    return await interruptedBy(tools.signal, connection, run);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** A query may read no other file of this machine. */
async function shutIn(connection: DuckDBConnection, { objects, scratch }: QueryTools): Promise<void> {
  await connection.run(`SET allowed_directories = [${literal(objects.dir)}, ${literal(scratch)}]`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
}

async function describe(connection: DuckDBConnection, query: string): Promise<DuckColumn[]> {
  const reader = await connection.runAndReadAll(`DESCRIBE ${query}`);
  return reader.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
}

async function runSelect(
  record: QueryRecord,
  query: string,
  columns: readonly DuckColumn[],
  connection: DuckDBConnection,
  { objects, signal }: QueryTools,
): Promise<Omit<Outcome, 'scanned'>> {
  const reader = await connection.runAndReadAll(asText(query, columns));
  signal.throwIfAborted();
  const rows = reader.getRows().map((row) => row.map((value) => (value === null ? null : String(value))));
  const names = columns.map(({ name }, at) => (isNamed(name) ? name.toLowerCase() : `_col${String(at)}`));
  const resultUri = `${record.output}${record.id}.csv`;
  await objects.uploadText(resultUri, resultFile(names, rows));
  const shown = columns.map(({ type }, at) => ({ name: names[at] ?? '', ...resultType(type) }));
  return { columns: shown, rows, resultUri };
}

/** Where a CREATE TABLE AS or an UNLOAD writes; Athena's own choice when the statement names no place. */
function targetOf(record: QueryRecord, statement: Exclude<Statement, { kind: 'select' }>): string {
  const named =
    statement.kind === 'unload' ? statement.location : statement.properties.get('external_location');
  return named ?? `${record.output}tables/${record.id}/`;
}

async function checkTarget(
  record: QueryRecord,
  statement: Exclude<Statement, { kind: 'select' }>,
  { glue, objects, signal }: QueryTools,
): Promise<void> {
  checkProperties(statement.properties, statement.kind);
  const target = targetOf(record, statement);
  let table = target;
  if (statement.kind === 'create-as') {
    const database = statement.database ?? record.database;
    if (database === undefined)
      throw new QueryError(
        'MISSING_SCHEMA_NAME: line 1:1: Schema must be specified when session schema is not set',
      );
    table = `${database}.${statement.table}`;
    if (!(await glue.hasDatabase(database)))
      throw new QueryError(`SCHEMA_NOT_FOUND: line 1:1: Schema '${database}' does not exist`);
    if ((await glue.find(database, statement.table)) !== undefined)
      throw new QueryError(
        `TABLE_ALREADY_EXISTS: line 1:1: Destination table '${CATALOG}.${table}' already exists`,
      );
  }
  if (!/^s3:\/\/[^/]+\/./.test(target))
    throw new QueryError(`INVALID_TABLE_PROPERTY: ${target} is not a valid S3 folder`);
  if ((await objects.list(target.replace(/\/*$/, '/'), signal)).length > 0)
    throw new QueryError(
      `HIVE_PATH_ALREADY_EXISTS: Target directory for table '${table}' already exists: ${target}. You may need to manually clean the data at location '${target}' before retrying. Athena will not delete data in your account.`,
    );
}

const PROPERTIES = ['format', 'write_compression', 'parquet_compression', 'compression', 'external_location'];

function checkProperties(properties: ReadonlyMap<string, string>, kind: 'create-as' | 'unload'): void {
  const unknown = [...properties.keys()].find((name) => !PROPERTIES.includes(name));
  if (unknown !== undefined)
    throw new QueryError(`NOT_SUPPORTED: This local Athena does not take the property ${unknown}`);
  const format = properties.get('format') ?? (kind === 'unload' ? '' : 'PARQUET');
  if (format.toUpperCase() !== 'PARQUET')
    throw new QueryError(
      `NOT_SUPPORTED: This local Athena writes PARQUET, not ${format || 'an unnamed format'}`,
    );
  compressionOf(properties);
}

function compressionOf(properties: ReadonlyMap<string, string>): string {
  const names = ['write_compression', 'parquet_compression', 'compression'];
  const name = names.map((property) => properties.get(property)).find((value) => value !== undefined);
  const compression = (name ?? 'GZIP').toUpperCase();
  if (!['GZIP', 'SNAPPY', 'ZSTD', 'NONE'].includes(compression))
    throw new QueryError(`INVALID_TABLE_PROPERTY: Unsupported compression ${compression} for PARQUET`);
  return compression === 'NONE' ? 'UNCOMPRESSED' : compression;
}

async function writeFiles(
  record: QueryRecord,
  statement: Exclude<Statement, { kind: 'select' }>,
  query: string,
  columns: readonly DuckColumn[],
  connection: DuckDBConnection,
  tools: QueryTools,
): Promise<Omit<Outcome, 'scanned'>> {
  const hive = hiveColumns(columns);
  const path = join(tools.scratch, `${record.id}.parquet`);
  const folder = targetOf(record, statement).replace(/\/*$/, '/');
  try {
    const rows = await writeParquet(query, columns, path, compressionOf(statement.properties), connection);
    tools.signal.throwIfAborted();
    const file = `${folder}${new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)}_00000_${randomBytes(4).toString('hex')}`;
    // Without rows there is no file, as in the service.
    if (rows > 0) await tools.objects.uploadFile(file, path);
    if (statement.kind === 'unload') {
      const manifestUri = `${record.output}${record.id}-manifest.csv`;
      await tools.objects.uploadText(manifestUri, rows > 0 ? `${file}\n` : '');
      return { columns: [], rows: [], manifestUri };
    }
    tools.signal.throwIfAborted();
    const database = statement.database ?? record.database ?? '';
    await tools.glue.createParquetTable(database, statement.table, hive, folder);
    return { columns: [], rows: [], written: rows };
  } finally {
    await rm(path, { force: true });
  }
}

/** @throws QueryError for columns without a name, with the same name, or of a type that Hive has not. */
function hiveColumns(columns: readonly DuckColumn[]): { Name: string; Type: string }[] {
  const seen = new Set<string>();
  return columns.map(({ name, type }, at) => {
    const position = String(at + 1);
    if (!isNamed(name))
      throw new QueryError(
        `MISSING_COLUMN_NAME: line 1:1: Column name not specified at position ${position}`,
      );
    const folded = name.toLowerCase();
    if (seen.has(folded))
      throw new QueryError(
        `DUPLICATE_COLUMN_NAME: line 1:1: Column name '${folded}' specified more than once`,
      );
    seen.add(folded);
    return { Name: folded, Type: hiveType(type, at + 1) };
  });
}

/** DuckDB invents names such as `count_star()` and `(a + b)`, which nobody would choose. */
function isNamed(name: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_$ -]*$/u.test(name);
}

async function writeParquet(
  query: string,
  columns: readonly DuckColumn[],
  path: string,
  compression: string,
  connection: DuckDBConnection,
): Promise<number> {
  const values = columns.map(({ type }, at) => {
    const column = quote(columns[at]?.name.toLowerCase() ?? '');
    return type === 'HUGEINT' ? `CAST(c${String(at)} AS BIGINT) AS ${column}` : `c${String(at)} AS ${column}`;
  });
  const names = columns.map((_, at) => `c${String(at)}`).join(', ');
  const reader = await connection.runAndReadAll(
    `COPY (SELECT ${values.join(', ')} FROM (${query}) AS q(${names})) TO ${literal(path)} (FORMAT parquet, COMPRESSION ${compression})`,
  );
  return Number(reader.getRows()[0]?.[0] ?? 0);
}

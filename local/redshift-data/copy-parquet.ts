import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { CopyCommand } from './copy-command.ts';
import type { CopyFile, CopyFiles } from './copy-files.ts';
import { quoteName, type CopyTarget, type TargetColumn } from './copy-target.ts';
import { StatementError } from './sql-error.ts';
import { interruptedBy } from '../interrupt.ts';

interface FileColumn {
  readonly name: string;
  readonly type: string;
}

/** Marks an error of ours among those of DuckDB. */
const TOO_LONG = 'reefline-too-long:';

/** Parquet to CSV by DuckDB, CSV to PostgreSQL by COPY. One DuckDB for all, one connection per COPY. */
export class ParquetLoader {
  readonly #files: CopyFiles;
  readonly #dir: string;
  #duckdb: Promise<DuckDBInstance> | undefined;
  #next = 0;

  constructor(files: CopyFiles, dir: string) {
    this.#files = files;
    this.#dir = dir;
  }

  /** Removes what a killed process left behind. */
  async prepare(): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
    await mkdir(this.#dir, { recursive: true });
  }

  async stop(): Promise<void> {
    (await this.#duckdb)?.closeSync();
    this.#duckdb = undefined;
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #connect(): Promise<DuckDBConnection> {
    this.#duckdb ??= DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: '512MB',
      temp_directory: join(this.#dir, 'spill'),
    });
    const connection = await (await this.#duckdb).connect();
    await connection.run("SET TimeZone = 'UTC'");
    return connection;
  }

  /** Loads all files into the table; returns the rows. @throws StatementError naming file and column. */
  async load(
    client: pg.ClientBase,
    command: CopyCommand,
    target: CopyTarget,
    files: readonly CopyFile[],
    signal: AbortSignal,
  ): Promise<number> {
    const duckdb = await this.#connect();
    try {
      return await interruptedBy(signal, duckdb, async () => {
        let rows = 0;
        for (const file of files) rows += await this.#loadFile(client, duckdb, command, target, file, signal);
        return rows;
      });
    } finally {
      duckdb.closeSync();
    }
  }

  async #loadFile(
    client: pg.ClientBase,
    duckdb: DuckDBConnection,
    command: CopyCommand,
    target: CopyTarget,
    file: CopyFile,
    signal: AbortSignal,
  ): Promise<number> {
    const stem = join(this.#dir, String(this.#next++));
    const parquet = `${stem}.parquet`;
    const csv = `${stem}.csv`;
    try {
      await this.#files.download(file, parquet, signal);
      const columns = await readColumns(duckdb, parquet, file);
      checkColumns(columns, target, file, command.options.has('FILLRECORD'));
      await writeCsv(duckdb, parquet, csv, columns, target, file);
      signal.throwIfAborted();
      const names = target.columns.slice(0, columns.length).map((column) => quoteName(column.name));
      const stream = client.query(
        copyFrom(`COPY ${command.table} (${names.join(', ')}) FROM STDIN (FORMAT csv)`),
      );
      await pipeline(createReadStream(csv, { highWaterMark: 256 * 1024 }), stream, { signal });
      return stream.rowCount;
    } finally {
      await Promise.all([rm(parquet, { force: true }), rm(csv, { force: true })]);
    }
  }
}

async function readColumns(duckdb: DuckDBConnection, path: string, file: CopyFile): Promise<FileColumn[]> {
  try {
    const reader = await duckdb.runAndReadAll(
      `DESCRIBE SELECT * FROM read_parquet(${literal(path)}, hive_partitioning = false)`,
    );
    return reader.getRows().map(([name, type]) => {
      if (typeof name !== 'string' || typeof type !== 'string') throw new Error('no columns');
      return { name, type };
    });
  } catch (error) {
    throw new StatementError(
      `Spectrum Scan Error\n  Detail: File '${file.url}' is not a readable Parquet file: ${firstLine(error)}`,
    );
  }
}

function checkColumns(
  columns: readonly FileColumn[],
  target: CopyTarget,
  file: CopyFile,
  fill: boolean,
): void {
  const want = target.columns.length;
  if (columns.length > want || (columns.length < want && !fill)) {
    throw new StatementError(
      `Spectrum Scan Error\n  Detail: Unmatched number of columns between table and file. Table columns: ${want}, Data columns: ${columns.length}, File name: ${file.url}`,
    );
  }
  columns.forEach((column, at) => {
    const into = target.columns[at];
    if (into !== undefined && !compatible(column.type, into)) {
      throw new StatementError(
        `Spectrum Scan Error\n  Detail: File '${file.url}' has an incompatible Parquet schema for column '${file.url}.${column.name}'. Column: ${into.name}, Column type: ${into.declared}, Parquet schema: ${column.type} ${column.name}`,
      );
    }
  });
}

/** DuckDB's name of a Parquet type by the PostgreSQL types that Redshift would load it into. */
const ACCEPTED: Readonly<Record<string, readonly string[]>> = {
  BOOLEAN: ['bool'],
  TINYINT: ['int2', 'int4'],
  SMALLINT: ['int2', 'int4'],
  INTEGER: ['int2', 'int4'],
  BIGINT: ['int8'],
  FLOAT: ['float4'],
  DOUBLE: ['float8'],
  DATE: ['date'],
  // Redshift reads every Parquet timestamp as UTC, whatever the file says of zones.
  TIMESTAMP: ['timestamp', 'timestamptz'],
  TIMESTAMP_NS: ['timestamp', 'timestamptz'],
  'TIMESTAMP WITH TIME ZONE': ['timestamp', 'timestamptz'],
  VARCHAR: ['varchar', 'bpchar', 'text'],
  JSON: ['varchar', 'text'],
  BLOB: ['bytea'],
};

function compatible(type: string, into: TargetColumn): boolean {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(type);
  if (decimal === null) return ACCEPTED[type]?.includes(into.type) ?? false;
  return into.type === 'numeric' && Number(decimal[1]) <= into.precision && Number(decimal[2]) === into.scale;
}

async function writeCsv(
  duckdb: DuckDBConnection,
  path: string,
  csv: string,
  columns: readonly FileColumn[],
  target: CopyTarget,
  file: CopyFile,
): Promise<void> {
  const expressions = columns.map((column, at) => expression(column, target.columns[at]));
  const sql = `COPY (SELECT ${expressions.join(', ')} FROM read_parquet(${literal(path)}, hive_partitioning = false))
    TO ${literal(csv)} (FORMAT csv, HEADER false, NULLSTR '', DELIMITER ',', QUOTE '"', ESCAPE '"')`;
  try {
    await duckdb.run(sql);
  } catch (error) {
    throw loadError(error, target, file);
  }
}

function expression(column: FileColumn, into: TargetColumn | undefined): string {
  const name = `"${column.name.replaceAll('"', '""')}"`;
  if (column.type === 'BLOB') return `'\\x' || hex(${name})`;
  if (into?.length === undefined) return name;
  // VARCHAR(n) counts bytes on Redshift and characters on PostgreSQL.
  const message = `'${TOO_LONG}' || ${literal(into.name)} || ':' || strlen(${name})`;
  return `CASE WHEN strlen(${name}) > ${into.length} THEN error(${message}) ELSE ${name} END`;
}

function loadError(error: unknown, target: CopyTarget, file: CopyFile): Error {
  const text = firstLine(error);
  const found = new RegExp(`${TOO_LONG}(.*):(\\d+)`).exec(text);
  if (found === null) return new StatementError(`Spectrum Scan Error\n  Detail: File '${file.url}': ${text}`);
  const column = target.columns.find(({ name }) => name === found[1]);
  return new StatementError(
    `Spectrum Scan Error\n  Detail: The length of the data column ${found[1] ?? ''} is longer than the length defined in the table. Table: ${column?.length ?? 0}, Data: ${found[2] ?? ''}, File name: ${file.url}`,
  );
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

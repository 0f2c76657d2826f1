import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { CopyFiles } from '../redshift-data/copy-files.ts';
import { interruptedBy } from '../interrupt.ts';
import { quote, remoteFile, valueFault } from './copy-faults.ts';
import type { ParquetFormat } from './copy-into.ts';
import { Fault } from './fault.ts';
import { otherCase } from './letters.ts';

/** A column of the table that is filled, as PostgreSQL has it. */
export interface CopyColumn {
  /** As PostgreSQL spells it. */
  readonly name: string;
  /** `numeric`, `text`, `timestamptz` … without length. */
  readonly type: string;
}

interface FileColumn {
  readonly name: string;
  readonly type: string;
}

type Pair = readonly [FileColumn, CopyColumn];

/** Bytes of one value, as they are without a longer length. */
const LONGEST_TEXT = 16_777_216;
const LONGEST_BINARY = 8_388_608;
/** Marks an error of ours among those of DuckDB. */
const REFUSED = 'reefline-refused:';

/** Parquet files by DuckDB to CSV, and by COPY into PostgreSQL. Columns are found by name. */
export class ParquetCopy {
  readonly #files: CopyFiles;
  readonly #dir: string;
  #duckdb: Promise<DuckDBInstance> | undefined;
  #next = 0;

  constructor(s3Endpoint: string, dir: string) {
    this.#files = new CopyFiles(s3Endpoint);
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
    this.#files.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** Loads one file and returns its rows. @throws Fault that names file, row and column. */
  async load(
    client: pg.ClientBase,
    format: ParquetFormat,
    table: { readonly physical: string; readonly columns: readonly CopyColumn[] },
    file: { readonly bucket: string; readonly key: string },
    signal: AbortSignal,
  ): Promise<number> {
    const stem = join(this.#dir, String(this.#next++));
    const [parquet, csv] = [`${stem}.parquet`, `${stem}.csv`];
    const url = `s3://${file.bucket}/${file.key}`;
    const duckdb = await this.#connect();
    const convert = async (): Promise<readonly Pair[]> => {
      await this.#files.download({ ...file, url }, parquet, signal).catch((error: unknown) => {
        throw signal.aborted ? error : remoteFile(url);
      });
      const pairs = matching(await readColumns(duckdb, parquet, file.key), table.columns);
      await writeCsv(duckdb, parquet, csv, pairs, format, file.key);
      return pairs;
    };
    try {
      const pairs = await interruptedBy(signal, duckdb, convert);
      const names = pairs.map(([, into]) => quote(into.name)).join(', ');
      const stream = client.query(copyFrom(`COPY ${table.physical} (${names}) FROM STDIN (FORMAT csv)`));
      await pipeline(createReadStream(csv, { highWaterMark: 256 * 1024 }), stream, { signal }).catch(
        (error: unknown) => {
          throw valueFault(error, file.key);
        },
      );
      return stream.rowCount;
    } finally {
      duckdb.closeSync();
      await Promise.all([rm(parquet, { force: true }), rm(csv, { force: true })]);
    }
  }

  async #connect(): Promise<DuckDBConnection> {
    this.#duckdb ??= DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '512MB' });
    const connection = await (await this.#duckdb).connect();
    await connection.run("SET TimeZone = 'UTC'");
    return connection;
  }
}

/** MATCH_BY_COLUMN_NAME: what one side lacks is left out, as NULL or unread. */
function matching(columns: readonly FileColumn[], into: readonly CopyColumn[]): readonly Pair[] {
  return columns.flatMap((column) => {
    const target = into.find(({ name }) => name.toLowerCase() === column.name.toLowerCase());
    return target === undefined ? [] : [[column, target] as const];
  });
}

async function readColumns(duckdb: DuckDBConnection, path: string, file: string): Promise<FileColumn[]> {
  try {
    const reader = await duckdb.runAndReadAll(
      `DESCRIBE SELECT * FROM read_parquet(${literal(path)}, hive_partitioning = false)`,
    );
    return reader.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
  } catch {
    throw new Fault(
      '100152',
      `Error parsing the parquet file: Invalid: Parquet magic bytes not found in footer.\n  File '${file}'`,
      '22000',
    );
  }
}

async function writeCsv(
  duckdb: DuckDBConnection,
  path: string,
  csv: string,
  pairs: readonly Pair[],
  format: ParquetFormat,
  file: string,
): Promise<void> {
  const values = pairs.map(([column, into]) => expression(column, into, format));
  const sql = `COPY (SELECT ${values.join(', ')} FROM read_parquet(${literal(path)}, hive_partitioning = false, file_row_number = true))
    TO ${literal(csv)} (FORMAT csv, HEADER false, NULLSTR '', DELIMITER ',', QUOTE '"', ESCAPE '"')`;
  try {
    await duckdb.run(sql);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const [, code = '100069', row = '', column = '', why = text.split('\n')[0] ?? ''] =
      new RegExp(`${REFUSED}(\\d{6}):(\\d+):([^:]*):(.*)`).exec(text) ?? [];
    throw new Fault(
      code,
      `${why}\n  File '${file}'\n  Row ${row}, column "${column}"["${column}":1]`,
      '22000',
    );
  }
}

function expression({ name, type }: FileColumn, into: CopyColumn, format: ParquetFormat): string {
  const value = quote(name);
  const shown = otherCase(into.name).replaceAll(':', ' ').replaceAll("'", ' ');
  const refuse = (code: string, why: string): string =>
    `error(${literal(`${REFUSED}${code}:`)} || (file_row_number + 1) || ${literal(`:${shown}:${why}`)})`;
  const checked = (bad: string, code: string, why: string, good = value): string =>
    `CASE WHEN ${bad} THEN ${refuse(code, why)} ELSE ${good} END`;
  if (/^(?:DATE|TIMESTAMP)/.test(type)) {
    const outside = `isinf(${value}) OR year(${value}) NOT BETWEEN 1 AND 9999`;
    return checked(
      outside,
      type === 'DATE' ? '100040' : '100035',
      'the value is not recognized: its year is not between 1 and 9999',
    );
  }
  if (type === 'BLOB') {
    if (format.binaryAsText)
      return checked('true', '100069', 'binary columns are read as text without BINARY_AS_TEXT = FALSE');
    return checked(
      `octet_length(${value}) > ${String(LONGEST_BINARY)}`,
      '100145',
      'the binary value is too long',
      `'\\x' || hex(${value})`,
    );
  }
  if (type === 'VARCHAR')
    return checked(
      `strlen(${value}) > ${String(LONGEST_TEXT)}`,
      '100078',
      `Max LOB size (${String(LONGEST_TEXT)}) exceeded`,
    );
  // A FLOAT has 64 bits; the shortest text of 32 bits would mean another number there.
  return type === 'FLOAT' ? `${value}::DOUBLE` : value;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

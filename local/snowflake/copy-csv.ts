import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { CopyFiles } from '../redshift-data/copy-files.ts';
import { quote, remoteFile, shownColumn, valueFault } from './copy-faults.ts';
import type { CopyColumn } from './copy-parquet.ts';
import type { CsvFormat } from './csv-options.ts';
import { CsvFault, CsvRecords, type CsvField } from './csv-records.ts';
import { csvValue } from './csv-value.ts';
import { Fault } from './fault.ts';

/** CSV files by COPY into PostgreSQL. Columns are found by their place. */
export class CsvCopy {
  readonly #files: CopyFiles;

  constructor(s3Endpoint: string) {
    this.#files = new CopyFiles(s3Endpoint);
  }

  stop(): void {
    this.#files.stop();
  }

  /** Loads one file and returns its rows. @throws Fault that names file, row and column. */
  async load(
    client: pg.ClientBase,
    format: CsvFormat,
    { physical, columns }: { readonly physical: string; readonly columns: readonly CopyColumn[] },
    file: { readonly bucket: string; readonly key: string },
    signal: AbortSignal,
  ): Promise<number> {
    const url = `s3://${file.bucket}/${file.key}`;
    const body = await this.#files.open({ ...file, url }, signal).catch((error: unknown) => {
      throw signal.aborted ? error : remoteFile(url);
    });
    // The line of what PostgreSQL gets on which each record ends, by which its messages find the row. A first line tells it
    // how lines end; without it, line breaks in the first record are not counted.
    const ends: number[] = [];
    const records = new CsvRecords(format, (fields) => {
      const text = recordText(fields, columns);
      const head = ends.length === 0 ? 'header\n' : '';
      ends.push((ends.at(-1) ?? 1) + text.split('\n').length - 1);
      return head + text;
    });
    const names = columns.map(({ name }) => quote(name)).join(', ');
    const stream = client.query(copyFrom(`COPY ${physical} (${names}) FROM STDIN (FORMAT csv, HEADER true)`));
    try {
      await pipeline([body, ...decompressors(format, file.key), records, stream], { signal });
      return stream.rowCount;
    } catch (error) {
      throw signal.aborted ? error : faultIn(error, file.key, columns, ends);
    }
  }
}

/** NULL is nothing, everything else is in quotes. */
function recordText(fields: readonly CsvField[], columns: readonly CopyColumn[]): string {
  if (fields.length !== columns.length)
    throw new CsvFault(
      '100080',
      `Number of columns in file (${String(fields.length)}) does not match that of the corresponding table (${String(columns.length)}), use file format option error_on_column_count_mismatch=false to ignore this error`,
    );
  const values = fields.map((field, at) =>
    field === undefined
      ? ''
      : `"${csvValue(field, columns[at]?.type ?? 'text', at + 1).replaceAll('"', '""')}"`,
  );
  return `${values.join(',')}\n`;
}

function decompressors({ compression }: CsvFormat, key: string): NodeJS.ReadWriteStream[] {
  const found =
    compression !== 'AUTO'
      ? compression
      : key.endsWith('.gz')
        ? 'GZIP'
        : key.endsWith('.zst')
          ? 'ZSTD'
          : 'NONE';
  if (found === 'GZIP') return [createGunzip()];
  return found === 'ZSTD' ? [createZstdDecompress()] : [];
}

function faultIn(
  error: unknown,
  file: string,
  columns: readonly CopyColumn[],
  ends: readonly number[],
): Error {
  if (error instanceof CsvFault) {
    const row = String(ends.length + 1);
    const name = error.column === undefined ? undefined : columns[error.column - 1]?.name;
    const column =
      name === undefined || error.column === undefined ? '' : `, column ${shownColumn(name, error.column)}`;
    return new Fault(
      error.code,
      `${error.message}\n  File '${file}', line ${row}\n  Row ${row}${column}`,
      '22000',
    );
  }
  if (error instanceof pg.DatabaseError) {
    const line = Number(/line (\d+)/.exec(error.where ?? '')?.[1] ?? 0);
    const row = ends.findIndex((end) => end >= line) + 1;
    return valueFault(error, file, String(row));
  }
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return /^(?:Z_|ZSTD_|ERR_)/.test(code)
    ? new Fault(
        '100142',
        `Invalid data encountered during decompression for file: '${file}', cause: '${(error as Error).message}'`,
        '22000',
      )
    : (error as Error);
}

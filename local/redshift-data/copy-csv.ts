import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { CopyCommand } from './copy-command.ts';
import type { CopyFile, CopyFiles } from './copy-files.ts';
import { quoteName, type CopyTarget, type TargetColumn } from './copy-target.ts';
import { type CsvDialect, type CsvRecord, CsvRecords } from './csv-records.ts';
import {
  conversionFailure,
  LoadFailure,
  type LoadIdentity,
  type Rejection,
  saveRejections,
} from './load-errors.ts';
import { StatementError } from './sql-error.ts';

interface CsvOptions extends CsvDialect {
  readonly nullAs: string;
  readonly emptyAsNull: boolean;
  readonly blanksAsNull: boolean;
  readonly skipBlankLines: boolean;
  /** The load fails at this many rejections. */
  readonly failAt: number;
}

const MAX_ERRORS = 100_000;

/** Loads CSV files; rows that do not fit are noted in `stl_load_errors`. @throws LoadFailure */
export async function loadCsv(
  files: CopyFiles,
  client: pg.ClientBase,
  command: CopyCommand,
  target: CopyTarget,
  list: readonly CopyFile[],
  identity: LoadIdentity,
  signal: AbortSignal,
): Promise<number> {
  const options = readOptions(command);
  const rejections: Rejection[] = [];
  let rows = 0;
  for (const file of list) {
    rows += await new CsvFile(files, command, target, options, file, signal).load(client, rejections);
    if (rejections.length >= options.failAt) throw new LoadFailure(command.name, rejections, identity);
  }
  await saveRejections(client, identity, rejections);
  return rows;
}

function readOptions(command: CopyCommand): CsvOptions {
  const { options } = command;
  const single = (name: string, fallback: string): string => {
    const value = options.get(name) ?? fallback;
    if (value.length !== 1) throw new StatementError(`COPY ${name.toLowerCase()} must be a single character`);
    return value;
  };
  const whole = (name: string): number => {
    const value = options.get(name) ?? '0';
    if (!/^\d+$/.test(value) || Number(value) > MAX_ERRORS)
      throw new StatementError(`invalid ${name} value: ${value}`);
    return Number(value);
  };
  for (const name of ['DATEFORMAT', 'TIMEFORMAT']) {
    const format = options.get(name)?.toLowerCase() ?? 'auto';
    if (format !== 'auto')
      throw new StatementError(`${name} '${format}' is not supported by this local Redshift: use 'auto'.`);
  }
  return {
    delimiter: single('DELIMITER', ','),
    quote: single('QUOTE', '"'),
    ignoreHeader: whole('IGNOREHEADER'),
    nullAs: options.get('NULL') ?? '\\N',
    emptyAsNull: options.has('EMPTYASNULL'),
    blanksAsNull: options.has('BLANKSASNULL'),
    skipBlankLines: options.has('IGNOREBLANKLINES'),
    failAt: Math.max(1, whole('MAXERROR')),
  };
}

/** One file on its way into the table. */
class CsvFile {
  readonly #files: CopyFiles;
  readonly #command: CopyCommand;
  readonly #target: CopyTarget;
  readonly #options: CsvOptions;
  readonly #file: CopyFile;
  readonly #signal: AbortSignal;
  #sent = 0;
  /** From which line of what is sent on, the file's line is that much higher. */
  readonly #shifts: { from: number; by: number }[] = [];

  constructor(
    files: CopyFiles,
    command: CopyCommand,
    target: CopyTarget,
    options: CsvOptions,
    file: CopyFile,
    signal: AbortSignal,
  ) {
    this.#files = files;
    this.#command = command;
    this.#target = target;
    this.#options = options;
    this.#file = file;
    this.#signal = signal;
  }

  async load(client: pg.ClientBase, rejections: Rejection[]): Promise<number> {
    const refused: { line: number; column: string; value: string }[] = [];
    const onNotice = (notice: { message?: string | undefined }): void => {
      const found = /at line (\d+) for column "(.*)": (?:"([\s\S]*)"|null input)$/.exec(notice.message ?? '');
      if (found !== null)
        refused.push({
          line: this.#sourceLine(Number(found[1])),
          column: found[2] ?? '',
          value: found[3] ?? '',
        });
    };
    const names = this.#target.columns.map(({ name }) => quoteName(name)).join(', ');
    const stream = client.query(
      copyFrom(
        `COPY ${this.#command.table} (${names}) FROM STDIN
         (FORMAT csv, HEADER true, ON_ERROR ignore, REJECT_LIMIT ${this.#options.failAt}, LOG_VERBOSITY verbose)`,
      ),
    );
    client.on('notice', onNotice);
    let failure: Error | undefined;
    try {
      const records = new CsvRecords(this.#options, (record) => this.#toPostgres(record, rejections));
      await pipeline([...(await this.#open()), records, stream], { signal: this.#signal });
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    } finally {
      client.off('notice', onNotice);
    }
    const tooMany = rejections.length + refused.length >= this.#options.failAt;
    if (failure !== undefined && !tooMany) throw failure;
    if (refused.length > 0) rejections.push(...(await this.#explain(refused)));
    return stream.rowCount;
  }

  async #open(): Promise<[Readable, ...NodeJS.ReadWriteStream[]]> {
    const body = await this.#files.open(this.#file, this.#signal);
    if (this.#command.options.has('GZIP')) return [body, createGunzip()];
    if (this.#command.options.has('ZSTD')) return [body, createZstdDecompress()];
    return [body];
  }

  #sourceLine(sent: number): number {
    return sent + (this.#shifts.findLast(({ from }) => from <= sent)?.by ?? 0);
  }

  /** A record in the one dialect that PostgreSQL is told: NULL is nothing, everything else is quoted. */
  #toPostgres(record: CsvRecord, rejections: Rejection[]): string {
    if (record.raw === '' && this.#options.skipBlankLines) return '';
    const values = record.fields.map((field, at) => this.#value(field, this.#target.columns[at]));
    const rejection = this.#reject(values);
    if (rejection !== undefined) {
      rejections.push({ file: this.#file.url, line: record.line, raw: record.raw, ...rejection });
      if (rejections.length >= this.#options.failAt) throw new StatementError('too many errors');
      return '';
    }
    // A first line tells PostgreSQL how lines end; without it, line breaks in the first record are not counted.
    const head = this.#sent === 0 ? 'reefline\n' : '';
    if (head !== '') this.#sent = 1;
    const by = record.line - 1 - this.#sent;
    if ((this.#shifts.at(-1)?.by ?? 0) !== by) this.#shifts.push({ from: this.#sent + 1, by });
    this.#sent += record.lines;
    const fields = values.map((value) => (value === undefined ? '' : `"${value.replaceAll('"', '""')}"`));
    return `${head}${fields.join(',')}\n`;
  }

  #value(field: string | undefined, column: TargetColumn | undefined): string | undefined {
    const { nullAs, emptyAsNull, blanksAsNull } = this.#options;
    const text = field ?? '';
    const characters = ['varchar', 'bpchar', 'text'].includes(column?.type ?? '');
    if (text === nullAs) return undefined;
    if (text === '' && (emptyAsNull || !characters)) return undefined;
    if (characters && blanksAsNull && text.trim() === '') return undefined;
    // COPY reads VARBYTE from hexadecimal digits (copy-usage-varbyte.html).
    return column?.type === 'bytea' ? `\\x${text}` : text;
  }

  #reject(values: readonly (string | undefined)[]): Omit<Rejection, 'file' | 'line' | 'raw'> | undefined {
    const { columns } = this.#target;
    if (values.length > columns.length)
      return { column: undefined, value: '', code: 1202, reason: 'Extra column(s) found' };
    if (values.length < columns.length) {
      return { column: columns[values.length], value: '', code: 1214, reason: 'Delimiter not found' };
    }
    for (const [at, column] of columns.entries()) {
      const value = values[at];
      if (value === undefined && column.notNull)
        return { column, value: '', code: 1213, reason: 'Missing data for not-null field' };
      if (value !== undefined && column.length !== undefined && Buffer.byteLength(value) > column.length) {
        return { column, value, code: 1204, reason: 'String length exceeds DDL length' };
      }
    }
    return undefined;
  }

  /** Reads the file once more for the text of the lines that PostgreSQL refused. */
  async #explain(refused: readonly { line: number; column: string; value: string }[]): Promise<Rejection[]> {
    const raw = new Map(refused.map(({ line }) => [line, '']));
    const records = new CsvRecords(this.#options, ({ line, raw: text }) => {
      if (raw.has(line)) raw.set(line, text);
      return '';
    });
    records.resume();
    await pipeline([...(await this.#open()), records], { signal: this.#signal });
    return refused.map(({ line, column: name, value }) => {
      const column = this.#target.columns.find((candidate) => candidate.name === name);
      return {
        file: this.#file.url,
        line,
        column,
        raw: raw.get(line) ?? '',
        value,
        ...conversionFailure(column, value),
      };
    });
  }
}

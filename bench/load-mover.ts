/** The process that stages a table of PostgreSQL as files, loads staged files into one, or does both, and says how long it took. */
import { createWriteStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { ParquetFile } from '../connectors/parquet/parquet-file.ts';
import { readRounds } from '../connectors/parquet/read-pages.ts';
import { TupleWriter } from '../connectors/parquet/tuple-writer.ts';
import { extractTable } from '../connectors/postgres/extract.ts';
import { loadRows } from '../connectors/postgres/load.ts';
import type { LoadRequest, RowsPart } from '../connectors/postgres/load-request.ts';
import type { Column } from '../pipeline/column.ts';

/** Staged files of one table. */
export interface Staged {
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly files: readonly string[];
}

export interface LoadMoverRequest {
  readonly url: string;
  readonly schema: string;
  /** Table to stage; without it `staged` is loaded. */
  readonly from?: string;
  /** Files are named after it. */
  readonly prefix?: string;
  readonly staged?: Staged;
  readonly into?: { readonly table: string; readonly timelabel: string } & Pick<LoadRequest, 'mode' | 'key'>;
}

export interface LoadMoverReport {
  readonly staged: Staged;
  readonly milliseconds: number;
  /** Peak of the process, in MiB. */
  readonly rss: number;
}

const request = JSON.parse(process.argv[2] ?? '{}') as LoadMoverRequest;
const settings = { connection: 'bench', url: request.url };
const begun = performance.now();
const staged = request.staged ?? (await stage());
await load(staged);
const report: LoadMoverReport = {
  staged,
  milliseconds: performance.now() - begun,
  rss: Math.round(process.resourceUsage().maxRSS / 1024),
};
process.stdout.write(JSON.stringify(report));

async function stage(): Promise<Staged> {
  const { schema, from: table = '', prefix = '' } = request;
  return extractTable(settings, { schema, table, parallel: 2 }, async (opened) => {
    const { columns } = opened;
    const files: string[] = [];
    let rows = 0;
    const ranges = opened.rows().map(async (source) => {
      while (await source.more()) {
        const file = new ParquetFile(table, columns, source);
        const path = `${prefix}${String(files.length)}`;
        files.push(path);
        await pipeline(file, createWriteStream(path));
        rows += file.rows;
      }
    });
    await Promise.all(ranges);
    return { columns, rows, files };
  });
}

async function load({ columns, rows: count, files }: Staged): Promise<void> {
  const { into, schema } = request;
  if (into === undefined) return;
  const { table, timelabel, mode, key } = into;
  const unread = files.values();
  const read: RowsPart['read'] = async function* (taken, label) {
    const typed = columns.flatMap((column, at) => {
      const as = taken[at];
      return as === undefined ? [] : [{ column, ...as }];
    });
    const writer = new TupleWriter(table, typed, label === 'with label' ? timelabel : undefined);
    for (const name of unread) {
      const file = await open(name);
      const { size } = await file.stat();
      const source = { name, size, read: (start: number, end: number) => readRange(file, start, end) };
      for await (const round of readRounds(source, columns)) yield* writer.write(round);
      await file.close();
    }
  };
  await loadRows(settings, {
    marker: { dataset: `bench.${schema}.${table}`, timelabel, revision: 1 },
    table: { schema, table },
    mode,
    key,
    rows: {
      columns,
      count,
      parts: [{ format: 'binary', names: columns.map(({ name }) => name), read }],
    },
  });
}

async function readRange(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(end - start);
  await file.read(bytes, 0, end - start, start);
  return bytes;
}

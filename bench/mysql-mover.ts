/** The process that moves one table of MySQL into Parquet files, as an extract does, and says how long it took. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { extractMysqlTable } from '../connectors/mysql/extract.ts';
import { MysqlRowReader } from '../connectors/parquet/mysql-row-reader.ts';
import { ParquetFile } from '../connectors/parquet/parquet-file.ts';
import type { TupleSource } from '../connectors/parquet/row-reader.ts';

export interface MoverRequest {
  readonly url: string;
  readonly schema: string;
  readonly table: string;
  /** Files are named after it: `<prefix>0`, `<prefix>1` … */
  readonly prefix: string;
}

export interface MoverReport {
  readonly rows: number;
  readonly bytes: number;
  readonly milliseconds: number;
  /** Peak of the process, in MiB. */
  readonly rss: number;
}

const { url, schema, table, prefix } = JSON.parse(process.argv[2] ?? '{}') as MoverRequest;
const begun = performance.now();
let rows = 0;
let bytes = 0;
await extractMysqlTable({ connection: 'bench', url }, { schema, table }, async (opened) => {
  const stream = opened.rows();
  const source: TupleSource = {
    more: () => stream.more(),
    take: (onRow) => {
      stream.take(onRow);
    },
    openReader: (name, columns, sinks) =>
      new MysqlRowReader(name, columns, sinks, {
        layout: stream.layout,
        checked: opened.checked,
        zeroDates: 'refuse',
      }),
  };
  for (let part = 0; await source.more(); part += 1) {
    const file = new ParquetFile(table, opened.columns, source);
    await pipeline(file, createWriteStream(`${prefix}${String(part)}`));
    rows += file.rows;
    bytes += file.bytes;
  }
});
const report: MoverReport = {
  rows,
  bytes,
  milliseconds: performance.now() - begun,
  rss: Math.round(process.resourceUsage().maxRSS / 1024),
};
process.stdout.write(JSON.stringify(report));

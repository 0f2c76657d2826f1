/** The process that moves one table of PostgreSQL into staged files, as an extract does, and says how long it took. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { openStagedFile } from '../activities/stages/staged-file.ts';
import { extractTable } from '../connectors/postgres/extract.ts';
import { formatNamed, type FormatName } from '../pipeline/staged-format.ts';
import type { MoverReport, MoverRequest } from './mysql-mover.ts';

export interface PostgresMoverRequest extends MoverRequest {
  readonly format: FormatName;
  /** As in a stage, whose two connections it has when absent. */
  readonly parallel?: number;
}

const request = JSON.parse(process.argv[2] ?? '{}') as PostgresMoverRequest;
const { url, schema, table, prefix, parallel = 2 } = request;
const begun = performance.now();
let rows = 0;
let bytes = 0;
await extractTable({ connection: 'bench', url }, { schema, table, parallel }, async (opened) => {
  const ranges = opened.rows().map(async (source, at) => {
    for (let part = 0; await source.more(); part += 1) {
      const file = openStagedFile(formatNamed(request.format), table, opened.columns, source);
      await pipeline(file, createWriteStream(`${prefix}${String(at)}-${String(part)}`));
      rows += file.rows;
      bytes += file.bytes;
    }
  });
  await Promise.all(ranges);
});
const report: MoverReport = {
  rows,
  bytes,
  milliseconds: performance.now() - begun,
  rss: Math.round(process.resourceUsage().maxRSS / 1024),
};
process.stdout.write(JSON.stringify(report));

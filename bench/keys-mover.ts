/** The process that does what an extract with `detect_deletes` does beside reading its rows, with files instead of S3, and says how long it took. */
import { createWriteStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { sortKeys } from '../activities/stages/sort-keys.ts';
import { goneKeys, type KeyRun } from '../connectors/keys/gone-keys.ts';
import { extractTable } from '../connectors/postgres/extract.ts';
import type { StoredRun } from '../pipeline/key-state.ts';

export interface KeysMoverRequest {
  readonly url: string;
  readonly schema: string;
  readonly table: string;
  readonly key: string;
  /** Files are named after it. */
  readonly prefix: string;
  /** Runs of an earlier call; empty when there was none. */
  readonly before: readonly StoredRun[];
}

export interface KeysMoverReport {
  readonly runs: readonly StoredRun[];
  readonly gone: number;
  readonly milliseconds: number;
  /** Peak of the process, in MiB. */
  readonly rss: number;
}

const { url, schema, table, key, prefix, before } = JSON.parse(process.argv[2] ?? '{}') as KeysMoverRequest;
const begun = performance.now();
const runs = await extractTable({ connection: 'bench', url }, { schema, table }, (opened) =>
  sortKeys(
    table,
    opened.columns.filter(({ name }) => name === key),
    opened.keys([key]),
    {
      write: async (sorted, at) => {
        const name = `${prefix}${String(at)}`;
        const bytes = await write(sorted.blocks(), name);
        return { url: name, bytes, keys: sorted.keys };
      },
      onKeys: () => undefined,
    },
  ),
);
const gone = before.length === 0 ? 0 : await compare();
const report: KeysMoverReport = {
  runs,
  gone,
  milliseconds: performance.now() - begun,
  rss: Math.round(process.resourceUsage().maxRSS / 1024),
};
process.stdout.write(JSON.stringify(report));

async function write(blocks: AsyncIterable<Buffer>, name: string): Promise<number> {
  const file = createWriteStream(name);
  await pipeline(blocks, file);
  return file.bytesWritten;
}

async function compare(): Promise<number> {
  const files: FileHandle[] = [];
  const opened = async (stored: readonly StoredRun[], holds: KeyRun['holds']): Promise<KeyRun[]> => {
    const cursors: KeyRun[] = [];
    for (const { url: name, bytes: size } of stored) {
      const file = await open(name);
      files.push(file);
      cursors.push({ holds, size, read: (start, end) => readRange(file, start, end) });
    }
    return cursors;
  };
  const counts = { before: 0, missed: 0, gone: 0 };
  const all = [...(await opened(runs, 'now')), ...(await opened(before, 'before'))];
  await write(goneKeys(all, { now: Date.now(), forget: 0 }, counts), `${prefix}gone`);
  for (const file of files) await file.close();
  return counts.gone;
}

async function readRange(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(end - start);
  await file.read(bytes, 0, end - start, start);
  return bytes;
}

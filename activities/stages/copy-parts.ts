import { CopyText } from '../../connectors/csv/copy-text.ts';
import { readText } from '../../connectors/csv/read-text.ts';
import { readRounds } from '../../connectors/parquet/read-pages.ts';
import { TupleWriter } from '../../connectors/parquet/tuple-writer.ts';
import type { RowsPart } from '../../connectors/postgres/load-request.ts';
import type { createS3Client } from '../../connectors/s3/client.ts';
import { readRange } from '../../connectors/s3/read-range.ts';
import type { Column } from '../../pipeline/column.ts';
import type { ManifestEntry } from '../../pipeline/manifest.ts';
import { csvCompression, type StagedFormat } from '../../pipeline/staged-format.ts';

type Store = ReturnType<typeof createS3Client>;

/** Files of one kind that have the same columns, and may be NULL where `columns` says so. */
export interface StagedFiles
  extends Pick<StagedFormat, 'format'>, Partial<Pick<StagedFormat, 'compression'>> {
  readonly columns: readonly Column[];
  readonly entries: readonly ManifestEntry[];
}

/** What the rows of all files together are. */
export interface CopiedBatch {
  readonly dataset: string;
  readonly label: string;
  readonly columns: readonly Column[];
}

/** The rows of staged files as COPY of PostgreSQL takes them, file by file, without keeping any of them whole. */
export function copyParts(
  batch: CopiedBatch,
  files: readonly StagedFiles[],
  store: Store,
  signal: AbortSignal,
): readonly RowsPart[] {
  const names = batch.columns.map(({ name }) => name);
  return files.some(({ format }) => format === 'csv')
    ? [{ format: 'csv', names, read: () => csvText(batch, files, store, signal) }]
    : [{ format: 'binary', names, read: (wires) => tuples(batch, wires, files, store, signal) }];
}

async function* tuples(
  { dataset, label, columns }: CopiedBatch,
  wires: Parameters<RowsPart['read']>[0],
  files: readonly StagedFiles[],
  store: Store,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const typed = columns.flatMap((column, at) => {
    const wire = wires[at];
    return wire === undefined ? [] : [{ column, wire }];
  });
  const writer = new TupleWriter(dataset, typed, label);
  for (const { entries, columns: own } of files)
    for (const entry of entries)
      for await (const round of readRounds(objectOf(entry, store, signal), own)) yield* writer.write(round);
}

async function* csvText(
  { label, columns }: CopiedBatch,
  files: readonly StagedFiles[],
  store: Store,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const binary = columns.map(({ type }) => type.kind === 'binary');
  const text = new CopyText(binary, [label]);
  for (const { entries, compression } of files) {
    for (const entry of entries) {
      const source = { ...objectOf(entry, store, signal), crc32: entry.meta.crc32 };
      for await (const piece of readText(source, csvCompression(compression, entry.url)))
        yield text.add(piece);
      text.end(entry.url);
    }
  }
}

function objectOf({ url, meta: { content_length: size } }: ManifestEntry, store: Store, signal: AbortSignal) {
  return {
    name: url,
    size,
    read: (start: number, end: number) => readRange(store, url, { start, end, size }, signal),
  };
}

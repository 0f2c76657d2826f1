import { CopyText } from '../../connectors/csv/copy-text.ts';
import { TextLengths } from '../../connectors/csv/text-lengths.ts';
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

/** Files of one kind that have the same columns: all of the batch or some, of types that those of the batch hold. */
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

/**
 * The rows of staged files as COPY of PostgreSQL takes them, file by file, without keeping any of them whole. Columns that some files
 * lack are NULL in their rows. Rows of CSV stay text, so files of other columns need a COPY of their own.
 */
export function copyParts(
  batch: CopiedBatch,
  files: readonly StagedFiles[],
  store: Store,
  signal: AbortSignal,
): readonly RowsPart[] {
  const names = batch.columns.map(({ name }) => name);
  if (files.every(({ format }) => format === 'parquet'))
    return [{ format: 'binary', names, read: (taken) => tuples(batch, taken, files, store, signal) }];
  const shapes = Map.groupBy(files, ({ columns }) => JSON.stringify(columns.map(({ name }) => name)));
  return [...shapes.values()].map((alike): RowsPart => {
    const own = alike[0]?.columns ?? [];
    const there = own.map(({ name }) => name);
    const absent = names.filter((name) => !there.includes(name));
    const binary = own.map(({ type }) => type.kind === 'binary');
    const more = [...absent.map(() => NULL), batch.label];
    const read: RowsPart['read'] = (taken) => {
      const rooms = there.map((name) => taken[names.indexOf(name)]?.room);
      const lengths = new TextLengths(batch.dataset, there, rooms);
      return csvText(new CopyText(binary, more), lengths, alike, store, signal);
    };
    return { format: 'csv', names: [...there, ...absent], read };
  });
}

const NULL = '\\N';

async function* tuples(
  { dataset, label, columns }: CopiedBatch,
  taken: Parameters<RowsPart['read']>[0],
  files: readonly StagedFiles[],
  store: Store,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const { entries, columns: own } of files) {
    const typed = columns.flatMap((column, at) => {
      const as = taken[at];
      const place = own.findIndex(({ name }) => name === column.name);
      return as === undefined
        ? []
        : [{ column: own[place] ?? column, ...as, place: place === -1 ? null : place }];
    });
    const writer = new TupleWriter(dataset, typed, label);
    for (const entry of entries)
      for await (const round of readRounds(objectOf(entry, store, signal), own)) yield* writer.write(round);
  }
}

async function* csvText(
  text: CopyText,
  lengths: TextLengths,
  files: readonly StagedFiles[],
  store: Store,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const { entries, compression } of files) {
    for (const entry of entries) {
      const source = { ...objectOf(entry, store, signal), crc32: entry.meta.crc32 };
      for await (const piece of readText(source, csvCompression(compression, entry.url))) {
        lengths.check(piece);
        yield text.add(piece);
      }
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

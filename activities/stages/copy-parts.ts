import { CopyText } from '../../connectors/csv/copy-text.ts';
import { TextLengths } from '../../connectors/csv/text-lengths.ts';
import { readText } from '../../connectors/csv/read-text.ts';
import { readRounds } from '../../connectors/parquet/read-pages.ts';
import { TupleWriter, type TupleColumn } from '../../connectors/parquet/tuple-writer.ts';
import type { LabelField, RowsPart } from '../../connectors/postgres/load-request.ts';
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
  if (files.every(({ format }) => format === 'parquet')) {
    const unread = filesOneByOne(files);
    const read: RowsPart['read'] = (taken, label) => tuples(batch, { taken, label, unread }, store, signal);
    return [{ format: 'binary', names, read }];
  }
  const shapes = Map.groupBy(files, ({ columns }) => JSON.stringify(columns.map(({ name }) => name)));
  return [...shapes.values()].map((alike): RowsPart => {
    const own = alike[0]?.columns ?? [];
    const there = own.map(({ name }) => name);
    const absent = names.filter((name) => !there.includes(name));
    const binary = own.map(({ type }) => type.kind === 'binary');
    const nulls = absent.map(() => NULL);
    const unread = filesOneByOne(alike);
    const read: RowsPart['read'] = (taken, label) => {
      const more = label === 'with label' ? [...nulls, batch.label] : nulls;
      const rooms = there.map((name) => taken[names.indexOf(name)]?.room);
      const lengths = new TextLengths(batch.dataset, there, rooms);
      return csvText(new CopyText(binary, more), lengths, unread, store, signal);
    };
    return { format: 'csv', names: [...there, ...absent], read };
  });
}

const NULL = '\\N';

interface StagedFile extends Omit<StagedFiles, 'entries'> {
  readonly entry: ManifestEntry;
}

/** Whoever reads next gets the next file, so that several readers share them. */
type UnreadFiles = IterableIterator<StagedFile>;

function filesOneByOne(files: readonly StagedFiles[]): UnreadFiles {
  return files.flatMap(({ entries, ...more }) => entries.map((entry) => ({ ...more, entry }))).values();
}

interface WantedTuples {
  readonly taken: Parameters<RowsPart['read']>[0];
  readonly label: LabelField;
  readonly unread: UnreadFiles;
}

async function* tuples(
  batch: CopiedBatch,
  { taken, label, unread }: WantedTuples,
  store: Store,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const last = label === 'with label' ? batch.label : undefined;
  let columns: readonly Column[] | undefined;
  let writer: TupleWriter | undefined;
  for (const { entry, columns: own } of unread) {
    if (writer === undefined || own !== columns)
      writer = new TupleWriter(batch.dataset, tupleColumns(batch.columns, own, taken), last);
    columns = own;
    for await (const round of readRounds(objectOf(entry, store, signal), own)) yield* writer.write(round);
  }
}

/** Where the columns of the batch lie in files that have these, and how the table takes them. */
function tupleColumns(
  columns: readonly Column[],
  own: readonly Column[],
  taken: WantedTuples['taken'],
): readonly TupleColumn[] {
  return columns.flatMap((column, at) => {
    const as = taken[at];
    const place = own.findIndex(({ name }) => name === column.name);
    return as === undefined
      ? []
      : [{ column: own[place] ?? column, ...as, place: place === -1 ? null : place }];
  });
}

async function* csvText(
  text: CopyText,
  lengths: TextLengths,
  unread: UnreadFiles,
  store: Store,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const { entry, compression } of unread) {
    const source = { ...objectOf(entry, store, signal), crc32: entry.meta.crc32 };
    for await (const piece of readText(source, csvCompression(compression, entry.url))) {
      lengths.check(piece);
      yield text.add(piece);
    }
    text.end(entry.url);
  }
}

function objectOf({ url, meta: { content_length: size } }: ManifestEntry, store: Store, signal: AbortSignal) {
  return {
    name: url,
    size,
    read: (start: number, end: number) => readRange(store, url, { start, end, size }, signal),
  };
}

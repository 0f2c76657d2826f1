import type { Column } from '../../pipeline/column.ts';
import type { Compression } from '../../pipeline/staged-format.ts';
import { ColumnPage, PAGE_ROWS } from './column-page.ts';
import { fileFooter, MAGIC, type PlacedRowGroup } from './file-footer.ts';
import { pageCodec, type PageCodec } from './page-codec.ts';
import { RowGroup, type FinishedRowGroup } from './row-group.ts';
import type { RowReader, TupleSource } from './row-reader.ts';
import { parquetField } from './parquet-field.ts';
import { TupleReader } from './tuple-reader.ts';

/** Where pages, row groups and files end; the first limit that is reached counts. Bytes are before compression,
 * except those of the file. */
export interface ParquetLimits {
  readonly pageBytes: number;
  readonly groupRows: number;
  readonly groupBytes: number;
  readonly fileRows: number;
  readonly fileBytes: number;
}

export const DEFAULT_LIMITS: ParquetLimits = {
  pageBytes: 8 * 1024 * 1024,
  groupRows: 100_000,
  groupBytes: 32 * 1024 * 1024,
  fileRows: 500_000,
  fileBytes: 64 * 1024 * 1024,
};

/** Zstd and the default limits where nothing else is said. */
export interface ParquetOptions {
  readonly compression?: Compression;
  readonly limits?: ParquetLimits;
}

/** Rounds of pages that may wait for the thread pool before reading pauses. */
const MAX_ROUNDS = 4;

/**
 * One Parquet file, made from the rows of a source while it is being read: it ends when a limit is reached or the
 * source has no more, so that the next file goes on where this one ended. At most two row groups are in memory.
 * Iterate once.
 */
export class ParquetFile implements AsyncIterable<Uint8Array> {
  readonly #columns: readonly Column[];
  readonly #limits: ParquetLimits;
  readonly #source: TupleSource;
  readonly #reader: RowReader;
  readonly #pages: readonly ColumnPage[];
  readonly #codec: PageCodec;
  readonly #placed: PlacedRowGroup[] = [];
  #group: RowGroup;
  #rounds: Promise<void>[] = [];
  #openRows = 0;
  #openBytes = 0;
  #rows = 0;
  #bytes = 0;
  readonly #taken = Promise.withResolvers<undefined>();

  /** `table` names the source in messages. */
  constructor(table: string, columns: readonly Column[], source: TupleSource, options: ParquetOptions = {}) {
    this.#columns = columns;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
    this.#codec = pageCodec(options.compression ?? 'zstd');
    this.#source = source;
    this.#pages = columns.map(({ type, nullable }) => new ColumnPage(parquetField(type).width, nullable));
    this.#reader =
      source.openReader?.(table, columns, this.#pages) ?? new TupleReader(table, columns, this.#pages);
    this.#group = new RowGroup(columns.length, this.#codec);
  }

  /** Rows read so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Bytes handed out so far; after the iteration, the size of the file. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves when the iteration has ended, well or not: the source is free, and `rows` and `bytes` are final. */
  get taken(): Promise<undefined> {
    return this.#taken.promise;
  }

  /** @throws StageFailure from the source or for a value that cannot be stored; the file is then to be discarded. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#encode();
    } finally {
      this.#taken.resolve(undefined);
    }
  }

  async *#encode(): AsyncGenerator<Uint8Array, void, undefined> {
    yield this.#count(MAGIC);
    let closing: Promise<FinishedRowGroup> | undefined;
    let sourceEnded = false;
    while (!sourceEnded && this.#rows < this.#limits.fileRows && this.#bytes < this.#limits.fileBytes) {
      sourceEnded = !(await this.#fillGroup());
      if (closing !== undefined) yield* this.#place(await closing);
      closing = this.#closeGroup();
    }
    if (closing !== undefined) yield* this.#place(await closing);
    yield this.#count(fileFooter(this.#columns, this.#placed, this.#codec.id));
  }

  /** Reads until the row group is full; false when the source has ended. */
  async #fillGroup(): Promise<boolean> {
    const { groupRows, groupBytes } = this.#limits;
    while (
      this.#group.rows + this.#openRows < groupRows &&
      this.#group.rawBytes + this.#openBytes < groupBytes
    ) {
      if (!(await this.#source.more())) return false;
      this.#source.take(this.#addRow);
      while (this.#rounds.length > MAX_ROUNDS) await this.#rounds.shift();
    }
    return true;
  }

  readonly #addRow = (bytes: Buffer, view: DataView, at: number): void => {
    this.#openBytes += this.#reader.addRow(bytes, view, at) - at;
    this.#rows += 1;
    this.#openRows += 1;
    if (this.#openRows === PAGE_ROWS || this.#openBytes >= this.#limits.pageBytes) this.#closePages();
  };

  #closePages(): void {
    if (this.#openRows === 0) return;
    const round = this.#group.add(this.#pages.map((page) => page.take()));
    // Whoever waits for the round or for the group gets the error; it must not count as unhandled until then.
    round.catch(() => undefined);
    this.#rounds.push(round);
    this.#openRows = 0;
    this.#openBytes = 0;
  }

  #closeGroup(): Promise<FinishedRowGroup> | undefined {
    this.#closePages();
    const { rows } = this.#group;
    const finished = this.#group.finish();
    finished.catch(() => undefined);
    this.#group = new RowGroup(this.#columns.length, this.#codec);
    this.#rounds = [];
    return rows === 0 ? undefined : finished;
  }

  *#place(group: FinishedRowGroup): Generator<Uint8Array, void, undefined> {
    this.#placed.push({ rows: group.rows, columns: group.columns, start: this.#bytes });
    for (const bytes of group.bytes) yield this.#count(bytes);
  }

  #count(bytes: Uint8Array): Uint8Array {
    this.#bytes += bytes.length;
    return bytes;
  }
}

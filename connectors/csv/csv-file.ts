import { pipeline, type Transform } from 'node:stream';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Compression } from '../../pipeline/staged-format.ts';
import { CHUNK_BYTES, CsvBuffer } from './csv-buffer.ts';
import { CsvColumn } from './csv-column.ts';

/** Rows in the binary format of their source, taken as they come. */
export interface RowSource {
  /** Waits for rows; false when there are no more. */
  more(): Promise<boolean>;
  /** Hands over the rows that have come, each by its place in memory; nothing is kept of them afterwards. */
  take(onRow: (bytes: Buffer, view: DataView, at: number) => void): void;
  /** Makes what moves a row into its columns, for each file a new one. */
  openReader(
    table: string,
    columns: readonly Column[],
    into: readonly CsvColumn[],
  ): { addRow(bytes: Buffer, view: DataView, at: number): number };
}

/** Where a file ends; the first limit that is reached counts. */
export interface CsvLimits {
  readonly fileRows: number;
  /** Bytes of text. */
  readonly textBytes: number;
  /** Bytes after compression. */
  readonly fileBytes: number;
}

export const DEFAULT_CSV_LIMITS: CsvLimits = {
  fileRows: 500_000,
  textBytes: 512 * 1024 * 1024,
  fileBytes: 64 * 1024 * 1024,
};

const NEWLINE = 0x0a;

/** Level 1 of both: more makes the files a little smaller and the extract much slower. */
const LEVEL = 1;
/** The next rows are written while so much text waits for the compressor. */
const WAITING_BYTES = 4 * CHUNK_BYTES;

/**
 * One compressed CSV file, made from the rows of a source while it is being read: it ends when a limit is reached or the
 * source has no more, so that the next file goes on where this one ended. No header; rows end with a newline; texts
 * and json stand in quotes and nothing else does; NULL is `\N`. One frame or member, as some readers want. Iterate once.
 */
export class CsvFile implements AsyncIterable<Uint8Array> {
  readonly #source: RowSource;
  readonly #reader: ReturnType<RowSource['openReader']>;
  readonly #buffer = new CsvBuffer();
  readonly #compression: Compression;
  readonly #limits: CsvLimits;
  readonly #taken = Promise.withResolvers<undefined>();
  #rows = 0;
  #textBytes = 0;
  #bytes = 0;

  /** `table` names the source in messages. */
  constructor(
    table: string,
    columns: readonly Column[],
    source: RowSource,
    compression: Compression,
    limits = DEFAULT_CSV_LIMITS,
  ) {
    const into = columns.map((column, at) => new CsvColumn(table, column, this.#buffer, at === 0));
    this.#source = source;
    this.#reader = source.openReader(table, columns, into);
    this.#compression = compression;
    this.#limits = limits;
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
      // An error of the text reaches the reader of the stream, which is the loop below.
      const stream = pipeline(this.#text(), compressor(this.#compression), () => undefined);
      for await (const bytes of stream as AsyncIterable<Uint8Array>) {
        this.#bytes += bytes.length;
        yield bytes;
      }
    } finally {
      this.#taken.resolve(undefined);
    }
  }

  async *#text(): AsyncGenerator<Uint8Array, void, undefined> {
    const { fileRows, textBytes, fileBytes } = this.#limits;
    while (this.#rows < fileRows && this.#textBytes < textBytes && this.#bytes < fileBytes) {
      if (!(await this.#source.more())) break;
      this.#source.take(this.#addRow);
      if (this.#buffer.at >= CHUNK_BYTES) yield this.#takeText();
    }
    if (this.#buffer.at > 0) yield this.#takeText();
  }

  readonly #addRow = (bytes: Buffer, view: DataView, at: number): void => {
    const buffer = this.#buffer;
    this.#reader.addRow(bytes, view, at);
    buffer.reserve(1);
    buffer.bytes[buffer.at++] = NEWLINE;
    this.#rows += 1;
  };

  #takeText(): Uint8Array {
    const text = this.#buffer.take();
    this.#textBytes += text.length;
    return text;
  }
}

function compressor(compression: Compression): Transform {
  const options = { chunkSize: CHUNK_BYTES, writableHighWaterMark: WAITING_BYTES };
  switch (compression) {
    case 'zstd':
      return createZstdCompress({ ...options, params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
    case 'gzip':
      return createGzip({ ...options, level: LEVEL });
    case 'snappy':
      throw new StageFailure(
        'invalid_config',
        'CSV files are compressed with zstd or gzip, not with snappy.',
      );
  }
}

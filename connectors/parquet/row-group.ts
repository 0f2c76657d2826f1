import type { FilledPage } from './column-page.ts';
import type { PageCodec } from './page-codec.ts';
import { ThriftWriter } from './thrift-writer.ts';

/** parquet.thrift: `Encoding.PLAIN`, `Encoding.RLE`, `PageType.DATA_PAGE`. */
export const ENCODING = { plain: 0, rle: 3 } as const;
const DATA_PAGE = 0;

/** What the footer says about one column of a row group. */
export interface ColumnChunkFacts {
  readonly rows: number;
  readonly nulls: number;
  readonly rawBytes: number;
  readonly storedBytes: number;
}

export interface FinishedRowGroup {
  readonly rows: number;
  readonly columns: readonly ColumnChunkFacts[];
  /** Pages with their headers, column after column, as they go into the file. */
  readonly bytes: readonly Uint8Array[];
}

interface StoredPage extends ColumnChunkFacts {
  readonly bytes: readonly [Uint8Array, Uint8Array];
}

/** Collects the pages of a row group. Each is compressed on the thread pool while the next rows are being read. */
export class RowGroup {
  readonly #columns: readonly Promise<StoredPage>[][];
  readonly #codec: PageCodec;
  #rows = 0;
  #rawBytes = 0;

  constructor(columnCount: number, codec: PageCodec) {
    this.#codec = codec;
    this.#columns = Array.from({ length: columnCount }, () => []);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes of the pages before compression. */
  get rawBytes(): number {
    return this.#rawBytes;
  }

  /** Adds one page of each column. The promise resolves when all are compressed. */
  async add(pages: readonly FilledPage[]): Promise<void> {
    this.#rows += pages[0]?.rows ?? 0;
    const stored = pages.map((page, at) => {
      this.#rawBytes += page.body.length;
      const compressed = storePage(page, this.#codec);
      this.#columns[at]?.push(compressed);
      return compressed;
    });
    await Promise.all(stored);
  }

  /** Waits for the last compression. */
  async finish(): Promise<FinishedRowGroup> {
    const columns = await Promise.all(this.#columns.map((pages) => Promise.all(pages)));
    return {
      rows: this.#rows,
      columns: columns.map((pages) => ({
        rows: sum(pages.map(({ rows }) => rows)),
        nulls: sum(pages.map(({ nulls }) => nulls)),
        rawBytes: sum(pages.map(({ rawBytes }) => rawBytes)),
        storedBytes: sum(pages.map(({ storedBytes }) => storedBytes)),
      })),
      bytes: columns.flatMap((pages) => pages.flatMap(({ bytes }) => bytes)),
    };
  }
}

async function storePage({ body, rows, nulls }: FilledPage, codec: PageCodec): Promise<StoredPage> {
  const stored = await codec.compress(body);
  const header = pageHeader(rows, body.length, stored.length);
  return {
    rows,
    nulls,
    rawBytes: header.length + body.length,
    storedBytes: header.length + stored.length,
    bytes: [header, stored],
  };
}

function pageHeader(rows: number, rawBytes: number, storedBytes: number): Uint8Array {
  const thrift = new ThriftWriter();
  thrift.i32(1, DATA_PAGE);
  thrift.i32(2, rawBytes);
  thrift.i32(3, storedBytes);
  thrift.struct(5, () => {
    thrift.i32(1, rows);
    thrift.i32(2, ENCODING.plain);
    thrift.i32(3, ENCODING.rle);
    thrift.i32(4, ENCODING.rle);
  });
  return thrift.finish();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

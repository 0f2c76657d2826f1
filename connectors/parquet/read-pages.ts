import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { ENCODING } from './row-group.ts';
import type { PageCodec } from './page-codec.ts';
import { readFooter, refuse, type ByteSource, type StoredGroup } from './read-footer.ts';
import { ThriftReader } from './thrift-reader.ts';

/** One column's values of a round of rows, as they lie in the page. */
export interface LoadedPage {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Where the bits lie that tell values from NULLs, one for each row; -1 when all rows have values. */
  readonly presentAt: number;
  readonly valuesAt: number;
}

/** One page of each column, all of the same rows. */
export interface Round {
  readonly rows: number;
  readonly pages: readonly LoadedPage[];
}

/** A page of a row group that is in memory, not yet decompressed. */
interface StoredPage {
  readonly rows: number;
  readonly rawBytes: number;
  readonly stored: Buffer;
  readonly codec: PageCodec;
}

const DATA_PAGE = 0;
const NOTHING = Buffer.alloc(0);

/**
 * The pages of a file, round after round. While one is being used, the next one is decompressed on the thread pool, and
 * the next row group is read. At most two row groups, compressed, and two rounds are in memory.
 * @throws StageFailure `data_error` for a file that is damaged or that `ParquetFile` did not write, whatever the source throws.
 */
export async function* readRounds(
  source: ByteSource,
  columns: readonly Column[],
): AsyncGenerator<Round, void, undefined> {
  const groups = await readFooter(source, columns);
  let ahead = readGroup(source, groups[0]);
  let opened: Promise<Round> | undefined;
  for (let at = 0; at < groups.length; at++) {
    const stored = await ahead;
    ahead = readGroup(source, groups[at + 1]);
    for (const pages of roundsOf(source, groups[at], stored)) {
      const next = openRound(source, columns, pages);
      next.catch(() => undefined);
      if (opened !== undefined) yield await opened;
      opened = next;
    }
  }
  if (opened !== undefined) yield await opened;
}

/** The compressed pages of each column. A failure is reported to whoever awaits it and to nobody else. */
function readGroup(source: ByteSource, group: StoredGroup | undefined): Promise<readonly Buffer[]> {
  const read = readChunks(source, group);
  read.catch(() => undefined);
  return read;
}

async function readChunks(source: ByteSource, group: StoredGroup | undefined): Promise<readonly Buffer[]> {
  if (group === undefined) return [];
  const start = Math.min(...group.chunks.map((chunk) => chunk.start));
  const end = Math.max(...group.chunks.map((chunk) => chunk.start + chunk.bytes));
  const bytes = await source.read(start, end);
  return group.chunks.map((chunk) => bytes.subarray(chunk.start - start, chunk.start - start + chunk.bytes));
}

/** Columns take turns: page 1 of each, page 2 of each … Their rows must agree, for rows are made from them. */
function* roundsOf(
  source: ByteSource,
  group: StoredGroup | undefined,
  chunks: readonly Buffer[],
): Generator<readonly StoredPage[]> {
  if (group === undefined) return;
  const offsets = chunks.map(() => 0);
  let rows = 0;
  while (rows < group.rows) {
    const pages = group.chunks.map(({ codec }, column) => {
      const { page, end } = pageAt(source, chunks[column] ?? NOTHING, offsets[column] ?? 0, codec);
      offsets[column] = end;
      return page;
    });
    const [first] = pages;
    if (first === undefined || first.rows === 0 || pages.some((page) => page.rows !== first.rows))
      throw refuse(source, 'has columns whose pages end at different rows');
    rows += first.rows;
    yield pages;
  }
  if (rows !== group.rows) throw refuse(source, 'has pages with more rows than its row group');
}

function pageAt(
  source: ByteSource,
  chunk: Buffer,
  at: number,
  codec: PageCodec,
): { page: StoredPage; end: number } {
  try {
    const reader = new ThriftReader(chunk, at);
    const header = reader.struct();
    const data = header.get(5);
    const [rawBytes, storedBytes] = [header.get(2), header.get(3)];
    if (
      header.get(1) !== DATA_PAGE ||
      !(data instanceof Map) ||
      data.get(2) !== ENCODING.plain ||
      typeof rawBytes !== 'number' ||
      typeof storedBytes !== 'number'
    )
      throw refuse(source, 'has pages in an encoding that is not PLAIN');
    const end = reader.at + storedBytes;
    if (end > chunk.length) throw refuse(source, 'ends within a page');
    const rows = Number(data.get(1));
    return { page: { rows, rawBytes, stored: chunk.subarray(reader.at, end), codec }, end };
  } catch (error) {
    throw error instanceof RangeError ? refuse(source, 'has a damaged page', error) : error;
  }
}

async function openRound(
  source: ByteSource,
  columns: readonly Column[],
  stored: readonly StoredPage[],
): Promise<Round> {
  const pages = stored.map(async (page, at): Promise<LoadedPage> => {
    const bytes = await page.codec.decompress(page.stored, page.rawBytes).catch((error: unknown) => {
      if (error instanceof StageFailure) throw error;
      throw refuse(source, 'has a page that cannot be decompressed', error);
    });
    if (bytes.length !== page.rawBytes)
      throw refuse(source, 'has a page of another length than its header says');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (columns[at]?.nullable === false) return { bytes, view, presentAt: -1, valuesAt: 0 };
    return { bytes, view, ...levels(source, bytes, page.rows) };
  });
  return { rows: stored[0]?.rows ?? 0, pages: await Promise.all(pages) };
}

/** Definition levels of a nullable column: their length, then one bit-packed run that covers all rows. */
function levels(source: ByteSource, bytes: Buffer, rows: number): Pick<LoadedPage, 'presentAt' | 'valuesAt'> {
  const valuesAt = 4 + (bytes.length < 4 ? 0 : bytes.readUInt32LE());
  let at = 4;
  let header = 0;
  for (let shift = 0; at < valuesAt && at < bytes.length; shift += 7) {
    const byte = bytes.readUInt8(at++);
    header |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  const packed = header >> 1;
  if ((header & 1) === 0 || packed * 8 < rows || at + packed !== valuesAt || valuesAt > bytes.length)
    throw refuse(source, 'marks NULLs in another way');
  return { presentAt: at, valuesAt };
}

import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { promisify } from 'node:util';
import { copyKey } from './key-bytes.ts';

/** Bytes of records in one block, before compression. */
const BLOCK = 128 * 1024;
/** Length of the compressed block, in front of it. */
const BLOCK_HEADER = 4;
/** Length of a record, in front of it. */
export const RECORD_HEADER = 4;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
// A window as large as a block: hundreds of runs may be read side by side.
const COMPRESSION = { params: { [constants.ZSTD_c_windowLog]: 17, [constants.ZSTD_c_compressionLevel]: 1 } };

/** Collects records, each behind its length, into blocks that are compressed one by one. */
export class BlockWriter {
  #block = Buffer.allocUnsafeSlow(BLOCK);
  #length = 0;

  /** Adds a record; answers true when the block is full and `take` is due. */
  add(source: Buffer, start: number, end: number): boolean {
    const size = RECORD_HEADER + end - start;
    if (this.#length + size > this.#block.length) this.#grow(this.#length + size);
    this.#block.writeUInt32BE(end - start, this.#length);
    copyKey(source, start, end, this.#block, this.#length + RECORD_HEADER);
    this.#length += size;
    return this.#length >= BLOCK;
  }

  /** The block as it is written; empty when there are no records. */
  async take(): Promise<Buffer> {
    if (this.#length === 0) return Buffer.alloc(0);
    const block = this.#block.subarray(0, this.#length);
    this.#block = Buffer.allocUnsafeSlow(BLOCK);
    this.#length = 0;
    const compressed = await compress(block, COMPRESSION);
    const header = Buffer.alloc(BLOCK_HEADER);
    header.writeUInt32BE(compressed.length);
    return Buffer.concat([header, compressed]);
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(size + BLOCK);
    this.#block.copy(larger, 0, 0, this.#length);
    this.#block = larger;
  }
}

/** Bytes `start` up to and without `end` of a run. */
export type ReadBytes = (start: number, end: number) => Promise<Buffer>;

/** Bytes that are asked for at once. */
const READ = 256 * 1024;

/** The blocks of a run of `size` bytes, one after the other, in memory that is bounded by their size. */
export async function* readBlocks(size: number, read: ReadBytes): AsyncGenerator<Buffer, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  let next = 0;
  const need = async (length: number): Promise<void> => {
    if (rest.length >= length) return;
    const end = Math.min(size, next + Math.max(READ, length - rest.length));
    rest = Buffer.concat([rest, await read(next, end)]);
    next = end;
  };
  while (rest.length > 0 || next < size) {
    await need(BLOCK_HEADER);
    const length = BLOCK_HEADER + rest.readUInt32BE(0);
    await need(length);
    yield await decompress(rest.subarray(BLOCK_HEADER, length));
    rest = rest.subarray(length);
  }
}

import type { ColumnSink } from './row-reader.ts';

/** Rows of a full page. A multiple of 8. A page costs the compressor memory of its own, so with fewer rows that costs as much as its work. */
export const PAGE_ROWS = 40_000;

/** Room in front of the values for the definition levels: 4 bytes of length, a run header, one bit for each row. */
const LEVELS_ROOM = roundUp(4 + 4 + PAGE_ROWS / 8);

/** Below so many bytes a loop is faster than the call that copies memory. */
const SHORT = 32;

/** Bytes that a text is expected to take; a page that needs more room grows. */
const TEXT_BYTES = 8;

/** Bytes that a new page takes at most before it has a value. */
const MAX_FIRST_CAPACITY = 4 * 1024 * 1024;

/** The page before compression, ready to be written. */
export interface FilledPage {
  readonly body: Uint8Array;
  readonly rows: number;
  readonly nulls: number;
}

/**
 * One column's values of up to `PAGE_ROWS` rows in PLAIN encoding, with definition levels when the column is nullable
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/). Values are written once, where they stay: the
 * levels are put right in front of them at the end. Numbers are stored in the byte order of the machine, which is
 * little-endian, as Parquet wants it, on every platform that Node has a build for here.
 */
export class ColumnPage implements ColumnSink {
  readonly #nullable: boolean;
  readonly #width: number;
  #capacity: number;
  #bytes: Buffer;
  #ints: Int32Array;
  #longs: BigInt64Array;
  #view: DataView;
  /** Next free byte; `#bits` counts the values of a boolean page. */
  #offset = LEVELS_ROOM;
  #bits = 0;
  #present: Uint8Array;
  #rows = 0;
  #nulls = 0;

  /** `width` as in ParquetField. */
  constructor(width: number, nullable: boolean) {
    this.#nullable = nullable;
    this.#width = width;
    this.#capacity = PAGE_ROWS * (width < 0 ? TEXT_BYTES : Math.max(width, 1 / 8));
    [this.#bytes, this.#ints, this.#longs, this.#view] = allocate(this.#capacity);
    this.#present = new Uint8Array(nullable ? PAGE_ROWS / 8 : 0);
  }

  get nullable(): boolean {
    return this.#nullable;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Only for nullable columns. */
  addNull(): void {
    this.#rows += 1;
    this.#nulls += 1;
  }

  addBoolean(value: boolean): void {
    this.#markPresent();
    if (value) {
      const at = LEVELS_ROOM + (this.#bits >> 3);
      this.#bytes[at] = (this.#bytes[at] ?? 0) | (1 << (this.#bits & 7));
    }
    this.#bits += 1;
  }

  addInt32(value: number): void {
    this.#markPresent();
    this.#ints[this.#offset >> 2] = value;
    this.#offset += 4;
  }

  /** A 64-bit value by its halves. */
  addInt64(high: number, low: number): void {
    this.#markPresent();
    const at = this.#offset >> 2;
    this.#ints[at] = low;
    this.#ints[at + 1] = high;
    this.#offset += 8;
  }

  addBigInt64(value: bigint): void {
    this.#markPresent();
    this.#longs[this.#offset >> 3] = value;
    this.#offset += 8;
  }

  /** Two's complement in 16 bytes, most significant first. */
  addBigInt128(value: bigint): void {
    this.#markPresent();
    // Shifting makes a new integer of any length; few values need it.
    const high = BigInt.asIntN(64, value) === value ? (value < 0n ? -1n : 0n) : value >> 64n;
    this.#view.setBigInt64(this.#offset, high);
    this.#view.setBigInt64(this.#offset + 8, BigInt.asIntN(64, value));
    this.#offset += 16;
  }

  /** Copies a value of its own length. */
  addBytes(source: Buffer, start: number, length: number): void {
    // First the room: making it may replace the memory.
    const at = this.openBytes(length);
    const bytes = this.#bytes;
    if (length > SHORT) source.copy(bytes, at, start, start + length);
    else for (let place = 0; place < length; place++) bytes[at + place] = source[start + place] ?? 0;
  }

  /** Makes room for a value of its own length; answers where its bytes go in `bytes`. */
  openBytes(length: number): number {
    this.#markPresent();
    this.#reserve(length + 4);
    this.#view.setUint32(this.#offset, length, true);
    const at = this.#offset + 4;
    this.#offset = at + length;
    return at;
  }

  /** Valid until the next call of an `add…` or `openBytes`. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The page so far; afterwards this object is empty again and owns new memory. */
  take(): FilledPage {
    const end = this.#width === 0 ? LEVELS_ROOM + Math.ceil(this.#bits / 8) : this.#offset;
    const start = this.#nullable ? this.#placeLevels() : LEVELS_ROOM;
    const page = { body: this.#bytes.subarray(start, end), rows: this.#rows, nulls: this.#nulls };
    [this.#bytes, this.#ints, this.#longs, this.#view] = allocate(this.#capacity);
    this.#present.fill(0);
    this.#offset = LEVELS_ROOM;
    this.#bits = 0;
    this.#rows = 0;
    this.#nulls = 0;
    return page;
  }

  /** One bit-packed run of the RLE hybrid: `(groups of 8 << 1) | 1` as a varint, then a bit for each row. */
  #placeLevels(): number {
    const packed = Math.ceil(this.#rows / 8);
    const header = varint((packed << 1) | 1);
    const start = LEVELS_ROOM - packed - header.length - 4;
    this.#bytes.writeUInt32LE(header.length + packed, start);
    this.#bytes.set(header, start + 4);
    this.#bytes.set(this.#present.subarray(0, packed), LEVELS_ROOM - packed);
    return start;
  }

  #markPresent(): void {
    if (this.#nullable) {
      const at = this.#rows >> 3;
      this.#present[at] = (this.#present[at] ?? 0) | (1 << (this.#rows & 7));
    }
    this.#rows += 1;
  }

  #reserve(size: number): void {
    const needed = this.#offset - LEVELS_ROOM + size;
    const capacity = this.#bytes.length - LEVELS_ROOM;
    if (needed <= capacity) return;
    const larger = allocate(Math.max(capacity * 2, needed));
    this.#bytes.copy(larger[0], 0, 0, this.#offset);
    [this.#bytes, this.#ints, this.#longs, this.#view] = larger;
    // The next page will need as much, unless it was a single very long value.
    this.#capacity = Math.min(this.#bytes.length - LEVELS_ROOM, MAX_FIRST_CAPACITY);
  }
}

/** Zeroed memory for the levels and so many bytes of values, seen as bytes, as aligned numbers and as any. */
function allocate(capacity: number): [Buffer, Int32Array, BigInt64Array, DataView] {
  const memory = new ArrayBuffer(roundUp(LEVELS_ROOM + capacity));
  return [Buffer.from(memory), new Int32Array(memory), new BigInt64Array(memory), new DataView(memory)];
}

function roundUp(size: number): number {
  return Math.ceil(size / 8) * 8;
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)];
}

import { describeType, type Column, type ColumnType } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { CsvBuffer } from './csv-buffer.ts';
import {
  writeAscii,
  writeBigDecimal,
  writeDecimal,
  writeFloat,
  writeInteger,
  writeLong,
  writeLongDecimal,
} from './number-text.ts';
import { writeDate, writeMoment } from './time-text.ts';

const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CAPITAL_N = 0x4e;

/** Below so many bytes a loop is faster than the calls that copy and search memory. */
const SHORT = 160;

/** One number of 64 bits, as its halves and as what they mean. */
const halves = new Int32Array(2);
const double = new Float64Array(halves.buffer);
const single = new Float32Array(halves.buffer);

/**
 * One column of CSV rows: writes each value with the comma in front of it into a buffer that it shares with the other
 * columns. The text of every type stands in docs/staged-files.md. Which of the calls a type gets, its reader says.
 */
export class CsvColumn {
  readonly nullable: boolean;
  readonly #table: string;
  readonly #column: Column;
  readonly #kind: ColumnType['kind'];
  readonly #scale: number;
  readonly #zoned: boolean;
  readonly #first: boolean;
  readonly #to: CsvBuffer;

  /** `table` names the source in messages; `first` says that no comma stands in front. */
  constructor(table: string, column: Column, to: CsvBuffer, first: boolean) {
    const { type } = column;
    this.nullable = column.nullable;
    this.#table = table;
    this.#column = column;
    this.#kind = type.kind;
    this.#scale = type.kind === 'decimal' ? type.scale : 0;
    this.#zoned = type.kind === 'timestamp' && type.zoned;
    this.#first = first;
    this.#to = to;
  }

  /** Valid until the next call of an `add…` or `openBytes`. */
  get bytes(): Buffer {
    return this.#to.bytes;
  }

  addNull(): void {
    const to = this.#open(2);
    to.bytes[to.at++] = BACKSLASH;
    to.bytes[to.at++] = CAPITAL_N;
  }

  addBoolean(value: boolean): void {
    writeAscii(this.#open(0), value ? 'true' : 'false');
  }

  addInt32(value: number): void {
    const to = this.#open(0);
    if (this.#kind === 'date') {
      writeDate(to, value);
    } else if (this.#kind === 'decimal') {
      writeDecimal(to, value, this.#scale);
    } else if (this.#kind === 'float32') {
      halves[0] = value;
      writeFloat(to, single[0] ?? 0);
    } else {
      writeInteger(to, value);
    }
  }

  addInt64(high: number, low: number): void {
    const to = this.#open(0);
    if (this.#kind === 'timestamp') {
      writeMoment(to, high, low, this.#zoned);
    } else if (this.#kind === 'decimal') {
      writeLongDecimal(to, high, low, this.#scale);
    } else if (this.#kind === 'float64') {
      halves[0] = low;
      halves[1] = high;
      writeFloat(to, double[0] ?? 0);
    } else {
      writeLong(to, high, low);
    }
  }

  addBigInt64(value: bigint): void {
    writeBigDecimal(this.#open(0), value, this.#scale);
  }

  addBigInt128(value: bigint): void {
    writeBigDecimal(this.#open(0), value, this.#scale);
  }

  addBytes(source: Buffer, start: number, length: number): void {
    if (this.#kind === 'binary') this.#addHex(source, start, length);
    else if (this.#kind === 'uuid') source.copy(this.bytes, this.openBytes(length), start, start + length);
    else this.#addText(source, start, length);
  }

  /** Room for a value that needs no quotes. */
  openBytes(length: number): number {
    const to = this.#open(length);
    const { at } = to;
    to.at = at + length;
    return at;
  }

  #addText(source: Buffer, start: number, length: number): void {
    if (length === 2 && source[start] === BACKSLASH && source[start + 1] === CAPITAL_N) {
      throw this.#refuse('the text \\N, which stands for NULL there');
    }
    const to = this.#open(length * 2 + 2);
    to.bytes[to.at++] = QUOTE;
    if (length < SHORT) copyShort(to, source, start, length);
    else copyLong(to, source.subarray(start, start + length));
    to.bytes[to.at++] = QUOTE;
  }

  #addHex(source: Buffer, start: number, length: number): void {
    if (length === 0) throw this.#refuse('a binary value without bytes, which a reader may take for NULL');
    const to = this.#open(length * 2);
    const { bytes } = to;
    let { at } = to;
    for (let place = start; place < start + length; place++) {
      const digits = HEX[source[place] ?? 0] ?? 0;
      bytes[at++] = digits;
      bytes[at++] = digits >> 8;
    }
    to.at = at;
  }

  /** Writes what separates the value from the one before, and makes room for so many bytes. */
  #open(size: number): CsvBuffer {
    const to = this.#to;
    to.reserve(size + 1);
    if (!this.#first) to.bytes[to.at++] = COMMA;
    return to;
  }

  #refuse(what: string): StageFailure {
    const { name, type } = this.#column;
    return new StageFailure(
      'data_error',
      `Column ${this.#table}.${name} of type ${describeType(type)} holds ${what}, so CSV files cannot hold it. ` +
        'Stage the table as Parquet: write format: parquet in the stage.',
      { facts: { table: this.#table, column: name, value: what } },
    );
  }
}

/** Two hexadecimal digits of each byte, the first one in the low half. */
const HEX = Uint16Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).padStart(2, '0')).readUInt16LE(),
);

/** A quote inside of quotes is written twice. */
function copyShort(to: CsvBuffer, source: Buffer, start: number, length: number): void {
  const { bytes } = to;
  let { at } = to;
  for (let place = start; place < start + length; place++) {
    const byte = source[place] ?? 0;
    bytes[at++] = byte;
    if (byte === QUOTE) bytes[at++] = QUOTE;
  }
  to.at = at;
}

function copyLong(to: CsvBuffer, text: Buffer): void {
  const { bytes } = to;
  let from = 0;
  for (let quote = text.indexOf(QUOTE); quote !== -1; quote = text.indexOf(QUOTE, from)) {
    to.at += text.copy(bytes, to.at, from, quote + 1);
    bytes[to.at++] = QUOTE;
    from = quote + 1;
  }
  to.at += text.copy(bytes, to.at, from);
}

/** Types of the Thrift compact protocol, as they stand in field and list headers. */
export const THRIFT = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  struct: 12,
} as const;

/**
 * Writes the Thrift compact protocol, as far as Parquet's metadata needs it
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). Integers are safe integers.
 */
export class ThriftWriter {
  #buffer = Buffer.allocUnsafe(256);
  #length = 0;
  /** The last field id of each open struct: ids are written as differences. */
  readonly #lastIds: number[] = [0];

  /** What was written; the writer must not be used afterwards. */
  finish(): Uint8Array {
    this.#byte(0);
    return this.#buffer.subarray(0, this.#length);
  }

  bool(id: number, value: boolean): void {
    this.#field(id, value ? THRIFT.true : THRIFT.false);
  }

  /** An i8 field. */
  byte(id: number, value: number): void {
    this.#field(id, THRIFT.byte);
    this.#byte(value & 0xff);
  }

  i32(id: number, value: number): void {
    this.#field(id, THRIFT.i32);
    this.#zigzag(value);
  }

  i64(id: number, value: number): void {
    this.#field(id, THRIFT.i64);
    this.#zigzag(value);
  }

  text(id: number, value: string): void {
    this.#field(id, THRIFT.binary);
    this.#text(value);
  }

  struct(id: number, write: () => void): void {
    this.#field(id, THRIFT.struct);
    this.#body(write);
  }

  structs<T>(id: number, items: readonly T[], write: (item: T) => void): void {
    this.#list(id, THRIFT.struct, items.length);
    for (const item of items) {
      this.#body(() => {
        write(item);
      });
    }
  }

  i32s(id: number, values: readonly number[]): void {
    this.#list(id, THRIFT.i32, values.length);
    for (const value of values) this.#zigzag(value);
  }

  texts(id: number, values: readonly string[]): void {
    this.#list(id, THRIFT.binary, values.length);
    for (const value of values) this.#text(value);
  }

  #body(write: () => void): void {
    this.#lastIds.push(0);
    write();
    this.#byte(0);
    this.#lastIds.pop();
  }

  #field(id: number, type: number): void {
    const delta = id - (this.#lastIds.at(-1) ?? 0);
    if (delta > 0 && delta < 16) {
      this.#byte((delta << 4) | type);
    } else {
      this.#byte(type);
      this.#zigzag(id);
    }
    this.#lastIds[this.#lastIds.length - 1] = id;
  }

  #list(id: number, type: number, length: number): void {
    this.#field(id, THRIFT.list);
    if (length < 15) {
      this.#byte((length << 4) | type);
    } else {
      this.#byte(0xf0 | type);
      this.#varint(length);
    }
  }

  #text(value: string): void {
    const size = Buffer.byteLength(value);
    this.#varint(size);
    this.#reserve(size);
    this.#length += this.#buffer.write(value, this.#length);
  }

  /** Arithmetic instead of shifts: values exceed 32 bits. */
  #zigzag(value: number): void {
    this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + size));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

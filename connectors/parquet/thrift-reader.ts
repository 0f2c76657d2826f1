import { THRIFT } from './thrift-writer.ts';

/** A struct by its field ids. Bytes are views of the memory that was read. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;
export type ThriftValue = boolean | number | Buffer | ThriftStruct | readonly ThriftValue[];

/**
 * Reads the Thrift compact protocol, as far as Parquet's metadata needs it: the inverse of `ThriftWriter`, and tolerant
 * of fields that it does not write. Integers above 2^53 lose digits.
 */
export class ThriftReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where the next byte is read. */
  get at(): number {
    return this.#at;
  }

  /** @throws RangeError when the bytes end within the struct or hold no struct. */
  struct(): ThriftStruct {
    const fields = new Map<number, ThriftValue>();
    let id = 0;
    for (;;) {
      const header = this.#byte();
      const type = header & 15;
      if (type === 0) return fields;
      id = header >> 4 === 0 ? this.#zigzag() : id + (header >> 4);
      fields.set(
        id,
        type === THRIFT.true || type === THRIFT.false ? type === THRIFT.true : this.#value(type),
      );
    }
  }

  #value(type: number): ThriftValue {
    switch (type) {
      case THRIFT.true:
      case THRIFT.false:
        return this.#byte() === 1;
      case THRIFT.byte:
        return (this.#byte() << 24) >> 24;
      case THRIFT.i16:
      case THRIFT.i32:
      case THRIFT.i64:
        return this.#zigzag();
      case THRIFT.double:
        return this.#take(8).readDoubleLE();
      case THRIFT.binary:
        return this.#take(this.#varint());
      case THRIFT.list:
        return this.#list();
      case THRIFT.struct:
        return this.struct();
      default:
        throw new RangeError(`Thrift type ${String(type)} is none that Parquet's metadata has.`);
    }
  }

  #list(): readonly ThriftValue[] {
    const header = this.#byte();
    const length = header >> 4 === 15 ? this.#varint() : header >> 4;
    if (length > this.#bytes.length - this.#at) throw new RangeError('A list is longer than the metadata.');
    return Array.from({ length }, () => this.#value(header & 15));
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  #byte(): number {
    const at = this.#at++;
    return this.#bytes.readUInt8(at);
  }

  #take(size: number): Buffer {
    const start = this.#at;
    if (size > this.#bytes.length - start) throw new RangeError('The metadata end within a value.');
    this.#at += size;
    return this.#bytes.subarray(start, this.#at);
  }
}

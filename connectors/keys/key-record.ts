import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { copyKey } from './key-bytes.ts';

const INITIAL = 256;

/**
 * Makes one record of the values of a key, as a row reader hands them over: numbers in 4, 8 or 16 bytes, big-endian, and
 * everything else behind its length in 4 bytes. So two keys of the same columns are equal exactly when their records are equal bytes,
 * whatever the protocol they came by.
 */
export class KeyRecord {
  readonly #table: string;
  #bytes = Buffer.allocUnsafeSlow(INITIAL);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** `table` names the source in messages. */
  constructor(table: string) {
    this.#table = table;
  }

  /** One sink for each column of the key; the reader fills them in their order. */
  sinks(columns: readonly Column[]): readonly KeySink[] {
    return columns.map(({ name }) => new KeySink(this, () => this.#refuseNull(name)));
  }

  /** Begins the next record. */
  clear(): void {
    this.#length = 0;
  }

  /** The record since `clear`; valid until the next one. */
  get content(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  get view(): DataView {
    return this.#view;
  }

  /** Room for so many bytes at the end; answers where they begin. */
  open(size: number): number {
    const at = this.#length;
    if (at + size > this.#bytes.length) this.#grow(at + size);
    this.#length = at + size;
    return at;
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(size)));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  #refuseNull(column: string): never {
    throw new StageFailure(
      'data_error',
      `Column ${this.#table}.${column} is part of the key and NULL in a row, so that nothing tells whether the row is deleted later. ` +
        'Give the extract a key without NULL, or remove detect_deletes.',
      { facts: { table: this.#table, column } },
    );
  }
}

class KeySink {
  /** A NULL is refused here, with the words of keys. */
  readonly nullable = true;
  readonly #record: KeyRecord;
  readonly #refuseNull: () => never;

  constructor(record: KeyRecord, refuseNull: () => never) {
    this.#record = record;
    this.#refuseNull = refuseNull;
  }

  get bytes(): Buffer {
    return this.#record.bytes;
  }

  addNull(): never {
    this.#refuseNull();
  }

  addBoolean(value: boolean): void {
    this.addInt32(value ? 1 : 0);
  }

  addInt32(value: number): void {
    const at = this.#record.open(4);
    this.#record.view.setInt32(at, value);
  }

  addInt64(high: number, low: number): void {
    const at = this.#record.open(8);
    this.#record.view.setInt32(at, high);
    this.#record.view.setInt32(at + 4, low);
  }

  addBigInt64(value: bigint): void {
    const at = this.#record.open(8);
    this.#record.view.setBigInt64(at, value);
  }

  addBigInt128(value: bigint): void {
    const at = this.#record.open(16);
    this.#record.view.setBigInt64(at, value >> 64n);
    this.#record.view.setBigUint64(at + 8, BigInt.asUintN(64, value));
  }

  addBytes(source: Buffer, start: number, length: number): void {
    const at = this.openBytes(length);
    copyKey(source, start, start + length, this.#record.bytes, at);
  }

  openBytes(length: number): number {
    const at = this.#record.open(4 + length);
    this.#record.view.setUint32(at, length);
    return at + 4;
  }
}

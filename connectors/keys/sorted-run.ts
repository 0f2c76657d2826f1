import { BlockWriter } from './run-blocks.ts';

/** Records of one run, and bytes of them, before it is sorted and written: what the sorting holds in memory. */
export interface RunLimits {
  readonly keys: number;
  readonly bytes: number;
}
export const DEFAULT_RUN_LIMITS: RunLimits = { keys: 500_000, bytes: 32 * 1024 * 1024 };

/** Records in any order, which are written in the order of their bytes. */
export class SortedRun {
  readonly #limits: RunLimits;
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #length = 0;
  readonly #ends: number[] = [];
  #sorted = true;

  constructor(limits: RunLimits = DEFAULT_RUN_LIMITS) {
    this.#limits = limits;
  }

  get keys(): number {
    return this.#ends.length;
  }

  get full(): boolean {
    return this.keys >= this.#limits.keys || this.#length >= this.#limits.bytes;
  }

  add(record: Buffer): void {
    const end = this.#length + record.length;
    if (end > this.#bytes.length) this.#grow(end);
    record.copy(this.#bytes, this.#length);
    // Tables mostly come in the order of their key.
    if (this.#sorted && this.keys > 0)
      this.#sorted =
        this.#bytes.compare(record, 0, record.length, this.#start(this.keys - 1), this.#length) <= 0;
    this.#length = end;
    this.#ends.push(end);
  }

  /** The blocks of the run, as they are written. Iterate once, after the last record. */
  async *blocks(): AsyncGenerator<Buffer, void, undefined> {
    const bytes = this.#bytes;
    const writer = new BlockWriter();
    const order = Uint32Array.from(this.#ends, (_, at) => at);
    if (!this.#sorted) this.#sort(order);
    for (const at of order) if (writer.add(bytes, this.#start(at), this.#end(at))) yield await writer.take();
    const last = await writer.take();
    if (last.length > 0) yield last;
  }

  /** By the first eight bytes as two numbers, which tells most records apart; the rest only where these are equal. */
  #sort(order: Uint32Array): void {
    const high = Uint32Array.from(order, (at) => this.#word(at, 0));
    const low = Uint32Array.from(order, (at) => this.#word(at, 4));
    order.sort((one, other) => {
      const difference = (high[one] ?? 0) - (high[other] ?? 0) || (low[one] ?? 0) - (low[other] ?? 0);
      return difference === 0 ? this.#compare(one, other) : difference;
    });
  }

  /** Four bytes of a record from `from` on; bytes behind its end are zero. */
  #word(at: number, from: number): number {
    const start = this.#start(at) + from;
    const size = this.#end(at) - start;
    if (size >= 4) return this.#bytes.readUInt32BE(start);
    return size <= 0 ? 0 : this.#bytes.readUIntBE(start, size) * 2 ** (8 * (4 - size));
  }

  #compare(one: number, other: number): number {
    const bytes = this.#bytes;
    return bytes.compare(bytes, this.#start(other), this.#end(other), this.#start(one), this.#end(one));
  }

  #start(at: number): number {
    return at === 0 ? 0 : this.#end(at - 1);
  }

  #end(at: number): number {
    return this.#ends[at] ?? 0;
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

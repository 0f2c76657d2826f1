import { compareKeys, copyKey } from './key-bytes.ts';
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
    const bytes = this.#bytes;
    copyKey(record, 0, record.length, bytes, this.#length);
    // Tables mostly come in the order of their key.
    if (this.#sorted && this.keys > 0)
      this.#sorted =
        compareKeys(bytes, this.#start(this.keys - 1), this.#length, bytes, this.#length, end) <= 0;
    this.#length = end;
    this.#ends.push(end);
  }

  /** The blocks of the run, as they are written; one is compressed while the next is filled. Iterate once, after the last record. */
  async *blocks(): AsyncGenerator<Buffer, void, undefined> {
    const order = this.#sorted ? undefined : this.#sort();
    const writer = new BlockWriter();
    let waiting: Promise<Buffer> | undefined;
    for (let place = 0; place < this.keys; place++) {
      const at = order?.[place] ?? place;
      if (!writer.add(this.#bytes, this.#start(at), this.#end(at))) continue;
      const next = writer.take();
      next.catch(() => undefined);
      if (waiting !== undefined) yield await waiting;
      waiting = next;
    }
    if (waiting !== undefined) yield await waiting;
    const last = await writer.take();
    if (last.length > 0) yield last;
  }

  /** By eight bytes as two numbers, the first in which any two records differ, which tells most apart; the rest only where these are equal. */
  #sort(): Uint32Array {
    const from = this.#sharedBytes();
    const order = new Uint32Array(this.keys);
    const [high, low] = [new Uint32Array(this.keys), new Uint32Array(this.keys)];
    for (let at = 0; at < order.length; at++) {
      order[at] = at;
      high[at] = this.#word(at, from);
      low[at] = this.#word(at, from + 4);
    }
    return order.sort((one, other) => {
      const difference = (high[one] ?? 0) - (high[other] ?? 0) || (low[one] ?? 0) - (low[other] ?? 0);
      return difference === 0 ? this.#compare(one, other) : difference;
    });
  }

  /** How many bytes all records begin with: of texts of one length, at least their length. */
  #sharedBytes(): number {
    const bytes = this.#bytes;
    let shared = this.#end(0);
    for (let at = 1; at < this.keys && shared > 0; at++) {
      const start = this.#start(at);
      shared = Math.min(shared, this.#end(at) - start);
      for (let place = 0; place < shared; place++) if (bytes[place] !== bytes[start + place]) shared = place;
    }
    return shared;
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
    return compareKeys(bytes, this.#start(one), this.#end(one), bytes, this.#start(other), this.#end(other));
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

import { BlockWriter } from './run-blocks.ts';

/** Records of one run, and bytes of them, before it is sorted and written: what the sorting holds in memory. */
export interface RunLimits {
  readonly keys: number;
  readonly bytes: number;
}
export const DEFAULT_RUN_LIMITS: RunLimits = { keys: 1_000_000, bytes: 32 * 1024 * 1024 };

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
    if (!this.#sorted)
      order.sort((one, other) =>
        bytes.compare(bytes, this.#start(other), this.#end(other), this.#start(one), this.#end(one)),
      );
    for (const at of order) if (writer.add(bytes, this.#start(at), this.#end(at))) yield await writer.take();
    const last = await writer.take();
    if (last.length > 0) yield last;
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

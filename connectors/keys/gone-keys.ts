import { compareKeys, copyKey } from './key-bytes.ts';
import { BlockWriter, readBlocks, RECORD_HEADER, type ReadBytes } from './run-blocks.ts';

/** Milliseconds since 1970 at which a key was first missed, in front of the record of one that is gone. */
export const SINCE = 8;

/** A sorted run. `now`: keys at the source; `before`: keys at the source earlier; `gone`: keys that were missed earlier. */
export interface KeyRun {
  readonly holds: 'now' | 'before' | 'gone';
  /** Bytes of the run. */
  readonly size: number;
  readonly read: ReadBytes;
}

export interface GoneCounts {
  /** Different keys that were at the source before. */
  before: number;
  /** Of these, keys that are missing for the first time. */
  missed: number;
  /** Keys that are written: those, and the ones that were missed earlier and have not come back. */
  gone: number;
}

/**
 * Merges sorted runs and writes, in order and each once, the keys that were at the source before, or were missed earlier, and are not
 * there now: each behind the time since when it is missed. Those missed before `forget` are left out. Yields blocks as they are written
 * and adds to `counts`. Holds one block of each run.
 */
export async function* goneKeys(
  runs: readonly KeyRun[],
  { now, forget }: { readonly now: number; readonly forget: number },
  counts: GoneCounts,
): AsyncGenerator<Buffer, void, undefined> {
  const heap = new CursorHeap();
  for (const run of runs) await heap.push(new RunCursor(run));
  const writer = new BlockWriter();
  // The key that is looked at, behind room for the time.
  let record = Buffer.alloc(0);
  for (let first = heap.first; first !== undefined; first = heap.first) {
    const end = SINCE + first.end - first.start;
    if (record.length < end) record = Buffer.alloc(2 * end);
    copyKey(first.block, first.start, first.end, record, SINCE);
    let [there, before, since] = [false, false, 0];
    for (let same = heap.first; same?.isAt(record, SINCE, end) === true; same = heap.first) {
      if (same.holds === 'now') there = true;
      else if (same.holds === 'before') before = true;
      else since = Math.max(since, same.since);
      if (!same.step()) await same.refill();
      heap.moved();
    }
    if (before) counts.before += 1;
    if (there || (!before && since < forget)) continue;
    if (before) counts.missed += 1;
    counts.gone += 1;
    record.writeDoubleBE(before ? now : since, 0);
    if (writer.add(record, 0, end)) yield await writer.take();
  }
  const last = await writer.take();
  if (last.length > 0) yield last;
}

/** The place in a run that is being read. */
class RunCursor {
  readonly holds: KeyRun['holds'];
  readonly #blocks: AsyncGenerator<Buffer, void, undefined>;
  /** The key lies in `block` from `start` up to and without `end`. */
  block: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  since = 0;
  ended = false;

  constructor({ holds, size, read }: KeyRun) {
    this.holds = holds;
    this.#blocks = readBlocks(size, read);
  }

  isAt(key: Buffer, start: number, end: number): boolean {
    return compareKeys(this.block, this.start, this.end, key, start, end) === 0;
  }

  isBefore(other: RunCursor): boolean {
    return compareKeys(this.block, this.start, this.end, other.block, other.start, other.end) < 0;
  }

  /** Goes on to the next record; false when the block is at its end. */
  step(): boolean {
    if (this.end >= this.block.length) return false;
    this.#read(this.end);
    return true;
  }

  /** Goes on to the first record of the next block. */
  async refill(): Promise<void> {
    const next = await this.#blocks.next();
    if (next.done === true) {
      this.ended = true;
      return;
    }
    this.block = next.value;
    this.#read(0);
  }

  #read(at: number): void {
    const start = at + RECORD_HEADER;
    const skipped = this.holds === 'gone' ? SINCE : 0;
    if (skipped > 0) this.since = this.block.readDoubleBE(start);
    this.start = start + skipped;
    this.end = start + this.block.readUInt32BE(at);
  }
}

/** A binary heap of cursors, the smallest key first. */
class CursorHeap {
  readonly #cursors: RunCursor[] = [];

  get first(): RunCursor | undefined {
    return this.#cursors[0];
  }

  async push(cursor: RunCursor): Promise<void> {
    await cursor.refill();
    if (cursor.ended) return;
    this.#cursors.push(cursor);
    let at = this.#cursors.length - 1;
    while (at > 0 && this.#isLess(at, (at - 1) >> 1)) {
      this.#swap(at, (at - 1) >> 1);
      at = (at - 1) >> 1;
    }
  }

  /** The first cursor has moved on. */
  moved(): void {
    if (this.first?.ended === true) {
      const last = this.#cursors.pop();
      if (last === undefined || this.#cursors.length === 0) return;
      this.#cursors[0] = last;
    }
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (this.#isLess(left, least)) least = left;
      if (this.#isLess(right, least)) least = right;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isLess(one: number, other: number): boolean {
    const [left, right] = [this.#cursors[one], this.#cursors[other]];
    return left !== undefined && right !== undefined && left.isBefore(right);
  }

  #swap(one: number, other: number): void {
    const [left, right] = [this.#cursors[one], this.#cursors[other]];
    if (left === undefined || right === undefined) return;
    this.#cursors[one] = right;
    this.#cursors[other] = left;
  }
}

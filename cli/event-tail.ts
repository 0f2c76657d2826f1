import type pg from 'pg';
import { searchEvents, type EventFilter, type EventView } from '../catalog/event-views.ts';

/**
 * Positions before the newest one that are looked at again. An event gets its position before its transaction commits,
 * so of two that are written at once the later position may appear first.
 */
const OVERLAP = 500;

/** Follows the event log: each event once, in the order of the log as far as it has been committed. */
export class EventTail {
  readonly #db: pg.Pool;
  readonly #filter: EventFilter;
  readonly #seen = new Set<number>();
  #newest = 0;

  constructor(db: pg.Pool, filter: EventFilter) {
    this.#db = db;
    this.#filter = filter;
  }

  /** The last events, the newest at the end, from which `next` goes on. */
  async newest(count: number): Promise<readonly EventView[]> {
    const events = this.#take(await searchEvents(this.#db, this.#filter, Math.max(count, OVERLAP)));
    return events.slice(-count);
  }

  /** What has arrived since, the newest at the end. */
  async next(): Promise<readonly EventView[]> {
    const filter = { ...this.#filter, after: Math.max(0, this.#newest - OVERLAP) };
    for (let limit = 4 * OVERLAP; ; limit *= 4) {
      const found = await searchEvents(this.#db, filter, limit);
      // The newest come first: a full answer may lack older ones.
      if (found.length < limit) return this.#take(found);
    }
  }

  #take(found: readonly EventView[]): readonly EventView[] {
    const fresh = found.filter(({ seq }) => !this.#seen.has(seq)).reverse();
    for (const { seq } of fresh) this.#seen.add(seq);
    this.#newest = Math.max(this.#newest, fresh.at(-1)?.seq ?? 0);
    for (const seq of this.#seen) if (seq <= this.#newest - OVERLAP) this.#seen.delete(seq);
    return fresh;
  }
}

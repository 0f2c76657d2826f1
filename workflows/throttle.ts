import { log, sleep } from '@temporalio/workflow';
import { pace } from '../pipeline/pace.ts';

/** What a router has taken beyond its rate, and when that was so. Recorded in histories. */
export interface Unpaid {
  readonly events: number;
  /** Milliseconds since 1970, by the clock of the workflow. */
  readonly since: number;
}

/** Holds a router to its rate: what comes faster waits in its queue. */
export class Throttle {
  #unpaid: Unpaid;
  #told = false;
  #slowed = false;

  constructor(unpaid: Unpaid = { events: 0, since: 0 }) {
    this.#unpaid = unpaid;
  }

  get unpaid(): Unpaid {
    return this.#unpaid;
  }

  /** True while the router waits. */
  get slowed(): boolean {
    return this.#slowed;
  }

  /** Waits after `count` events until the next ones may be taken. `rate` is in events a second; acceptances of older builds name none. */
  async took(count: number, rate: number | undefined): Promise<void> {
    if (rate === undefined) return;
    const now = Date.now();
    const { unpaid, wait } = pace(rate, count, this.#unpaid.events, now - this.#unpaid.since);
    this.#unpaid = { events: unpaid, since: now };
    if (unpaid === count) this.#told = false;
    if (wait === 0) return;
    if (!this.#told) log.warn('events come faster than the router takes them', { eventsPerSecond: rate });
    this.#told = true;
    this.#slowed = true;
    await sleep(wait);
    this.#slowed = false;
  }
}

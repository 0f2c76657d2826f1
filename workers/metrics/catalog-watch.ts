import type pg from 'pg';
import { readStandingFigures, type StandingFigures } from '../../catalog/standing-figures.ts';
import { afterSeconds, PATIENCE } from './patience.ts';
import type { Setter } from './registry.ts';
import { setProcess, setStanding } from './standing-gauges.ts';

/** Milliseconds for which figures are shown again instead of being read again. */
const FRESH = 10_000;

/** Looks at the catalog for those who read the metrics, once for all of them. */
export class CatalogWatch {
  readonly #read: (db: pg.Pool) => Promise<StandingFigures>;
  readonly #now: () => number;
  #db: pg.Pool | undefined;
  #reading: Promise<StandingFigures | undefined> | undefined;
  #readAt = -Infinity;

  constructor(
    read: (db: pg.Pool) => Promise<StandingFigures> = (db) => readStandingFigures(db, PATIENCE),
    now: () => number = () => performance.now(),
  ) {
    this.#read = read;
    this.#now = now;
  }

  /** Looks at this catalog from now on; before, nothing is known of it. */
  watch(db: pg.Pool): void {
    this.#db = db;
  }

  async observe(set: Setter): Promise<void> {
    setProcess(set);
    if (this.#db === undefined) return;
    const { totalCount, idleCount, waitingCount } = this.#db;
    set('reefline_catalog_connections', { state: 'open' }, totalCount);
    set('reefline_catalog_connections', { state: 'idle' }, idleCount);
    set('reefline_catalog_connections', { state: 'waited_for' }, waitingCount);
    const figures = await this.#figures(this.#db);
    set('reefline_catalog_reachable', {}, figures === undefined ? 0 : 1);
    if (figures !== undefined) setStanding(set, figures);
  }

  /** Undefined when the catalog does not answer in time: figures of before would look like figures of now. */
  async #figures(db: pg.Pool): Promise<StandingFigures | undefined> {
    if (this.#reading === undefined || this.#now() - this.#readAt > FRESH) {
      this.#readAt = this.#now();
      this.#reading = this.#read(db).catch(() => undefined);
    }
    return Promise.race([this.#reading, afterSeconds(PATIENCE)]);
  }
}

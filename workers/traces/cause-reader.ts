import type { TracedRun } from '../../pipeline/happening.ts';
import type { Causes } from '../../pipeline/trace-place.ts';

/** Runs of one query. */
const BATCH = 500;
/** Runs that are remembered: spans and log lines of one come close together. */
const REMEMBERED = 2_000;

interface Wish {
  readonly run: TracedRun;
  readonly resolve: (causes: Causes) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads the causes of runs: one query for all that are asked for while the one before is under way. */
export class CauseReader {
  readonly #read: (runs: readonly TracedRun[]) => Promise<readonly Causes[]>;
  readonly #known = new Map<string, Promise<Causes>>();
  #wishes: Wish[] = [];
  #reading = false;

  constructor(read: (runs: readonly TracedRun[]) => Promise<readonly Causes[]>) {
    this.#read = read;
  }

  /** Rejects when the catalog does not answer. */
  of(run: TracedRun): Promise<Causes> {
    const key = JSON.stringify([run.stage, run.timelabel, run.revision]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const asked = new Promise<Causes>((resolve, reject) => {
      this.#wishes.push({ run, resolve, reject });
    });
    this.#remember(key, asked);
    if (!this.#reading) void this.#readAll();
    return asked;
  }

  /** What is in the ledger never changes; what is not there may come. */
  #remember(key: string, asked: Promise<Causes>): void {
    const forget = (): void => void this.#known.delete(key);
    asked.then((causes) => {
      if (causes === undefined) forget();
    }, forget);
    this.#known.set(key, asked);
    const [oldest = ''] = this.#known.keys();
    if (this.#known.size > REMEMBERED) this.#known.delete(oldest);
  }

  async #readAll(): Promise<void> {
    this.#reading = true;
    // So that what one activity tells in a row becomes one query.
    await Promise.resolve();
    while (this.#wishes.length > 0) {
      const wishes = this.#wishes.splice(0, BATCH);
      try {
        const causes = await this.#read(wishes.map(({ run }) => run));
        for (const [at, { resolve }] of wishes.entries()) resolve(causes[at]);
      } catch (error) {
        for (const { reject } of wishes) reject(error);
      }
    }
    this.#reading = false;
  }
}

import { whenStarterEnds } from './starter.ts';

/** Thrown out of whatever the demo is doing when somebody ends it. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The demo's steps one after the other: each has a name for what goes wrong, and ends when the demo is interrupted. */
export class Steps {
  readonly #say: (line: string) => void;
  readonly #interruption: Promise<never>;
  /** Settles when somebody ends the demo. */
  readonly interrupted: Promise<void>;
  wasInterrupted = false;
  current = 'start';

  constructor(say: (line: string) => void) {
    this.#say = say;
    this.interrupted = interruption();
    this.#interruption = this.interrupted.then(() => {
      this.wasInterrupted = true;
      throw new Interrupted('The demo was interrupted.');
    });
    // It is listened to only while a step runs.
    this.#interruption.catch(() => undefined);
  }

  /** Runs a step. One of the set-up says how long it took. */
  async run<T>(name: string, work: () => Promise<T>, part?: 'set-up'): Promise<T> {
    this.current = name;
    const began = performance.now();
    const result = await Promise.race([work(), this.#interruption]);
    if (part === 'set-up')
      this.#say(`  ${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${name}`);
    return result;
  }
}

/** npm passes Ctrl-C on, which the terminal has already sent: within this time it is the same one. Milliseconds. */
const SAME_SIGNAL = 1_000;

/** Ctrl-C or SIGTERM, or the end of the npm that started the demo; a second signal ends the process at once. */
async function interruption(): Promise<void> {
  return new Promise((resolve) => {
    let asked = Number.POSITIVE_INFINITY;
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        const now = performance.now();
        // What it started ends by itself with this process.
        if (now - asked > SAME_SIGNAL) process.exit(130);
        asked = Math.min(asked, now);
        resolve();
      });
    }
    whenStarterEnds(resolve, process.env);
  });
}

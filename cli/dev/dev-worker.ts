import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { holdProcess, type HeldProcess } from './held-process.ts';

/** The suffix of this file is that of the whole build: `.ts` in a checkout, `.js` in a package. */
const SUFFIX = extname(fileURLToPath(import.meta.url));
const WORKER = fileURLToPath(new URL(`../../workers/main${SUFFIX}`, import.meta.url));
const TETHER = new URL(`./end-with-starter${SUFFIX}`, import.meta.url).href;
/** Milliseconds to drain before the worker is killed; the tether gives up a little earlier. */
const PATIENCE = 8_000;
/** What the worker says itself; the rest is the log of the Temporal SDK, and failures are events anyway. */
const SAYING = /^reefline worker: /;
/** Last lines of the log that are shown when it ends by itself. */
const SHOWN = 20;

/** Keeps one worker process up, with the environment that it was last told. */
export class DevWorker {
  readonly #say: (line: string) => void;
  #running: HeldProcess | undefined;
  #startedWith = '';
  #stopping = false;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /**
   * Starts the worker, or starts it again when its environment or the modules that it has loaded have changed: a process
   * cannot be told of new ones.
   */
  async keepUp(environment: NodeJS.ProcessEnv, modules: string): Promise<void> {
    const wanted = JSON.stringify([environment, modules]);
    if (this.#running !== undefined && wanted === this.#startedWith) return;
    await this.#end();
    this.#startedWith = wanted;
    const log: string[] = [];
    const held = holdProcess(['--import', TETHER, WORKER], environment, (line) => {
      if (SAYING.test(line)) this.#say(line.replace(SAYING, 'worker: '));
      log.push(line);
      if (log.length > SHOWN) log.shift();
    });
    this.#running = held;
    void held.ended.then((how) => {
      if (this.#stopping || this.#running !== held) return;
      this.#running = undefined;
      this.#say(
        `worker: ended unexpectedly (${how}). It is started again at the next change of the project.`,
      );
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#end();
  }

  async #end(): Promise<void> {
    const held = this.#running;
    this.#running = undefined;
    await held?.stop(PATIENCE);
  }
}

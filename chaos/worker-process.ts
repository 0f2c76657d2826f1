import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WORKER = fileURLToPath(new URL('../workers/main.ts', import.meta.url));
const TETHER = new URL('../cli/dev/end-with-starter.ts', import.meta.url).href;
/** Milliseconds to drain. */
const PATIENCE = 8_000;

/** A `workers/main.ts` that is killed and started again; it also ends with this process. */
export class WorkerProcess {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #logFile: string;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(environment: NodeJS.ProcessEnv, logFile: string) {
    this.#environment = environment;
    this.#logFile = logFile;
  }

  /** Starts it unless it runs. Returns true when it had to be started, as after it ended by itself. */
  start(): boolean {
    if (this.#child !== undefined) return false;
    const log = openSync(this.#logFile, 'a');
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--import', TETHER, WORKER],
      { env: this.#environment, stdio: ['pipe', log, log], detached: true },
    );
    closeSync(log);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => {
        if (this.#child === child) this.#child = undefined;
        resolve();
      });
    });
    return true;
  }

  /** SIGKILL: at whatever line it is. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  async stop(): Promise<void> {
    this.#child?.stdin?.end();
    const patience = setTimeout(() => this.#child?.kill('SIGKILL'), PATIENCE);
    await this.#ended;
    clearTimeout(patience);
  }
}

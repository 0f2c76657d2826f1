import { startWorker, type WorkerProcess } from '../examples/flights/worker-process.ts';

/** A worker process that is killed and started again; it also ends with this process. */
export class RestartedWorker {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #logFile: string;
  #running: WorkerProcess | undefined;

  constructor(environment: NodeJS.ProcessEnv, logFile: string) {
    this.#environment = environment;
    this.#logFile = logFile;
  }

  /** Starts it unless it runs; also when it has ended by itself. */
  start(): void {
    if (this.#running !== undefined) return;
    const started = startWorker(this.#environment, this.#logFile);
    this.#running = started;
    started.died.catch(() => {
      if (this.#running === started) this.#running = undefined;
    });
  }

  /** SIGKILL: at whatever line it is. */
  async kill(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.kill();
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }
}

import { startWorker, type WorkerProcess } from '../examples/flights/worker-process.ts';
import { peakMemory } from './memory.ts';

/** How often the memory of a worker is looked at, in milliseconds; what is seen is its peak up to then. */
const LOOK = 500;

/** A worker process that is killed and started again; it also ends with this process. */
export class RestartedWorker {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #logFile: string;
  readonly #looking: NodeJS.Timeout;
  #program: string | undefined;
  #running: WorkerProcess | undefined;
  #peak = 0;
  readonly #ends: string[] = [];

  constructor(environment: NodeJS.ProcessEnv, logFile: string) {
    this.#environment = environment;
    this.#logFile = logFile;
    this.#looking = setInterval(() => this.#look(), LOOK);
  }

  /** The most memory that any of its processes has had, in MiB. */
  get peak(): number {
    return this.#peak;
  }

  /** How its processes ended that nobody ended: each with the end of its log. */
  get ends(): readonly string[] {
    return this.#ends;
  }

  /** Starts it unless it runs; also when it has ended by itself. */
  start(): void {
    if (this.#running !== undefined) return;
    const started = startWorker(this.#environment, this.#logFile, this.#program);
    this.#running = started;
    started.died.catch((error: unknown) => {
      this.#ends.push(error instanceof Error ? error.message : String(error));
      if (this.#running === started) this.#running = undefined;
    });
  }

  /** SIGKILL: at whatever line it is. */
  async kill(): Promise<void> {
    this.#look();
    const running = this.#running;
    this.#running = undefined;
    await running?.kill();
  }

  /**
   * A process of another build begins, and the old one ends as at a deployment: with SIGTERM, and a few seconds to finish.
   * `program` is the `workers/main.ts` of the build.
   */
  async redeploy(program: string): Promise<void> {
    this.#look();
    this.#program = program;
    const old = this.#running;
    this.#running = undefined;
    this.start();
    await old?.stop();
  }

  async stop(): Promise<void> {
    clearInterval(this.#looking);
    await this.#running?.stop();
  }

  #look(): void {
    if (this.#running?.pid !== undefined) this.#peak = Math.max(this.#peak, peakMemory(this.#running.pid));
  }
}

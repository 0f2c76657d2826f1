import { startWorker, type WorkerProcess } from '../examples/flights/worker-process.ts';
import { peakMemory } from './memory.ts';

/** How often the memory of a worker is looked at, in milliseconds; what is seen is its peak up to then. */
const LOOK = 500;

const WRONG_CLOCK = new URL('./wrong-clock.ts', import.meta.url).href;

/** A worker process that is killed and started again; it also ends with this process. */
export class RestartedWorker {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #logFile: string;
  readonly #looking: NodeJS.Timeout;
  #program: string | undefined;
  /** Milliseconds by which the clock of its machine is wrong. */
  #wrongBy = 0;
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
    const preloaded = this.#wrongBy === 0 ? [] : [`${WRONG_CLOCK}?by=${String(this.#wrongBy)}`];
    const started = startWorker(this.#environment, this.#logFile, this.#program, preloaded);
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
    this.#program = program;
    await this.#replace();
  }

  /** A process on a machine whose clock is wrong by so many milliseconds takes its place; 0 sets it right. It stays so when it is killed. */
  async setClock(wrongBy: number): Promise<void> {
    if (wrongBy === this.#wrongBy) return;
    this.#wrongBy = wrongBy;
    await this.#replace();
  }

  async stop(): Promise<void> {
    clearInterval(this.#looking);
    await this.#running?.stop();
  }

  async #replace(): Promise<void> {
    this.#look();
    const old = this.#running;
    this.#running = undefined;
    this.start();
    await old?.stop();
  }

  #look(): void {
    if (this.#running?.pid !== undefined) this.#peak = Math.max(this.#peak, peakMemory(this.#running.pid));
  }
}

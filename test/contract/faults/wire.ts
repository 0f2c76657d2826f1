import { AsyncLocalStorage } from 'node:async_hooks';

/** One thing that an attempt sends: a request, or what it writes to a database before it waits for an answer. */
export interface Step {
  /** From 1, in the order in which the attempt sends them. */
  readonly number: number;
  /** The service as its signature names it (`s3`, `glue` …), else the host. */
  readonly service: string;
  /** Such as `CreatePartition` or `PUT /bucket/key`. */
  readonly name: string;
}

/** An answer that the service itself could give. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What becomes of a step on its way. */
export type Treatment =
  | { readonly kind: 'pass' }
  /** It takes effect, and its answer never arrives. */
  | { readonly kind: 'lost' }
  /** The connection breaks before it reaches anybody. */
  | { readonly kind: 'cut' }
  /** Nobody ever answers. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'answered'; readonly answer: Answer };

export type Plan = (step: Step) => Treatment;

export const PASS: Treatment = { kind: 'pass' };
export const LOST: Treatment = { kind: 'lost' };
export const CUT: Treatment = { kind: 'cut' };
export const SILENT: Treatment = { kind: 'silent' };

const wires = new AsyncLocalStorage<Wire>();

/** The wire of the attempt that is running, or undefined for code that no test disturbs. */
export function currentWire(): Wire | undefined {
  return wires.getStore();
}

/**
 * Everything that one attempt sends to the outside, by whichever client, and what becomes of it. Clients and the
 * services stay as they are: the wire lies between them, inside of the test's process.
 */
export class Wire {
  readonly steps: Step[] = [];
  readonly #plan: Plan;
  readonly #connections = new Set<{ destroy(): unknown }>();
  #ended = false;
  /** Time passes faster for timers of this attempt, so that a client's time-out of a minute ends within a second. */
  readonly hurried: boolean;
  /** Milliseconds that a hurried timer takes at least. */
  readonly shortestTimer: number;
  /** What this attempt asks is answered, so that it needs no limit for silence, however long it waits for locks. */
  readonly heard: boolean;
  /** Requests that look whether something has ended: how many there are is a matter of time, so that a series of them is one step. */
  readonly #looks: RegExp | undefined;
  /** Requests that end a session as a courtesy: nothing depends on them, and a dead process sends none. */
  readonly #farewells: RegExp | undefined;

  constructor(
    plan: Plan = () => PASS,
    options: {
      readonly hurried?: boolean;
      readonly heard?: boolean;
      readonly shortestTimer?: number;
      readonly looks?: RegExp;
      readonly farewells?: RegExp;
    } = {},
  ) {
    this.#plan = plan;
    this.#looks = options.looks;
    this.#farewells = options.farewells;
    this.hurried = options.hurried ?? false;
    this.heard = options.heard ?? false;
    this.shortestTimer = options.shortestTimer ?? 0;
  }

  /** Runs the work on this wire, with whatever it starts. */
  async carry<T>(work: () => Promise<T>): Promise<T> {
    return wires.run(this, work);
  }

  /** The process of the attempt is gone: its connections break, and what its clients still try reaches nobody. */
  end(): void {
    this.#ended = true;
    for (const connection of this.#connections) connection.destroy();
  }

  /** Breaks this connection when the attempt ends. */
  hold(connection: { destroy(): unknown }): void {
    this.#connections.add(connection);
  }

  treat(service: string, name: string): Treatment {
    if (this.#ended) return CUT;
    const last = this.steps.at(-1);
    if (last?.name === name && last.service === service && this.#looks?.test(name) === true)
      return this.#plan(last);
    if (last !== undefined && this.#farewells?.test(name) === true) {
      const { kind } = this.#plan(last);
      return kind === 'cut' || kind === 'lost' ? CUT : PASS;
    }
    const step = { number: this.steps.length + 1, service, name };
    this.steps.push(step);
    return this.#plan(step);
  }
}

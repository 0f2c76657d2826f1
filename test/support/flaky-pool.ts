import type pg from 'pg';

/** `before`: the call never arrives. `after`: it takes effect, and its answer is lost; of a commit nobody knows. */
export const FAILURE_MODES = ['before', 'after'] as const;
export type FailureMode = (typeof FAILURE_MODES)[number];

/** What the caller sees when the connection is gone. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

type Query = (...args: readonly unknown[]) => Promise<unknown>;

/**
 * A pool whose connection breaks at one chosen call, as if the process had died there. Counted are all statements, also
 * `begin` and `commit`, and whatever else goes through `call`.
 */
export class FlakyPool {
  readonly pool: pg.Pool;
  #seen = 0;
  #failing: { readonly at: number; readonly mode: FailureMode } | undefined;
  /** Calls before which nothing can break that does not break after the call before: statements inside of transactions. */
  readonly inside = new Set<number>();
  /** Statements after which their transaction goes on: breaking after the last one before its end rolls back the same. */
  readonly goesOn = new Set<number>();
  #stalling:
    | {
        readonly at: number;
        readonly reached: (value: undefined) => void;
        readonly released: Promise<undefined>;
      }
    | undefined;

  constructor(real: pg.Pool) {
    const connect = async (): Promise<pg.PoolClient> => this.#wrap(await real.connect());
    const query: Query = async (...args) => {
      const client = await connect();
      let broken = true;
      try {
        const result = await (client.query as unknown as Query)(...args);
        broken = false;
        return result;
      } finally {
        client.release(broken);
      }
    };
    this.pool = new Proxy(real, {
      get: (target, name): unknown => {
        if (name === 'connect') return connect;
        if (name === 'query') return query;
        return Reflect.get(target, name);
      },
    });
  }

  /** Counts calls from now on, the first of which is 1, and breaks at the chosen one, if any. */
  count(failing?: { readonly at: number; readonly mode: FailureMode }): void {
    this.#seen = 0;
    this.inside.clear();
    this.goesOn.clear();
    this.#failing = failing;
  }

  /** Stops before the n-th call from now on until it is let go on. */
  stallAt(at: number): { readonly reached: Promise<void>; readonly goOn: () => void } {
    this.#seen = 0;
    const reached = Promise.withResolvers<undefined>();
    const released = Promise.withResolvers<undefined>();
    this.#stalling = { at, reached: reached.resolve, released: released.promise };
    return { reached: reached.promise, goOn: released.resolve as () => void };
  }

  /** Breaks nothing more; returns false when the chosen call was never made. */
  mend(): boolean {
    const reached = this.#failing !== undefined && this.#seen >= this.#failing.at;
    this.#failing = undefined;
    return reached;
  }

  /** A call to anybody else, such as Temporal, that can fail like a statement. */
  async call<Result>(work: () => Result | Promise<Result>, onLoss?: () => Promise<void>): Promise<Result> {
    this.#seen += 1;
    if (this.#stalling?.at === this.#seen) {
      this.#stalling.reached(undefined);
      await this.#stalling.released;
    }
    const failing = this.#failing;
    if (failing?.at !== this.#seen) return work();
    if (failing.mode === 'after') await work();
    await onLoss?.();
    throw new ConnectionLost(`The connection was lost ${failing.mode} call ${String(failing.at)}.`);
  }

  #wrap(client: pg.PoolClient): pg.PoolClient {
    const real = client.query.bind(client) as unknown as Query;
    let inTransaction = false;
    let last = 0;
    let turn: Promise<unknown> = Promise.resolve();
    const query: Query = (...args) => {
      const ends = typeof args[0] === 'string' && ['commit', 'rollback'].includes(args[0]);
      if (inTransaction) this.inside.add(this.#seen + 1);
      if (inTransaction && !ends) this.goesOn.add(last);
      inTransaction = !ends;
      last = this.#seen + 1;
      // Statements that travel together do so in their order, also when the first of them stops.
      const earlier = turn;
      const sent = Promise.withResolvers<undefined>();
      turn = sent.promise;
      const send = async (): Promise<unknown> => {
        await earlier;
        const answer = real(...args);
        sent.resolve(undefined);
        return answer;
      };
      return this.call(send, () => destroy(client)).finally(() => {
        sent.resolve(undefined);
      });
    };
    return new Proxy(client, {
      get: (target, name): unknown => {
        if (name === 'query') return query;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

/** As when the process dies: the server ends the transaction as soon as it notices. */
async function destroy(client: pg.PoolClient): Promise<void> {
  const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection;
  await new Promise<void>((resolve) => {
    client.once('end', () => {
      resolve();
    });
    stream.destroy();
  });
}

import { randomUUID } from 'node:crypto';
import { StatementProcess } from '../statement-process.ts';
import type { QueryRecord } from './query-store.ts';
import { keepRows } from './result.ts';
import type { Session } from './session.ts';
import { faultOf } from './sql-error.ts';
import { cancelled, cancelledBy } from './statement-kind.ts';
import { STATEMENT_TYPES, Statements, type Engine } from './statements.ts';
import { setTransaction } from './transactions.ts';

interface Running {
  readonly abort: AbortController;
  readonly process: StatementProcess;
  done: Promise<void>;
}

/** What a query asks for. */
export interface QueryRequest {
  readonly sql: string;
  /** The id of the request: the same one again is answered with the same query. */
  readonly request: string | null;
  readonly describeOnly: boolean;
}

/** Runs the queries of all sessions, those of one session one after the other. */
export class Executor {
  readonly #engine: Engine;
  readonly #statements: Statements;
  readonly #running = new Map<string, Running>();
  readonly #order = new WeakMap<Session, Promise<void>>();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#statements = new Statements(engine);
  }

  /** Starts a query, or finds the one that the same request has started. Returns its id at once. */
  start(session: Session, asked: QueryRequest): string {
    const { queries } = this.#engine;
    const known = asked.request === null ? undefined : queries.ofRequest(asked.request);
    if (known !== undefined) return known.id;
    const id = randomUUID();
    queries.add(id, asked.request, session.place.user, asked.sql, Date.now());
    const running: Running = {
      abort: new AbortController(),
      process: new StatementProcess((pid) => this.#engine.databases.cancelBackend(pid)),
      done: Promise.resolve(),
    };
    this.#running.set(id, running);
    const cancels = cancelledBy(asked.sql);
    // The one statement that must not wait for the others of its session.
    if (cancels !== undefined) running.done = this.#cancelOther(id, cancels);
    else {
      const before = this.#order.get(session) ?? Promise.resolve();
      running.done = before.then(() => this.#run(session, id, running, asked));
      this.#order.set(session, running.done);
    }
    return id;
  }

  /** The query once it has ended, or as it is after so many milliseconds. */
  async wait(id: string, milliseconds: number): Promise<QueryRecord | undefined> {
    const running = this.#running.get(id);
    if (running !== undefined) {
      let timeout: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timeout = setTimeout(resolve, milliseconds);
      });
      await Promise.race([running.done, patience]);
      clearTimeout(timeout);
    }
    return this.#engine.queries.find(id);
  }

  /** False when no such query runs. */
  async cancel(id: string): Promise<boolean> {
    const running = this.#running.get(id);
    if (running === undefined) return false;
    running.abort.abort(cancelled());
    // A cancel that reaches the server before the statement does is lost, so it is repeated until the end.
    while (this.#running.has(id)) {
      await running.process.cancel();
      await this.wait(id, 50);
    }
    return true;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.cancel(id)));
  }

  async #run(session: Session, id: string, running: Running, asked: QueryRequest): Promise<void> {
    const { queries } = this.#engine;
    const { signal } = running.abort;
    const place = { session, id, signal, process: running.process, keep: true };
    try {
      signal.throwIfAborted();
      const { result, type } = asked.describeOnly
        ? await this.#statements.describe(place, asked.sql)
        : await this.#statements.run(place, asked.sql);
      queries.succeed(id, result.rowType, result.rows, type);
    } catch (error) {
      await running.process.leave();
      if (signal.aborted) await setTransaction(session, 'ROLLBACK').catch(() => undefined);
      if (signal.aborted) queries.fail(id, 'ABORTED', cancelled());
      else queries.fail(id, 'FAILED_WITH_ERROR', faultOf(error));
    } finally {
      await running.process.leave();
      this.#running.delete(id);
    }
  }

  async #cancelOther(id: string, other: string): Promise<void> {
    const { queries } = this.#engine;
    const found = await this.cancel(other);
    const text = found
      ? `query [${other}] terminated.`
      : 'Identified SQL statement is not currently executing.';
    const result = keepRows(queries, id, ['SYSTEM$CANCEL_QUERY'], [[text]]);
    queries.succeed(id, result.rowType, result.rows, STATEMENT_TYPES.query);
    this.#running.delete(id);
  }
}

import { engineError } from './engine-error.ts';
import type { GlueTables } from './glue-tables.ts';
import type { Objects } from './objects.ts';
import { runQuery, ScanLimit } from './run-query.ts';
import type { Statement } from './statement.ts';
import type { QueryRecord, QueryStore } from './store.ts';

/** Queries that run at a time; further ones wait as QUEUED. */
const SLOTS = 4;

/** Runs accepted queries: QUEUED, RUNNING, then SUCCEEDED, FAILED or CANCELLED. */
export class Executor {
  readonly #store: QueryStore;
  readonly #tools: { readonly glue: GlueTables; readonly objects: Objects; readonly scratch: string };
  readonly #open = new Map<string, { readonly abort: AbortController; readonly done: Promise<void> }>();
  readonly #waiting: (() => void)[] = [];
  #free = SLOTS;

  constructor(store: QueryStore, tools: { glue: GlueTables; objects: Objects; scratch: string }) {
    this.#store = store;
    this.#tools = tools;
  }

  submit(record: QueryRecord, statement: Statement): void {
    const abort = new AbortController();
    const done = this.#run(record, statement, abort.signal).finally(() => this.#open.delete(record.id));
    this.#open.set(record.id, { abort, done });
  }

  /** Returns when the query has ended; does nothing when it has before. */
  async cancel(id: string): Promise<void> {
    const open = this.#open.get(id);
    open?.abort.abort();
    await open?.done;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((id) => this.cancel(id)));
  }

  async #run(record: QueryRecord, statement: Statement, signal: AbortSignal): Promise<void> {
    await this.#slot(signal);
    try {
      signal.throwIfAborted();
      this.#store.save({ ...record, state: 'RUNNING' });
      const { rows, ...outcome } = await runQuery(record, statement, { ...this.#tools, signal });
      this.#store.saveRows(record.id, rows);
      this.#store.save({ ...record, ...outcome, state: 'SUCCEEDED', completed: Date.now() });
    } catch (error) {
      this.#store.save({ ...record, ...ending(error, record.sql, signal.aborted), completed: Date.now() });
    } finally {
      this.#free += 1;
      this.#waiting.shift()?.();
    }
  }

  async #slot(signal: AbortSignal): Promise<void> {
    while (this.#free === 0 && !signal.aborted) {
      await new Promise<void>((next) => {
        this.#waiting.push(next);
        signal.addEventListener('abort', () => {
          next();
        });
      });
    }
    this.#free -= 1;
  }
}

function ending(
  error: unknown,
  sql: string,
  aborted: boolean,
): Pick<QueryRecord, 'state' | 'reason' | 'error'> {
  if (aborted) return { state: 'CANCELLED', reason: 'Query cancelled by user' };
  if (error instanceof ScanLimit)
    return { state: 'CANCELLED', reason: 'Query cancelled! : Bytes scanned limit was exceeded' };
  const failure = engineError(error, sql);
  const { category, type, retryable } =
    'category' in failure ? failure : { category: 2, type: 1006, retryable: false };
  return { state: 'FAILED', reason: failure.message, error: { category, type, retryable } };
}

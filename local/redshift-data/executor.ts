import { EventEmitter, once } from 'node:events';
import pg from 'pg';
import { StatementProcess } from '../statement-process.ts';
import type { Copy } from './copy.ts';
import type { Databases } from './databases.ts';
import { LoadFailure, saveRejections } from './load-errors.ts';
import { runQuery } from './run-query.ts';
import { errorText, StatementError } from './sql-error.ts';
import type { Progress, StatementRecord, StatementStatus, StatementStore } from './statement-store.ts';
import { type Translated, Translator } from './translate.ts';

interface Running {
  readonly abort: AbortController;
  readonly process: StatementProcess;
  done: Promise<void>;
}

interface Outcome {
  readonly rows: number;
  readonly bytes: number;
  readonly hasResultSet: boolean;
}

const ENDED: ReadonlySet<StatementStatus> = new Set(['FINISHED', 'FAILED', 'ABORTED']);
const ABORTED = "Query cancelled on user's request";

export function hasEnded(status: StatementStatus): boolean {
  return ENDED.has(status);
}

/** Runs accepted statements: SUBMITTED, PICKED once a connection is free, STARTED, then FINISHED, FAILED or ABORTED. */
export class Executor {
  readonly #store: StatementStore;
  readonly #databases: Databases;
  readonly #copy: Copy;
  readonly #translator = new Translator();
  readonly #running = new Map<string, Running>();
  readonly #ended = new EventEmitter().setMaxListeners(0);
  #queryId = Date.now();

  constructor(store: StatementStore, databases: Databases, copy: Copy) {
    this.#store = store;
    this.#databases = databases;
    this.#copy = copy;
  }

  submit(id: string): void {
    const record = this.#store.find(id);
    if (record === undefined) return;
    const running: Running = {
      abort: new AbortController(),
      process: new StatementProcess((pid) => this.#databases.cancelBackend(pid)),
      done: Promise.resolve(),
    };
    this.#running.set(id, running);
    running.done = this.#run(record, running).finally(() => {
      this.#running.delete(id);
      this.#ended.emit(id);
    });
  }

  /** Waits until the statement ends or `seconds` are over. */
  async wait(id: string, seconds: number): Promise<void> {
    const parent = id.split(':')[0] ?? id;
    if (seconds <= 0 || !this.#running.has(parent)) return;
    const timeout = AbortSignal.timeout(seconds * 1000);
    await once(this.#ended, parent, { signal: timeout }).catch((error: unknown) => {
      if (!timeout.aborted) throw error;
    });
  }

  /** False when the statement is not running. */
  async cancel(id: string): Promise<boolean> {
    const running = this.#running.get(id);
    if (running === undefined) return false;
    running.abort.abort(new StatementError(ABORTED));
    // A cancel that reaches the server before the statement does is lost, so it is repeated until the end.
    while (await running.process.cancel()) await this.wait(id, 0.1);
    return true;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.cancel(id)));
    await Promise.all([...this.#running.values()].map((running) => running.done));
  }

  async #run(record: StatementRecord, running: Running): Promise<void> {
    let client: pg.PoolClient | undefined;
    let broken = false;
    const started = process.hrtime.bigint();
    try {
      client = await (await this.#databases.pool(record.request.database)).connect();
      const pid = running.process.enter(client);
      this.#save(record.id, { status: 'PICKED', pid });
      running.abort.signal.throwIfAborted();
      this.#save(record.id, { status: 'STARTED', queryId: this.#queryId++ });
      const outcome = record.request.batch
        ? await this.#runBatch(record, client, pid, running.abort.signal)
        : await this.#runOne(record, record.id, 0, client, running.abort.signal, false);
      this.#finish(record.id, started, 'FINISHED', outcome);
    } catch (error) {
      broken =
        client !== undefined && !(error instanceof pg.DatabaseError || error instanceof StatementError);
      const aborted = running.abort.signal.aborted;
      await running.process.leave();
      if (client !== undefined) await recordRejections(client, error);
      this.#finish(
        record.id,
        started,
        aborted ? 'ABORTED' : 'FAILED',
        undefined,
        aborted ? `ERROR: ${ABORTED}` : errorText(error),
      );
      this.#endRest(record, aborted);
    } finally {
      await running.process.leave();
      await this.#release(client, broken);
    }
  }

  /** A statement leaves neither a transaction nor temporary tables nor settings to the next one. */
  async #release(client: pg.PoolClient | undefined, broken: boolean): Promise<void> {
    if (client === undefined) return;
    try {
      if (!broken) {
        await client.query('ROLLBACK');
        await client.query('DISCARD ALL');
      }
      client.release(broken);
    } catch {
      client.release(true);
    }
  }

  async #runBatch(
    record: StatementRecord,
    client: pg.PoolClient,
    pid: number,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const together = record.request.executionMode === 'TRANSACTION';
    const outcomes: Outcome[] = [];
    const failures: string[] = [];
    if (together) await client.query('BEGIN');
    for (const [at] of record.request.sqls.entries()) {
      const id = `${record.id}:${at + 1}`;
      const started = process.hrtime.bigint();
      this.#save(id, { status: 'STARTED', queryId: this.#queryId++, pid });
      try {
        const outcome = await this.#runOne(record, id, at, client, signal, together);
        this.#finish(id, started, 'FINISHED', outcome);
        outcomes.push(outcome);
      } catch (error) {
        const { aborted } = signal;
        await recordRejections(client, error);
        const text = aborted ? `ERROR: ${ABORTED}` : errorText(error);
        this.#finish(id, started, aborted ? 'ABORTED' : 'FAILED', undefined, text);
        if (together || aborted)
          throw aborted ? error : new StatementError(`Query #${at + 1} failed with ${text}`);
        await client.query('ROLLBACK');
        failures.push(`Query #${at + 1} failed with ${text}`);
      }
    }
    if (together) await client.query('COMMIT');
    if (failures.length > 0) throw new StatementError(failures.join('; '));
    const last = outcomes.at(-1);
    return {
      rows: last?.rows ?? 0,
      bytes: last?.bytes ?? 0,
      hasResultSet: outcomes.some((outcome) => outcome.hasResultSet),
    };
  }

  async #runOne(
    record: StatementRecord,
    id: string,
    at: number,
    client: pg.PoolClient,
    signal: AbortSignal,
    inside: boolean,
  ): Promise<Outcome> {
    signal.throwIfAborted();
    const translated = this.#translator.translate(record.request.sqls[at] ?? '', inside);
    if (translated.kind !== 'copy')
      return runQuery(client, this.#store, id, translated.sql, valuesOf(translated, record));
    // Alone, a COPY reads its files one after the other, and they are visible together.
    if (!inside) await client.query('BEGIN');
    const rows = await this.#copy.run(client, translated.sql, this.#session(id), signal);
    if (!inside) await client.query('COMMIT');
    return { rows, bytes: 0, hasResultSet: false };
  }

  #session(id: string): { query: number; session: number } {
    const progress = this.#store.progress(id);
    return { query: progress?.queryId ?? 0, session: progress?.pid ?? 0 };
  }

  #save(id: string, change: Partial<Progress>): void {
    const progress = this.#store.progress(id);
    if (progress !== undefined) this.#store.save({ ...progress, ...change, updatedAt: Date.now() });
  }

  #finish(
    id: string,
    started: bigint,
    status: StatementStatus,
    outcome: Outcome | undefined,
    error?: string,
  ): void {
    const duration = Number(process.hrtime.bigint() - started);
    if (outcome === undefined) this.#store.dropResult(id);
    this.#save(id, {
      status,
      duration,
      error,
      resultRows: outcome?.rows ?? -1,
      resultSize: outcome?.bytes ?? -1,
      hasResultSet: outcome?.hasResultSet ?? false,
    });
  }

  /** Statements of a batch that never ran, and those that were rolled back with the one that failed. */
  #endRest(record: StatementRecord, aborted: boolean): void {
    for (const { id } of record.subStatements) {
      const now = this.#store.progress(id);
      if (now === undefined || (hasEnded(now.status) && now.status !== 'FINISHED')) continue;
      if (record.request.executionMode === 'AUTO_COMMIT' && now.status === 'FINISHED') continue;
      const error = aborted ? `ERROR: ${ABORTED}` : 'Connection or an prior query failed.';
      this.#store.dropResult(id);
      this.#save(id, { status: 'ABORTED', error, hasResultSet: false });
    }
  }
}

function valuesOf(translated: Translated, record: StatementRecord): string[] {
  return translated.parameters.map((name) => {
    const parameter = record.request.parameters.find((candidate) => candidate.name === name);
    if (parameter === undefined) throw new StatementError(`Parameter "${name}" has no value`);
    return parameter.value;
  });
}

/** After the rollback, because `stl_load_errors` outlives the transaction that failed. */
async function recordRejections(client: pg.PoolClient, error: unknown): Promise<void> {
  if (!(error instanceof LoadFailure)) return;
  await client.query('ROLLBACK');
  await saveRejections(client, error.identity, error.rejections);
}

import type { Column as ResultColumn, RowStatement, StatementOption } from 'snowflake-sdk';
import { setTimeout as delay } from 'node:timers/promises';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Warehouse } from './client.ts';
import { requestFailure, statementFailure } from './failures.ts';
import { literal } from './names.ts';
import type { Watch } from './progress.ts';

/** A row as text; NULL is null. */
export type TextRow = readonly (string | null)[];

/** Milliseconds between two looks at a running query, at first and at most. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2_000;

/** Runs a statement and returns all rows of its small result. On abort it cancels the statement and throws the signal's reason. */
export async function readRows(
  warehouse: Warehouse,
  sqlText: string,
  doing: string,
  watch: Watch,
): Promise<readonly TextRow[]> {
  const { rows } = await run(warehouse, { sqlText }, doing, watch);
  return rows;
}

/** The columns that a SELECT returns; Snowflake compiles it and does not run it. */
export async function describeQuery(
  warehouse: Warehouse,
  sqlText: string,
  doing: string,
  watch: Watch,
): Promise<readonly ResultColumn[]> {
  const { statement } = await run(warehouse, { sqlText, describeOnly: true }, doing, watch);
  return statement.getColumns() ?? [];
}

/** Starts a statement that goes on without this process, and returns the id of its query. */
export async function submit(
  warehouse: Warehouse,
  sqlText: string,
  doing: string,
  watch: Watch,
): Promise<string> {
  // The client repeats a request that got no answer under the same request id, and the service then runs it once.
  // Without streamResult it tells nobody that a submission was refused.
  const options = { sqlText, asyncExec: true, streamResult: true };
  const { statement } = await run(warehouse, options, doing, watch);
  return statement.getQueryId();
}

/**
 * Waits until a submitted query ends and returns its rows. On abort it cancels the query and throws the signal's reason.
 * Throws StageFailure of what the query failed with, `not_found` for a query that Snowflake does not know.
 */
export async function follow(
  warehouse: Warehouse,
  queryId: string,
  doing: string,
  watch: Watch,
): Promise<readonly TextRow[]> {
  try {
    await untilEnded(warehouse, queryId, doing, watch);
    return await unlessAborted(resultOf(warehouse, queryId, doing), watch.signal);
  } catch (error) {
    if (!watch.signal.aborted) throw requestFailure(error, doing, { query: queryId });
    await cancel(warehouse, queryId);
    watch.signal.throwIfAborted();
    throw error;
  }
}

/** Streams the rows of a SELECT in pages, so that memory holds one page. */
export async function* pages(
  warehouse: Warehouse,
  sqlText: string,
  doing: string,
  watch: Watch,
  pageRows: number,
): AsyncGenerator<readonly TextRow[]> {
  const { statement } = await run(warehouse, { sqlText, streamResult: true }, doing, watch);
  const stream = statement.streamRows();
  let page: TextRow[] = [];
  try {
    for await (const row of stream) {
      watch.signal.throwIfAborted();
      page.push(textRow(row));
      if (page.length < pageRows) continue;
      watch.beat();
      yield page;
      page = [];
    }
  } catch (error) {
    watch.signal.throwIfAborted();
    throw requestFailure(error, doing);
  }
  if (page.length > 0) yield page;
}

async function run(
  { session }: Warehouse,
  options: StatementOption,
  doing: string,
  watch: Watch,
): Promise<{ readonly statement: RowStatement; readonly rows: readonly TextRow[] }> {
  watch.signal.throwIfAborted();
  let abort = (): void => undefined;
  try {
    return await new Promise((resolve, reject) => {
      const running = session.execute({
        ...options,
        complete: (error, statement, rows) => {
          if (error) reject(error);
          else resolve({ statement, rows: Array.isArray(rows) ? rows.map(textRow) : [] });
        },
      });
      abort = () => {
        running.cancel();
        reject(watch.signal.reason as Error);
      };
      watch.signal.addEventListener('abort', abort, { once: true });
    });
  } catch (error) {
    watch.signal.throwIfAborted();
    throw requestFailure(error, doing);
  } finally {
    watch.signal.removeEventListener('abort', abort);
  }
}

async function untilEnded(warehouse: Warehouse, queryId: string, doing: string, watch: Watch): Promise<void> {
  const { session } = warehouse;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    watch.beat();
    watch.signal.throwIfAborted();
    const asked = session.getQueryStatusThrowIfError(queryId).catch((error: unknown) => {
      throw failureOf(error, doing, queryId);
    });
    const status = await unlessAborted(asked, watch.signal);
    if (status === 'SUCCESS') return;
    if (status === 'NO_DATA' || status === 'NO_QUERY_DATA')
      throw new StageFailure('not_found', `Snowflake knows no query ${queryId} of this user.`);
    await delay(pause, undefined, { signal: watch.signal });
  }
}

/** The client's requests cannot be aborted: on abort the signal's reason is thrown, and the request is left to end by itself. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
    // What comes of it after an abort is nobody's business.
    work.catch(() => undefined);
  }
}

/** The description of a failed query holds its code and text. */
function failureOf(error: unknown, doing: string, query: string): StageFailure {
  const failed = describedError(error);
  return failed === undefined
    ? requestFailure(error, doing, { query })
    : statementFailure(failed, doing, { query });
}

function describedError(error: unknown): { code: string; message: string } | undefined {
  const data: unknown = error instanceof Error && 'data' in error ? error.data : undefined;
  const found = (data as { data?: { queries?: readonly Record<string, unknown>[] } } | null | undefined)?.data
    ?.queries?.[0];
  const { errorCode, errorMessage } = found ?? {};
  if (typeof errorMessage !== 'string') return undefined;
  return {
    code: typeof errorCode === 'string' || typeof errorCode === 'number' ? String(errorCode) : '',
    message: errorMessage,
  };
}

async function resultOf({ session }: Warehouse, queryId: string, doing: string): Promise<readonly TextRow[]> {
  return new Promise((resolve, reject) => {
    session.fetchResult({
      queryId,
      complete: (error, _statement, rows) => {
        if (error) reject(requestFailure(error, doing, { query: queryId }));
        else resolve((rows ?? []).map(textRow));
      },
    });
  });
}

/** Best effort: the run ends anyway, and a query that commits after all is what the marker is for. */
async function cancel(warehouse: Warehouse, queryId: string): Promise<void> {
  const watch = { beat: () => undefined, signal: AbortSignal.timeout(10_000) };
  await readRows(warehouse, `SELECT SYSTEM$CANCEL_QUERY(${literal(queryId)})`, 'cancel a query', watch).catch(
    () => undefined,
  );
}

/** The client was told to give every value as text. */
function textRow(row: unknown): TextRow {
  const values: readonly unknown[] = Array.isArray(row) ? row : [];
  return values.map((value) => (typeof value === 'string' ? value : null));
}

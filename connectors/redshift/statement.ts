import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  type DescribeStatementResponse,
} from '@aws-sdk/client-redshift-data';
import { setTimeout as delay } from 'node:timers/promises';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Warehouse } from './client.ts';
import { requestFailure } from './failures.ts';

/** Limits of BatchExecuteStatement (Amazon Redshift Management Guide, "Using the Data API", considerations). */
const MAX_STATEMENTS = 40;
const MAX_STATEMENT_BYTES = 100_000;
/** Seconds per long poll: short enough to heartbeat well within any sensible heartbeat timeout. */
const LONG_POLL_SECONDS = 5;

/** How a caller follows a statement. */
export interface Watch {
  /** Called at least every few seconds while a statement runs. */
  readonly beat: () => void;
  readonly signal: AbortSignal;
}

export interface Submitted {
  readonly id: string;
  /** The state that the answer to the submission names, where the service gives one. */
  readonly status: string | undefined;
}

/** Submits a batch as one transaction. With a token that was used before, the service answers with the earlier statement. */
export async function submit(
  warehouse: Warehouse,
  sqls: readonly string[],
  token: string | undefined,
  signal: AbortSignal,
): Promise<Submitted> {
  checkLimits(sqls);
  const input = {
    ...warehouse.place,
    Sqls: [...sqls],
    StatementName: 'reefline',
    ...(token === undefined ? {} : { ClientToken: token }),
  };
  try {
    const answer = await warehouse.client.send(new BatchExecuteStatementCommand(input), {
      abortSignal: signal,
    });
    if (answer.Id === undefined)
      throw new StageFailure('unavailable', 'The Redshift Data API accepted a batch without naming it.');
    return { id: answer.Id, status: answer.Status };
  } catch (error) {
    signal.throwIfAborted();
    throw requestFailure(error, `run a batch in database ${warehouse.place.Database}`, {
      database: warehouse.place.Database,
    });
  }
}

/**
 * Waits until the statement ends, whatever the end. On abort it cancels the statement and throws the signal's reason.
 */
export async function follow(
  warehouse: Warehouse,
  id: string,
  watch: Watch,
): Promise<DescribeStatementResponse> {
  try {
    for (let pause = 50; ; pause = Math.min(pause * 2, 2000)) {
      watch.beat();
      const asked = Date.now();
      const state = await describe(warehouse, id, LONG_POLL_SECONDS, watch.signal);
      if (hasEnded(state.Status)) return state;
      // A service that does not know WaitTimeSeconds answers at once; the pause keeps this loop from spinning.
      if (Date.now() - asked < 1000) await delay(pause, undefined, { signal: watch.signal });
      else pause = 50;
    }
  } catch (error) {
    if (!watch.signal.aborted) throw error;
    await cancel(warehouse, id);
    watch.signal.throwIfAborted();
    throw error;
  }
}

/** State of a statement now, or after at most so many seconds. */
export async function describe(
  warehouse: Warehouse,
  id: string,
  waitSeconds: number,
  signal: AbortSignal,
): Promise<DescribeStatementResponse> {
  const wait = waitSeconds > 0 ? { WaitTimeSeconds: waitSeconds } : {};
  try {
    return await warehouse.client.send(new DescribeStatementCommand({ Id: id, ...wait }), {
      abortSignal: signal,
    });
  } catch (error) {
    // Too many are waiting for this statement: ask without waiting, the caller's pause does the rest.
    if (waitSeconds > 0 && error instanceof Error && error.name === 'ActiveWaitingRequestsExceededException')
      return describe(warehouse, id, 0, signal);
    signal.throwIfAborted();
    throw requestFailure(error, `describe statement ${id}`, { statement: id });
  }
}

export function hasEnded(status: string | undefined): boolean {
  return status === 'FINISHED' || status === 'FAILED' || status === 'ABORTED';
}

/** Best effort: the run ends anyway, and a statement that commits after all is what the marker is for. */
async function cancel(warehouse: Warehouse, id: string): Promise<void> {
  await warehouse.client.send(new CancelStatementCommand({ Id: id })).catch(() => undefined);
}

function checkLimits(sqls: readonly string[]): void {
  if (sqls.length > MAX_STATEMENTS) {
    throw new StageFailure(
      'invalid_config',
      `The work takes ${String(sqls.length)} statements, more than the ${String(MAX_STATEMENTS)} that one Redshift batch holds.`,
    );
  }
  const longest = Math.max(...sqls.map((sql) => Buffer.byteLength(sql)));
  if (longest > MAX_STATEMENT_BYTES) {
    throw new StageFailure(
      'invalid_config',
      `A statement of ${String(longest)} bytes is longer than the ${String(MAX_STATEMENT_BYTES)} that the Redshift Data API takes: shorten the SQL or the list of columns.`,
    );
  }
}

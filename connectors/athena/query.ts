import {
  GetQueryExecutionCommand,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
  type QueryExecution,
} from '@aws-sdk/client-athena';
import { setTimeout as delay } from 'node:timers/promises';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Athena } from './client.ts';
import { requestFailure, submissionFailure, type Place } from './failures.ts';
import type { Watch } from './progress.ts';

/** Limit of a query's text (Athena User Guide, "Service Quotas"). */
const MAX_QUERY_BYTES = 262_144;
/** Milliseconds between two looks at a query. Athena has no long poll; the quota is 100 requests per second and account. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2_000;
/** Milliseconds that a submission may still take to answer once it is aborted. */
const GRACE_MS = 3_000;

/**
 * Submits a query. With a token that was used before, the service answers with the earlier query instead of running
 * another. Text that does not parse is refused here, with its position in the author's file. An abort leaves the call
 * a moment, because its answer names the query that has to be stopped; then the signal's reason is thrown.
 */
export async function submit(
  athena: Athena,
  sql: string,
  token: string,
  place: Place,
  signal: AbortSignal,
): Promise<string> {
  checkLength(sql);
  signal.throwIfAborted();
  const result =
    athena.output === undefined ? {} : { ResultConfiguration: { OutputLocation: athena.output } };
  const input = { QueryString: sql, WorkGroup: athena.workgroup, ClientRequestToken: token, ...result };
  const { late, settle } = graceAfter(signal);
  try {
    const answer = await athena.client.send(new StartQueryExecutionCommand(input), { abortSignal: late });
    if (answer.QueryExecutionId === undefined)
      throw new StageFailure('unavailable', 'Athena accepted a query without naming it.');
    return answer.QueryExecutionId;
  } catch (error) {
    late.throwIfAborted();
    throw submissionFailure(error, place, athena.workgroup);
  } finally {
    settle();
  }
}

/** A signal that follows another one a moment later, with its reason. `settle` ends the watch. */
function graceAfter(signal: AbortSignal): { readonly late: AbortSignal; readonly settle: () => void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => controller.abort(signal.reason), GRACE_MS);
  };
  signal.addEventListener('abort', start, { once: true });
  return {
    late: controller.signal,
    settle() {
      signal.removeEventListener('abort', start);
      clearTimeout(timer);
    },
  };
}

/** Waits until the query ends, whatever the end. On abort it stops the query and throws the signal's reason. */
export async function follow(athena: Athena, id: string, watch: Watch): Promise<QueryExecution> {
  try {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
      watch.beat();
      const query = await describe(athena, id, watch.signal);
      if (hasEnded(query)) return query;
      await delay(pause, undefined, { signal: watch.signal });
    }
  } catch (error) {
    if (!watch.signal.aborted) throw error;
    await stop(athena, id);
    watch.signal.throwIfAborted();
    throw error;
  }
}

export async function describe(athena: Athena, id: string, signal: AbortSignal): Promise<QueryExecution> {
  try {
    const answer = await athena.client.send(new GetQueryExecutionCommand({ QueryExecutionId: id }), {
      abortSignal: signal,
    });
    return answer.QueryExecution ?? {};
  } catch (error) {
    signal.throwIfAborted();
    throw requestFailure(error, `describe query ${id}`, { query: id });
  }
}

export function hasEnded({ Status }: QueryExecution): boolean {
  return Status?.State === 'SUCCEEDED' || Status?.State === 'FAILED' || Status?.State === 'CANCELLED';
}

/** Best effort: the run ends anyway, and what a query that goes on writes lies in a folder that nobody reads. */
async function stop(athena: Athena, id: string): Promise<void> {
  await athena.client.send(new StopQueryExecutionCommand({ QueryExecutionId: id })).catch(() => undefined);
}

function checkLength(sql: string): void {
  const bytes = Buffer.byteLength(sql);
  if (bytes <= MAX_QUERY_BYTES) return;
  throw new StageFailure(
    'invalid_config',
    `The query has ${String(bytes)} bytes, more than the ${String(MAX_QUERY_BYTES)} that Athena takes: shorten the SQL.`,
  );
}

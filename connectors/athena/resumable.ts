import type { QueryExecution } from '@aws-sdk/client-athena';
import { createHash } from 'node:crypto';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Athena } from './client.ts';
import { queryFailure, type Place } from './failures.ts';
import type { Progress, Watch } from './progress.ts';
import { follow, submit } from './query.ts';

/** The unit of idempotency: one revision of one label. */
export interface Marker {
  readonly dataset: string;
  readonly timelabel: string;
  readonly revision: number;
}

export interface ResumableQuery {
  readonly marker: Marker;
  /** The text of the n-th submission. Equal for equal n: the token covers it. */
  readonly sql: (submission: number) => string;
  /** Which attempt of the run this is, from 1. */
  readonly attempt: number;
  readonly place: Place;
}

/** A query that succeeded, and which submission of the run it was. */
export interface Succeeded {
  readonly query: QueryExecution;
  readonly submission: number;
}

/**
 * Runs the query, or attaches to the one that an earlier attempt submitted: by the id in its last heartbeat, or, when it
 * was killed before that, by its token. A failure that an earlier attempt has already reported is left behind with its token
 * and its folder. Throws StageFailure when the query failed; the next attempt then uses the next token.
 */
export async function runResumable(
  athena: Athena,
  request: ResumableQuery,
  progress: Progress,
  watch: Watch,
): Promise<Succeeded> {
  const heartbeaten = await reattach(athena, progress, watch);
  if (heartbeaten !== undefined) return { query: heartbeaten, submission: progress.current().failed };
  // Of each earlier attempt at most one failure can be unknown here: the one whose last heartbeat was lost.
  for (let unknown = request.attempt - 1; ; unknown--) {
    const submission = progress.current().failed;
    const sql = request.sql(submission);
    const started = Date.now();
    const token = clientToken(athena, request.marker, submission, sql);
    const id = await submit(athena, sql, token, request.place, watch.signal);
    progress.keep({ id, failed: submission });
    const query = await follow(athena, id, watch);
    if (query.Status?.State === 'SUCCEEDED') return { query, submission };
    progress.keep({ failed: submission + 1 });
    const completed = query.Status?.CompletionDateTime?.getTime() ?? started;
    if (unknown <= 0 || completed > started) throw queryFailure(query, request.place);
  }
}

/** The query that a heartbeat names, once it has succeeded. Undefined when there is none, or none that can. */
async function reattach(
  athena: Athena,
  progress: Progress,
  watch: Watch,
): Promise<QueryExecution | undefined> {
  const { id, failed } = progress.current();
  if (id === undefined) return undefined;
  try {
    const query = await follow(athena, id, watch);
    if (query.Status?.State === 'SUCCEEDED') return query;
  } catch (error) {
    // Athena keeps queries for 45 days, and no service keeps those of another account or endpoint.
    const gone = ['not_found', 'rejected', 'invalid_config'];
    if (!(error instanceof StageFailure && gone.includes(error.failureClass))) throw error;
  }
  progress.keep({ failed: failed + 1 });
  return undefined;
}

/** Idempotency token, 64 of the 32 to 128 characters that Athena takes. It covers the text, as Athena wants it to. */
export function clientToken(
  { workgroup, output }: Pick<Athena, 'workgroup' | 'output'>,
  marker: Marker,
  submission: number,
  sql: string,
): string {
  const { dataset, timelabel, revision } = marker;
  const identity = [workgroup, output ?? null, dataset, timelabel, revision, submission, sql];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

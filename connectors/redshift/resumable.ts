import type { DescribeStatementResponse } from '@aws-sdk/client-redshift-data';
import { createHash } from 'node:crypto';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Marker } from './apply-statements.ts';
import type { Warehouse } from './client.ts';
import type { Progress } from './progress.ts';
import { finished } from './run-batch.ts';
import { describe, follow, hasEnded, submit, type Submitted, type Watch } from './statement.ts';

/** A batch that must run once for one revision of one label, whoever submits it and however often. */
export interface ResumableBatch {
  readonly marker: Marker;
  readonly sqls: readonly string[];
  /** For messages: completes "could not …". */
  readonly doing: string;
  /** Which attempt of the run this is, from 1. */
  readonly attempt: number;
}

/** How the statement ended, and whether it had ended before this attempt looked at it for the first time. */
export interface Outcome {
  readonly state: DescribeStatementResponse;
  /** What such a statement returned may be out of date: a table can have been dropped since. */
  readonly attached: boolean;
}

/**
 * A fresh statement can hardly have ended when it is described for the first time; so many of them may be taken for old
 * ones before the doubt ends. An answer to the submission that says so itself leaves no doubt.
 */
const DOUBTS = 2;
/** A bound, should the service answer new tokens with old failures for ever. */
const MAX_FAILED = 100;

/**
 * Runs the batch, or attaches to the statement that an earlier attempt submitted: by the id in its last heartbeat, or,
 * when it was killed before that, by its token, with which the service answers the earlier statement instead of running
 * a second. Statements that ended in failure before this attempt are left behind with their tokens.
 * Throws StageFailure when the statement failed; the next attempt then uses the next token.
 */
export async function runResumable(
  warehouse: Warehouse,
  batch: ResumableBatch,
  progress: Progress,
  watch: Watch,
): Promise<Outcome> {
  const heartbeaten = await reattach(warehouse, progress, watch);
  if (heartbeaten !== undefined) return { state: heartbeaten, attached: true };
  for (;;) {
    const { failed } = progress.current();
    const submitted = await submit(
      warehouse,
      batch.sqls,
      clientToken(warehouse, batch, failed),
      watch.signal,
    );
    const attached = await endedBefore(warehouse, submitted, failed < batch.attempt + DOUBTS, watch);
    progress.keep({ id: submitted.id, failed });
    const state = await follow(warehouse, submitted.id, watch);
    if (state.Status === 'FINISHED') return { state, attached };
    progress.keep({ failed: failed + 1 });
    if (attached && failed < MAX_FAILED) continue;
    await finished(warehouse, state, batch.doing, watch);
  }
}

/** The statement that a heartbeat names, once it has finished. Undefined when there is none, or none that can succeed. */
async function reattach(
  warehouse: Warehouse,
  progress: Progress,
  watch: Watch,
): Promise<DescribeStatementResponse | undefined> {
  const { id, failed } = progress.current();
  if (id === undefined) return undefined;
  try {
    const state = await follow(warehouse, id, watch);
    if (state.Status === 'FINISHED') return state;
  } catch (error) {
    // Statements are kept for 24 hours.
    if (!(error instanceof StageFailure && error.failureClass === 'not_found')) throw error;
  }
  progress.keep({ failed: failed + 1 });
  return undefined;
}

async function endedBefore(
  warehouse: Warehouse,
  submitted: Submitted,
  doubtful: boolean,
  watch: Watch,
): Promise<boolean> {
  if (hasEnded(submitted.status)) return true;
  if (!doubtful) return false;
  const state = await describe(warehouse, submitted.id, 0, watch.signal);
  return hasEnded(state.Status);
}

/**
 * Idempotency token of the n-th submission: 64 characters, the longest that the service takes. It covers the text of the
 * statements, so that a corrected query of the same revision is not answered with the old one's result.
 */
export function clientToken(
  warehouse: Warehouse,
  { marker, sqls }: Pick<ResumableBatch, 'marker' | 'sqls'>,
  failed: number,
): string {
  const identity = [warehouse.place, marker.dataset, marker.timelabel, marker.revision, failed, sqls];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

/** A name for the temporary tables of a run, the same at each attempt so that the token is too. */
export function stagingName({ dataset, timelabel, revision }: Marker): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([dataset, timelabel, revision]))
    .digest('hex');
  return `reefline_stage_${digest.slice(0, 16)}`;
}

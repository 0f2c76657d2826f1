import { createHash } from 'node:crypto';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Marker } from './apply-statements.ts';
import type { Warehouse } from './client.ts';
import { MARKERS, type TableName } from './names.ts';
import type { Progress, Watch } from './progress.ts';
import { follow, submit, type TextRow } from './query.ts';

/** A statement that must run once for one revision of one label, whoever submits it and however often. */
export interface ResumableStatement {
  readonly marker: Marker;
  readonly sql: string;
  /** For messages: completes "could not …". */
  readonly doing: string;
}

/** What the statement returned, and whether an earlier attempt had submitted it. */
export interface Outcome {
  readonly rows: readonly TextRow[];
  readonly attached: boolean;
}

/**
 * Runs the statement, or attaches to the query that an earlier attempt submitted, by the id in its last heartbeat. An attempt
 * that died before that heartbeat is not found; then a second query runs, which finds the first one's marker.
 * Throws StageFailure when the query of this attempt failed.
 */
export async function runResumable(
  warehouse: Warehouse,
  statement: ResumableStatement,
  progress: Progress,
  watch: Watch,
): Promise<Outcome> {
  const { doing } = statement;
  const attached = await reattach(warehouse, doing, progress, watch);
  if (attached !== undefined) return { rows: attached, attached: true };
  const { failed } = progress.current();
  const id = await submit(warehouse, statement.sql, doing, watch);
  progress.keep({ id, failed });
  try {
    return { rows: await follow(warehouse, id, doing, watch), attached: false };
  } catch (error) {
    if (!(error instanceof StageFailure && mayStillRun(error))) progress.keep({ failed: failed + 1 });
    throw error;
  }
}

/** Of a query whose end nobody has seen, the next attempt asks again. */
function mayStillRun({ failureClass, cause }: StageFailure): boolean {
  // The failure of a query has no cause; a request that nobody answered in time says nothing about the query.
  const unanswered = failureClass === 'timeout' && cause !== undefined;
  return failureClass === 'unavailable' || failureClass === 'throttled' || unanswered;
}

/** The result of the query that a heartbeat names. Undefined when there is none, or none that can succeed. */
async function reattach(
  warehouse: Warehouse,
  doing: string,
  progress: Progress,
  watch: Watch,
): Promise<readonly TextRow[] | undefined> {
  const { id, failed } = progress.current();
  if (id === undefined) return undefined;
  try {
    return await follow(warehouse, id, doing, watch);
  } catch (error) {
    // It failed or was cancelled, or it is older than the 24 hours for which results are kept.
    if (!(error instanceof StageFailure)) throw error;
  }
  progress.keep({ failed: failed + 1 });
  return undefined;
}

/** A name for the temporary table of a run. Two sessions may use it at once, each has its own. */
export function stagingTable({ dataset, timelabel, revision }: Marker): TableName {
  const digest = createHash('sha256')
    .update(JSON.stringify([dataset, timelabel, revision]))
    .digest('hex');
  return { schema: MARKERS.schema, table: `STAGE_${digest.slice(0, 16).toUpperCase()}` };
}

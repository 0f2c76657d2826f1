import {
  ActivityFailure,
  ApplicationFailure,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import {
  ActivityCancellationType,
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { backfillId, parseSyncId, syncId } from '../pipeline/ids.ts';
import { describeSync, type SyncResult } from '../pipeline/sync-report.ts';
import { readSyncRequest, type SyncRequest } from '../pipeline/sync-request.ts';
import type { Activities } from './activity-types.ts';
import { requireOpened } from './require-text.ts';
import { backfillSearchAttributes } from './search-attributes.ts';

/** The fields of a SyncRequest as people write them: see `readSyncRequest`. */
export type HistoricalSyncInput = Readonly<Record<string, unknown>>;

const { resolveSync } = proxyActivities<Activities>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/**
 * Finds the labels of an extract at its source, records the backfill that makes them, and starts it. It ends then: the
 * backfill is a workflow of its own, and goes on whatever becomes of this one.
 */
export async function historicalSync(input: HistoricalSyncInput): Promise<SyncResult> {
  requireOpened(input);
  const id = requireSyncId();
  const read = readSyncRequest(input);
  if ('problems' in read) throw ApplicationFailure.nonRetryable(read.problems.join(' '), 'invalid_config');
  const { request } = read;
  const result = await find(id, request);
  setCurrentDetails(describeSync(result));
  const { backfill, paused } = result;
  // What is recorded is begun, or the sweep would begin it: to cancel it is an order to the backfill.
  if (backfill !== null && !paused) await CancellationScope.nonCancellable(() => start(backfill, request));
  return result;
}

/** The backfill gets the name of the sync, so another kind of id is refused. */
function requireSyncId(): string {
  const { workflowId } = workflowInfo();
  const id = parseSyncId(workflowId);
  if (id !== undefined) return id;
  throw ApplicationFailure.nonRetryable(
    `A historical sync has a workflow id such as "${syncId('orders')}", and this one has "${workflowId}". Start it under such an id.`,
    'invalid_config',
  );
}

async function find(id: string, request: SyncRequest): Promise<SyncResult> {
  try {
    const { taskQueue, maxAttempts } = await resolveSync(request);
    const { findSyncLabels } = proxyActivities<Activities>({
      taskQueue,
      // A statement ends by its own timeout, and a lost worker by its heartbeat; this only bounds the whole.
      startToCloseTimeout: '3d',
      heartbeatTimeout: '30s',
      // An attempt that had recorded the backfill before it heard of the cancellation says so.
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: {
        initialInterval: '1s',
        backoffCoefficient: 2,
        maximumInterval: '60s',
        maximumAttempts: maxAttempts,
      },
    });
    return await findSyncLabels({ id, request });
  } catch (error) {
    // The refusal itself, so that the sync fails with its sentence and not with "Activity task failed".
    throw error instanceof ActivityFailure && error.cause instanceof ApplicationFailure ? error.cause : error;
  }
}

/** The plan is in the catalog: the backfill begins with its first turn. One that runs already is the one that is meant. */
async function start(name: string, { stage }: SyncRequest): Promise<void> {
  try {
    await startChild('backfill', {
      workflowId: backfillId(name),
      args: [{ turn: 0 }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      staticSummary: `historical sync of ${stage}`,
      typedSearchAttributes: backfillSearchAttributes(stage),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

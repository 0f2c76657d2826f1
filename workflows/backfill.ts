import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { BackfillOrder } from '../activities/backfill-control.ts';
import {
  describeCounts,
  describeProgress,
  hasEnded,
  type BackfillProgress,
  type BackfillStatus,
  type ItemCounts,
} from '../pipeline/backfill-progress.ts';
import { readBackfillRequest } from '../pipeline/backfill-request.ts';
import { backfillId, parseBackfillId } from '../pipeline/ids.ts';
import {
  backfillProgress,
  cancelBackfill,
  pauseBackfill,
  resumeBackfill,
  retryBackfill,
} from '../signals/index.ts';
import type { Activities } from './activity-types.ts';
import { requireOpened } from './require-text.ts';
import { startBackfillRun, type EndedRun } from './start-backfill-run.ts';

/** The fields of a BackfillRequest as people write them; or, carried over from the execution before, the last turn. */
export type BackfillInput = Readonly<Record<string, unknown>> | { readonly turn: number };

export interface BackfillResult {
  readonly id: string;
  readonly status: BackfillStatus;
  readonly counts: ItemCounts;
}

const { advanceBackfill, controlBackfill, planBackfill } = proxyActivities<Activities>({
  startToCloseTimeout: '5m',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Milliseconds between two looks at the ledger: doubled while nothing moves. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 30_000;
/** Runs that end at about the same time are looked at together. */
const GATHER = 200;
/** A turn costs about a dozen events, and up to three for each run that it starts. */
const HISTORY_EVENTS = 2_000;

/**
 * A range of labels through the graph. Everything that must survive is in the catalog: a turn looks at the ledger there,
 * ends items, and begins as many as the limit allows; this workflow starts the runs, waits, and takes orders.
 */
export async function backfill(input: BackfillInput): Promise<BackfillResult> {
  requireOpened(input);
  const id = requireBackfillId();
  const orders: BackfillOrder[] = [];
  const ended: EndedRun[] = [];
  let progress: BackfillProgress | null = null;
  setHandler(pauseBackfill, () => void orders.push('pause'));
  setHandler(resumeBackfill, () => void orders.push('resume'));
  setHandler(cancelBackfill, () => void orders.push('cancel'));
  setHandler(retryBackfill, () => void orders.push('retry'));
  setHandler(backfillProgress, () => progress);
  // `temporal workflow cancel` is the order to cancel: what runs is still followed to its end.
  CancellationScope.current().cancelRequested.catch(() => orders.push('cancel'));

  const carried = carriedTurn(input);
  let turn = carried ?? 0;
  return CancellationScope.nonCancellable(async () => {
    if (carried === undefined) progress = await plan(id, input);
    for (let wait = FIRST_WAIT; ;) {
      for (let order = orders[0]; order !== undefined; order = orders[0]) {
        progress = await controlBackfill({ id, order });
        orders.shift();
        wait = FIRST_WAIT;
      }
      turn += 1;
      const reported = ended.splice(0);
      const next = await advanceBackfill({ id, turn, ended: reported });
      await Promise.all(next.starts.map((run) => startBackfillRun(id, run, (end) => void ended.push(end))));
      progress = next.progress;
      setCurrentDetails(describeProgress(progress));
      if (hasEnded(progress.status) && orders.length === 0) return conclude(progress);
      if (isLong() && orders.length === 0) await continueAsNew<typeof backfill>({ turn });
      wait = next.moved || reported.length > 0 ? FIRST_WAIT : Math.min(wait * 2, LONGEST_WAIT);
      await condition(() => orders.length + ended.length > 0, wait);
      if (ended.length > 0) await condition(() => orders.length > 0, GATHER);
    }
  });
}

/** Every command and every row names a backfill by its workflow id, so another kind of id is refused. */
function requireBackfillId(): string {
  const { workflowId } = workflowInfo();
  const id = parseBackfillId(workflowId);
  if (id !== undefined) return id;
  throw ApplicationFailure.nonRetryable(
    `A backfill has a workflow id such as "${backfillId('march')}", and this one has "${workflowId}". Start it under such an id.`,
    'invalid_config',
  );
}

function carriedTurn(input: unknown): number | undefined {
  const turn = typeof input === 'object' && input !== null && 'turn' in input ? input.turn : undefined;
  return typeof turn === 'number' ? turn : undefined;
}

async function plan(id: string, input: unknown): Promise<BackfillProgress> {
  const read = readBackfillRequest(input);
  if ('problems' in read) throw ApplicationFailure.nonRetryable(read.problems.join(' '), 'invalid_config');
  try {
    return await planBackfill({ id, request: read.request });
  } catch (error) {
    // The refusal itself, so that the backfill fails with its sentence and not with "Activity task failed".
    throw error instanceof ActivityFailure && error.cause instanceof ApplicationFailure ? error.cause : error;
  }
}

function isLong(): boolean {
  return workflowInfo().continueAsNewSuggested || workflowInfo().historyLength > HISTORY_EVENTS;
}

/** A backfill with failures fails, so that the Temporal Web UI shows it in red. */
function conclude({ id, status, counts }: BackfillProgress): BackfillResult {
  if (status !== 'failed') return { id, status, counts };
  throw ApplicationFailure.nonRetryable(
    `${describeCounts(counts)}. When the cause is mended: reefline backfill retry ${id}`,
    'backfill_failed',
  );
}

import { isCancellation, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import type { Activities } from './activity-types.ts';

export type ShortActivities = Pick<
  Activities,
  'acceptEvents' | 'closeRun' | 'openRun' | 'passDeadline' | 'resolveTick'
>;

/**
 * Under load and while the catalog is slow or away: a regular activity leaves no workflow task open while it runs, so
 * signals can arrive in any number, and its retries add nothing to the history.
 */
export const patient: ShortActivities = proxyActivities<Activities>({
  startToCloseTimeout: '15s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '15s' },
});

/** A router may get hundreds of signals a second, a run one for each acceptance that concerns it. */
const FOR_ROUTERS = proxyLocalActivities<Activities>({
  startToCloseTimeout: '100ms',
  retry: { maximumAttempts: 1 },
});
const FOR_RUNS = proxyLocalActivities<Activities>({
  startToCloseTimeout: '2s',
  retry: { maximumAttempts: 1 },
});

/**
 * Calls a short activity in the workflow task at hand, which saves a visit to the server, and patiently when that did
 * not work at once. Only briefly, because the task stays open meanwhile: a server that buffers more than 100 signals
 * for an open task fails it, after which SDK 1.24 cannot replay the history (docs/testing.md, "What a burst does").
 * What the brief call may have committed, the patient one finds and returns again.
 */
export async function briefly<R>(
  who: 'router' | 'run',
  call: (activities: ShortActivities) => Promise<R>,
): Promise<R> {
  try {
    return await call(who === 'router' ? FOR_ROUTERS : FOR_RUNS);
  } catch (error) {
    if (isCancellation(error)) throw error;
    // The refusal itself, so that a run fails with its sentence and not with "Activity task failed".
    const refusal = who === 'run' ? refusalIn(error) : undefined;
    if (refusal !== undefined) throw refusal;
    return call(patient);
  }
}

/** The reason of an activity that no repetition will change. The SDK wraps it only when the activity was a regular one. */
function refusalIn(error: unknown): ApplicationFailure | undefined {
  const reason = error instanceof ActivityFailure ? error.cause : error;
  return reason instanceof ApplicationFailure && reason.nonRetryable === true ? reason : undefined;
}

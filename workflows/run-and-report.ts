import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  workflowInfo,
} from '@temporalio/workflow';
import type { EventError } from '../pipeline/data-event.ts';
import type { RunPlan } from '../pipeline/run-plan.ts';
import type { Activities } from './activity-types.ts';
import { briefly } from './short-activities.ts';

/** How a run ended. */
export interface Ended {
  readonly error: EventError | null;
  readonly failure: unknown;
  /** True when it was cancelled because its inputs changed, and reported nothing. */
  readonly superseded: boolean;
  /** True when it had ended before, and nothing was done. */
  readonly before: boolean;
  /** True when somebody else reported the label meanwhile, so that it may have to be made once more. */
  readonly overtaken: boolean;
}

export interface RunWatch {
  /** Told of each step of the way. */
  readonly phase: (name: 'running' | 'closing') => void;
  /** True as soon as what the run makes is out of date. */
  readonly isSuperseded: () => boolean;
}

/** Runs the stage of one revision and reports how it ended, whatever that was. */
export async function runAndReport(
  run: { readonly stage: string; readonly timelabel: string },
  plan: RunPlan,
  watch: RunWatch,
): Promise<Ended> {
  const key = { stage: run.stage, timelabel: run.timelabel, revision: plan.revision };
  const cancellable = plan.cancelOnRestatement === true;
  const { runStage } = proxyActivities<Activities>({
    taskQueue: plan.taskQueue,
    startToCloseTimeout: plan.timeoutSeconds * 1000,
    heartbeatTimeout: '30s',
    // The next revision must not begin while the cancelled one still works.
    ...(cancellable ? { cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED } : {}),
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '60s',
      maximumAttempts: plan.maxAttempts,
    },
  });
  watch.phase('running');
  const scope = new CancellationScope();
  const working = scope.run(() => runStage.executeWithOptions({ summary: plan.summary }, [key]));
  const flight = { done: false, superseded: false };
  if (cancellable) {
    // Not cancellable itself: a person who cancels the run would leave a promise that nobody listens to, which fails the task.
    void CancellationScope.nonCancellable(() => condition(() => flight.done || watch.isSuperseded())).then(
      () => {
        flight.superseded = !flight.done;
        if (flight.superseded) scope.cancel();
      },
    );
  }
  const result = await working.then(
    ({ output, ended, closed }) => ({ output, error: null, failure: null, before: ended, closed }),
    (failure: unknown) => ({
      output: null,
      error: describeFailure(failure),
      failure,
      before: false,
      closed: undefined,
    }),
  );
  flight.done = true;
  watch.phase('closing');
  // A stage that succeeded has closed its run itself when the catalog answered at once. Also a cancelled run reports, or its dependents
  // would wait for an event that never comes.
  const { output, error, failure, before, closed } = result;
  const outdated = flight.superseded && isCancellation(failure);
  const closing = {
    ...key,
    temporalRunId: workflowInfo().runId,
    output,
    error,
    ...(outdated ? { superseded: true } : {}),
  };
  const { overtaken = false } =
    closed ??
    (await CancellationScope.nonCancellable(() =>
      briefly('run', (activities) => activities.closeRun(closing)),
    ));
  return { error: outdated ? null : error, failure, superseded: outdated, before, overtaken };
}

function describeFailure(failure: unknown): EventError {
  if (isCancellation(failure)) return { class: 'rejected', message: 'The run was cancelled.', facts: {} };
  const cause = failure instanceof ActivityFailure ? failure.cause : failure;
  if (cause instanceof TimeoutFailure)
    return {
      class: 'timeout',
      message: `The stage did not finish in time (${cause.timeoutType}).`,
      facts: {},
    };
  if (cause instanceof ApplicationFailure) {
    const [facts] = cause.details ?? [];
    return {
      class: cause.type ?? 'unexpected',
      message: cause.message,
      facts: (facts ?? {}) as EventError['facts'],
    };
  }
  return { class: 'unexpected', message: cause instanceof Error ? cause.message : String(cause), facts: {} };
}

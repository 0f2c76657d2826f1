import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { EventError } from '../pipeline/data-event.ts';
import { runId } from '../pipeline/ids.ts';
import type { OpeningRequest } from '../pipeline/opening.ts';
import { describeWaiting, type RunPlan, type RunStep } from '../pipeline/run-plan.ts';
import { inputEvent, rerun, stageRunStatus, type StageRunStatus } from '../signals/index.ts';
import type { Activities } from './activity-types.ts';
import { requireText } from './require-text.ts';
import { missingSearchAttributes } from './search-attributes.ts';
import { briefly } from './short-activities.ts';

export interface StageRunInput {
  readonly stage: string;
  readonly timelabel: string;
  readonly trigger?: OpeningRequest['trigger'];
  /** What the router decided; absent when a person, a schedule or a script starts the run. */
  readonly step?: RunStep;
  /** true: a new revision even though no input changed. A text names the request, so that it is served once. */
  readonly rerun?: boolean | string;
}

export interface StageRunResult {
  readonly status: 'SUCCESS' | 'nothing-new';
  readonly revision: number;
  readonly detail: string;
}

/**
 * One (stage, label), all its revisions one after the other. Waits visibly until the inputs are complete, runs the
 * stage, reports, and looks again when its inputs changed meanwhile.
 */
export async function stageRun(input: StageRunInput): Promise<StageRunResult> {
  checkInput(input);
  const inbox: (RunStep | null)[] = [];
  let request = requestOf(input);
  let trigger = input.trigger ?? 'manual';
  let failed: Ended | null = null;
  let status: StageRunStatus = { phase: 'opening', step: null };
  setHandler(inputEvent, (step) => void inbox.push(step));
  setHandler(rerun, (name) => {
    request = name;
    inbox.push(null);
  });
  setHandler(stageRunStatus, () => status);

  let step: RunStep | null = input.step ?? null;
  for (;;) {
    status = { phase: 'opening', step };
    // What is opened now takes up everything that was signalled until now.
    if (step === null) inbox.length = 0;
    const asked = request;
    const opening = { stage: input.stage, timelabel: input.timelabel, trigger, rerun: request };
    step ??= await briefly('run', (activities) => activities.openRun(opening));
    switch (step.kind) {
      case 'nothing-new':
        if (inbox.length === 0) {
          // Messages made a failed run look again, and it found nothing to try: it stays failed.
          if (failed !== null) throw failed.failure;
          return { status: 'nothing-new', revision: step.revision, detail: step.reason };
        }
        break;
      case 'waiting':
        status = { phase: 'waiting', step };
        setCurrentDetails(describeWaiting(step));
        await condition(() => inbox.length > 0 || workflowInfo().continueAsNewSuggested);
        if (inbox.length === 0) {
          await continueAsNew<typeof stageRun>({
            ...input,
            step,
            ...(request === null ? {} : { rerun: request }),
          });
        }
        break;
      case 'run': {
        setCurrentDetails(`Revision ${String(step.revision)} is running.`);
        showInSearch({ stage: input.stage, timelabel: input.timelabel, trigger, revision: step.revision });
        const ended = await runAndReport(input, step, (phase) => (status = { phase, step }));
        setCurrentDetails(
          ended.error === null ? `Revision ${String(step.revision)} succeeded.` : ended.error.message,
        );
        failed = ended.error === null ? null : ended;
        // From here on changed inputs or a new request open a revision, not what this one began with.
        trigger = 'event';
        if (inbox.length === 0) {
          if (failed !== null) throw failed.failure;
          return { status: 'SUCCESS', revision: step.revision, detail: '' };
        }
        break;
      }
    }
    // Served: the next look asks what the inputs say. A request that arrived meanwhile is another one.
    if (step.kind !== 'waiting' && request === asked) request = null;
    step = newest(inbox.splice(0), step);
  }
}

/** The id is what keeps a label from running twice at once, so a run under any other id is refused. */
function checkInput(input: StageRunInput): void {
  const example = '{"stage":"orders.load_orders","timelabel":"20200303110000"}';
  requireText(input, 'stage', example);
  requireText(input, 'timelabel', example);
  const { workflowId } = workflowInfo();
  const wanted = runId(input.stage, input.timelabel);
  if (workflowId === wanted) return;
  throw ApplicationFailure.nonRetryable(
    `A run of this stage and label has the workflow id "${wanted}", and this one has "${workflowId}". Start it under that id: two ids would let one label run twice at once.`,
    'invalid_config',
  );
}

function requestOf(input: StageRunInput): string | null {
  if (typeof input.rerun === 'string') return input.rerun;
  return input.rerun === true ? workflowInfo().runId : null;
}

/**
 * What to do after messages arrived: a run that the router opened comes first, whatever order the messages came in;
 * while waiting, the fullest count is shown; anything else is looked up.
 */
function newest(messages: readonly (RunStep | null)[], current: RunStep): RunStep | null {
  if (current.kind !== 'waiting') return null;
  const run = messages.find((message) => message?.kind === 'run');
  if (run !== undefined) return run;
  if (messages.some((message) => message?.kind !== 'waiting')) return null;
  return messages.reduce<RunStep>(
    (best, message) =>
      message?.kind === 'waiting' && best.kind === 'waiting' && message.have >= best.have ? message : best,
    current,
  );
}

function showInSearch(run: Parameters<typeof missingSearchAttributes>[1]): void {
  const missing = missingSearchAttributes(workflowInfo().typedSearchAttributes, run);
  if (missing.length > 0) upsertSearchAttributes(missing);
}

interface Ended {
  readonly error: EventError | null;
  readonly failure: unknown;
}

async function runAndReport(
  input: StageRunInput,
  plan: RunPlan,
  phase: (name: 'running' | 'closing') => void,
): Promise<Ended> {
  const key = { stage: input.stage, timelabel: input.timelabel, revision: plan.revision };
  const { runStage } = proxyActivities<Activities>({
    taskQueue: plan.taskQueue,
    startToCloseTimeout: plan.timeoutSeconds * 1000,
    heartbeatTimeout: '30s',
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '60s',
      maximumAttempts: plan.maxAttempts,
    },
  });
  phase('running');
  const result = await runStage.executeWithOptions({ summary: plan.summary }, [key]).then(
    (outcome) => ({ output: outcome.output, error: null, failure: null }),
    (failure: unknown) => ({ output: null, error: describeFailure(failure), failure }),
  );
  phase('closing');
  // Also a cancelled run reports, or its dependents would wait for an event that never comes.
  const { output, error } = result;
  const closing = { ...key, temporalRunId: workflowInfo().runId, output, error };
  await CancellationScope.nonCancellable(() => briefly('run', (activities) => activities.closeRun(closing)));
  return { error: result.error, failure: result.failure };
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

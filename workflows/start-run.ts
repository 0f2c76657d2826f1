import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
  ChildWorkflowCancellationType,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { runId } from '../pipeline/ids.ts';
import { BACKFILL_PRIORITY, LIVE_PRIORITY } from '../pipeline/priorities.ts';
import type { RunPlan, RunStep } from '../pipeline/run-plan.ts';
import { readableLabel, type Timelabel } from '../pipeline/timelabel.ts';
import { inputEvent } from '../signals/index.ts';
import { runSearchAttributes } from './search-attributes.ts';
import type { stageRun, StageRunInput } from './stage-run.ts';

export interface RunToStart {
  readonly pipeline: string;
  readonly stage: string;
  readonly dataset: string;
  readonly timelabel: string;
  readonly trigger: 'event' | 'schedule';
  readonly step: RunStep | null;
  /** Id of the backfill that the run is part of. */
  readonly backfill?: string;
}

/**
 * Makes sure that the run of a (stage, label) exists and knows of `step`: starts it, or signals the one that is there.
 * `tellFirst` saves the useless start when the run is known to be there. A run that ends between the two attempts is
 * started again.
 */
export async function startOrTell(run: RunToStart, tellFirst: boolean): Promise<void> {
  const id = runId(run.stage, run.timelabel);
  const tell = (): Promise<boolean> => told(id, run.step);
  if (tellFirst && (await tell())) return;
  while (!(await started(run)) && !(await tell()));
}

/** Tells the run of a (stage, label) when it is there; none is started for it. */
export async function inform(run: Pick<RunToStart, 'stage' | 'timelabel' | 'step'>): Promise<void> {
  await told(runId(run.stage, run.timelabel), run.step);
}

/**
 * A run that was opened is begun as it was. Anything else may be over by the time it arrives: what a label waited for
 * came with the event of another router, or a run in flight has ended before it could be cancelled. So the run looks.
 */
function isFresh(step: RunStep | null): step is RunPlan {
  return step?.kind === 'run' && step.superseded !== true;
}

async function started(run: RunToStart): Promise<boolean> {
  const input: StageRunInput = {
    stage: run.stage,
    timelabel: run.timelabel,
    trigger: run.trigger,
    ...(isFresh(run.step) ? { step: run.step } : {}),
    ...(run.backfill === undefined ? {} : { backfill: run.backfill }),
  };
  const revision = run.step?.kind === 'run' ? run.step.revision : null;
  return (await startRun(input, { ...run, revision })) !== undefined;
}

function told(id: string, step: RunStep | null): Promise<boolean> {
  return wasHeard(getExternalWorkflowHandle(id).signal(inputEvent, step));
}

/** Starts a run as a child that outlives its parent; undefined when its (stage, label) has one. */
export async function startRun(
  input: StageRunInput,
  shown: Parameters<typeof runSearchAttributes>[0],
): Promise<ChildWorkflowHandle<typeof stageRun> | undefined> {
  try {
    return await startChild<typeof stageRun>('stageRun', {
      workflowId: runId(input.stage, input.timelabel),
      args: [input],
      // A closing parent, also one that continues as new, must not take its runs along.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      priority: input.backfill === undefined ? LIVE_PRIORITY : BACKFILL_PRIORITY,
      staticSummary: `${input.stage} ${readableLabel(input.timelabel as Timelabel)}`,
      typedSearchAttributes: runSearchAttributes(shown),
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}

/** False when a signal found no run: its only failure is that the run has ended. */
export async function wasHeard(signal: Promise<void>): Promise<boolean> {
  try {
    await signal;
    return true;
  } catch {
    return false;
  }
}

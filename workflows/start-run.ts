import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
  ChildWorkflowCancellationType,
} from '@temporalio/workflow';
import { runId } from '../pipeline/ids.ts';
import type { RunPlan, RunStep } from '../pipeline/run-plan.ts';
import { readableLabel, type Timelabel } from '../pipeline/timelabel.ts';
import { inputEvent } from '../signals/index.ts';
import { runSearchAttributes } from './search-attributes.ts';
import type { StageRunInput } from './stage-run.ts';

/** The lowest of the five: live work, which has 3, goes first wherever it waits for the same worker. */
export const BACKFILL_PRIORITY = { priorityKey: 5 };

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
  while (!(await started(id, run)) && !(await tell()));
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

async function started(id: string, run: RunToStart): Promise<boolean> {
  const input: StageRunInput = {
    stage: run.stage,
    timelabel: run.timelabel,
    trigger: run.trigger,
    ...(isFresh(run.step) ? { step: run.step } : {}),
    ...(run.backfill === undefined ? {} : { backfill: run.backfill }),
  };
  try {
    await startChild('stageRun', {
      workflowId: id,
      args: [input],
      // A closing parent, also one that continues as new, must not take its runs along.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      ...(run.backfill === undefined ? {} : { priority: BACKFILL_PRIORITY }),
      staticSummary: `${run.stage} ${readableLabel(run.timelabel as Timelabel)}`,
      typedSearchAttributes: runSearchAttributes({
        ...run,
        revision: run.step?.kind === 'run' ? run.step.revision : null,
      }),
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

async function told(id: string, step: RunStep | null): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(id).signal(inputEvent, step);
    return true;
  } catch {
    // The only failure of such a signal is that the run has ended.
    return false;
  }
}

import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
  ChildWorkflowCancellationType,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { runId } from '../pipeline/ids.ts';
import type { RunStep } from '../pipeline/run-plan.ts';
import { inputEvent } from '../signals/index.ts';
import { startOf, type RunStart, type RunToStart } from './run-start.ts';
import type { stageRun } from './stage-run.ts';

/**
 * Makes sure that the run of a (stage, label) exists and knows of `step`: starts it, or signals the one that is there.
 * `tellFirst` saves the useless start when the run is known to be there. A run that ends between the two attempts is
 * started again.
 */
export async function startOrTell(run: RunToStart, tellFirst: boolean): Promise<void> {
  const id = runId(run.stage, run.timelabel);
  const tell = (): Promise<boolean> => told(id, run.step);
  if (tellFirst && (await tell())) return;
  while ((await startRun(startOf(run))) === undefined && !(await tell()));
}

/** Tells the run of a (stage, label) when it is there; none is started for it. */
export async function inform(run: Pick<RunToStart, 'stage' | 'timelabel' | 'step'>): Promise<void> {
  await told(runId(run.stage, run.timelabel), run.step);
}

function told(id: string, step: RunStep | null): Promise<boolean> {
  return wasHeard(getExternalWorkflowHandle(id).signal(inputEvent, step));
}

/** Starts a run as a child that outlives its parent; undefined when its (stage, label) has one. */
export async function startRun(start: RunStart): Promise<ChildWorkflowHandle<typeof stageRun> | undefined> {
  try {
    return await startChild<typeof stageRun>('stageRun', {
      ...start,
      // A closing parent, also one that continues as new, must not take its runs along.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
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

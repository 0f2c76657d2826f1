import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ChildWorkflowCancellationType,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
} from '@temporalio/workflow';
import type { BackfillStart } from '../activities/backfill-advance.ts';
import { runId } from '../pipeline/ids.ts';
import { readableLabel, type Timelabel } from '../pipeline/timelabel.ts';
import { rerun, type RunRequest } from '../signals/index.ts';
import { runSearchAttributes } from './search-attributes.ts';
import type { StageRunInput } from './stage-run.ts';
import { BACKFILL_PRIORITY } from './start-run.ts';

export interface EndedRun {
  readonly stage: string;
  readonly timelabel: string;
}

/**
 * Makes sure that the run of a (stage, label) exists and knows what the backfill wants: starts it, or signals the one
 * that is there. `onEnd` is told when a run that it started has ended.
 */
export async function startBackfillRun(
  backfill: string,
  run: BackfillStart,
  onEnd: (end: EndedRun) => void,
): Promise<void> {
  while (!(await started(backfill, run, onEnd)) && !(await told(backfill, run)));
}

async function started(
  backfill: string,
  run: BackfillStart,
  onEnd: (end: EndedRun) => void,
): Promise<boolean> {
  const { stage, timelabel, only } = run;
  const input: StageRunInput = {
    stage,
    timelabel,
    trigger: 'backfill',
    backfill,
    ...(run.rerun === null ? {} : { rerun: run.rerun }),
    ...(only ? { only } : {}),
  };
  try {
    const child = await startChild('stageRun', {
      workflowId: runId(stage, timelabel),
      args: [input],
      // A closing parent, also one that continues as new, must not take its runs along.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      priority: BACKFILL_PRIORITY,
      staticSummary: `${stage} ${readableLabel(timelabel as Timelabel)}`,
      typedSearchAttributes: runSearchAttributes({ ...run, trigger: 'backfill', revision: null }),
    });
    const report = (): void => {
      onEnd({ stage, timelabel });
    };
    child.result().then(report, report);
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

async function told(backfill: string, run: BackfillStart): Promise<boolean> {
  try {
    const request: RunRequest = {
      request: run.rerun,
      trigger: 'backfill',
      backfill,
      ...(run.only ? { only: true } : {}),
    };
    await getExternalWorkflowHandle(runId(run.stage, run.timelabel)).signal(rerun, request);
    return true;
  } catch {
    // The only failure of such a signal is that the run has ended.
    return false;
  }
}

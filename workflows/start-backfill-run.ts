import { getExternalWorkflowHandle } from '@temporalio/workflow';
import type { BackfillStart } from '../activities/backfill-advance.ts';
import { runId } from '../pipeline/ids.ts';
import { rerun, type RunRequest } from '../signals/index.ts';
import type { StageRunInput } from './stage-run.ts';
import { startRun, wasHeard } from './start-run.ts';

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
  const child = await startRun(input, { ...run, trigger: 'backfill', revision: null });
  if (child === undefined) return false;
  const report = (): void => {
    onEnd({ stage, timelabel });
  };
  child.result().then(report, report);
  return true;
}

function told(backfill: string, run: BackfillStart): Promise<boolean> {
  const request: RunRequest = {
    request: run.rerun,
    trigger: 'backfill',
    backfill,
    ...(run.only ? { only: true } : {}),
  };
  return wasHeard(getExternalWorkflowHandle(runId(run.stage, run.timelabel)).signal(rerun, request));
}

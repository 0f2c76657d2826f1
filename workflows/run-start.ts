import type { Priority, SearchAttributePair } from '@temporalio/common';
import { runId } from '../pipeline/ids.ts';
import type { RunPlan, RunStep } from '../pipeline/run-plan.ts';
import { readableLabel, type Timelabel } from '../pipeline/timelabel.ts';
import { runSearchAttributes } from './search-attributes.ts';
import type { StageRunInput } from './stage-run.ts';

/** The lowest of the five: live work, which has 3, goes first wherever it waits for the same worker. */
const BACKFILL_PRIORITY = { priorityKey: 5 };

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

/** What starts a run, whoever does: a router or a tick as its parent, or an activity through a client. */
export interface RunStart {
  readonly workflowId: string;
  readonly args: [StageRunInput];
  readonly staticSummary: string;
  readonly typedSearchAttributes: SearchAttributePair[];
  readonly priority?: Priority;
}

export function runStart(input: StageRunInput, shown: Parameters<typeof runSearchAttributes>[0]): RunStart {
  return {
    workflowId: runId(input.stage, input.timelabel),
    args: [input],
    ...(input.backfill === undefined ? {} : { priority: BACKFILL_PRIORITY }),
    staticSummary: `${input.stage} ${readableLabel(input.timelabel as Timelabel)}`,
    typedSearchAttributes: runSearchAttributes(shown),
  };
}

/** What starts a run that was decided. */
export function startOf(run: RunToStart): RunStart {
  const input: StageRunInput = {
    stage: run.stage,
    timelabel: run.timelabel,
    trigger: run.trigger,
    ...(isFresh(run.step) ? { step: run.step } : {}),
    ...(run.backfill === undefined ? {} : { backfill: run.backfill }),
  };
  const revision = run.step?.kind === 'run' ? run.step.revision : null;
  return runStart(input, { ...run, revision });
}

/**
 * A run that was opened is begun as it was. Anything else may be over by the time it arrives: what a label waited for
 * came with the event of another router, or a run in flight has ended before it could be cancelled. So the run looks.
 */
function isFresh(step: RunStep | null): step is RunPlan {
  return step?.kind === 'run' && step.superseded !== true;
}

import type { Client } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import { ROUTING_QUEUE, runId } from '../pipeline/ids.ts';
import type { Trigger } from '../pipeline/opening.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { readableLabel, type Timelabel } from '../pipeline/timelabel.ts';
import type { RunRequest } from '../signals/index.ts';
import { runSearchAttributes } from '../workflows/search-attributes.ts';

/** A label that somebody wants looked at. Without a request, one that is done with the same inputs is left alone. */
export interface RunAsk {
  readonly stage: StageDefinition;
  readonly timelabel: Timelabel;
  readonly trigger: Trigger;
  readonly request?: Omit<RunRequest, 'trigger'>;
}

/** Starts the run of a (stage, label), or tells the one that is there; returns its workflow id. Asking twice is asking once. */
export async function askForRun(
  client: Client,
  { stage, timelabel, trigger, request = { request: null } }: RunAsk,
): Promise<string> {
  const asked = { ...request, trigger };
  const { request: rerun, ...rest } = asked;
  await client.workflow.signalWithStart('stageRun', {
    ...runOptions({ stage, timelabel, trigger }, null),
    args: [{ stage: stage.id, timelabel, ...rest, ...(rerun === null ? {} : { rerun }) }],
    signal: 'rerun',
    signalArgs: [asked],
  });
  return runId(stage.id, timelabel);
}

/** Under which id a run starts, where, and how it shows in the Web UI; `revision` is null while nobody knows it. */
export function runOptions(
  { stage, timelabel, trigger }: Pick<RunAsk, 'stage' | 'timelabel' | 'trigger'>,
  revision: number | null,
): {
  workflowId: string;
  taskQueue: string;
  staticSummary: string;
  typedSearchAttributes: SearchAttributePair[];
} {
  return {
    workflowId: runId(stage.id, timelabel),
    taskQueue: ROUTING_QUEUE,
    staticSummary: `${stage.id} ${readableLabel(timelabel)}`,
    typedSearchAttributes: runSearchAttributes({
      pipeline: stage.pipeline,
      stage: stage.id,
      dataset: stage.output,
      timelabel,
      trigger,
      revision,
    }),
  };
}

import type { Client } from '@temporalio/client';
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
  const workflowId = runId(stage.id, timelabel);
  const asked = { ...request, trigger };
  const { request: rerun, ...rest } = asked;
  await client.workflow.signalWithStart('stageRun', {
    workflowId,
    taskQueue: ROUTING_QUEUE,
    args: [{ stage: stage.id, timelabel, ...rest, ...(rerun === null ? {} : { rerun }) }],
    signal: 'rerun',
    signalArgs: [asked],
    staticSummary: `${stage.id} ${readableLabel(timelabel)}`,
    typedSearchAttributes: runSearchAttributes({
      pipeline: stage.pipeline,
      stage: stage.id,
      dataset: stage.output,
      timelabel,
      trigger,
      revision: null,
    }),
  });
  return workflowId;
}

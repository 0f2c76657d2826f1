import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { ROUTING_QUEUE, runId } from '../pipeline/ids.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { readableLabel, type Timelabel } from '../pipeline/timelabel.ts';
import { runSearchAttributes } from '../workflows/search-attributes.ts';

/**
 * Starts the run of a (stage, label), or tells the one that is there. With `rerun` a new revision opens even though no
 * input changed; without it a label that succeeded with the same inputs is left alone.
 */
export async function startRun(
  client: Client,
  stage: StageDefinition,
  timelabel: Timelabel,
  rerun: boolean,
): Promise<string> {
  const workflowId = runId(stage.id, timelabel);
  const request = randomUUID();
  const input = { stage: stage.id, timelabel, trigger: 'manual', ...(rerun ? { rerun: request } : {}) };
  await client.workflow.signalWithStart('stageRun', {
    workflowId,
    taskQueue: ROUTING_QUEUE,
    args: [input],
    signal: rerun ? 'rerun' : 'inputEvent',
    signalArgs: [rerun ? request : null],
    staticSummary: `${stage.id} ${readableLabel(timelabel)}`,
    typedSearchAttributes: runSearchAttributes({
      pipeline: stage.pipeline,
      stage: stage.id,
      dataset: stage.output,
      timelabel,
      trigger: 'manual',
      revision: null,
    }),
  });
  return workflowId;
}

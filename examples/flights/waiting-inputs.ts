import type { Client } from '@temporalio/client';
import type { StageRunStatus } from '../../signals/index.ts';

/** Labels that a stage asks of one hourly dataset for a day. */
const HOURS = 24;

/** What a waiting daily run says of one of its hourly inputs, asked of the workflow itself. */
export async function waitingInputs(
  client: Client,
  workflowId: string,
  dataset: string,
): Promise<{ readonly have: number; readonly missing: readonly string[] }> {
  const { phase, step } = await client.workflow.getHandle(workflowId).query<StageRunStatus>('status');
  if (step?.kind !== 'waiting') throw new Error(`${workflowId} does not wait; its phase is ${phase}.`);
  const missing = step.missing.filter((input) => input.dataset === dataset).map(({ timelabel }) => timelabel);
  return { have: HOURS - missing.length, missing };
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { StageRunStatus } from '../../signals/index.ts';

/** Labels that a stage asks of one hourly dataset for a day. */
const HOURS = 24;

/** Milliseconds for news that are on their way to the run: it is told of each input by a signal. */
const PATIENCE = 30_000;

/** What a waiting daily run says of one of its hourly inputs, asked of the workflow itself, as soon as no more than one is missing. */
export async function waitingInputs(
  client: Client,
  workflowId: string,
  dataset: string,
): Promise<{ readonly have: number; readonly missing: readonly string[] }> {
  for (const end = Date.now() + PATIENCE; ;) {
    const { phase, step } = await client.workflow.getHandle(workflowId).query<StageRunStatus>('status');
    if (step?.kind !== 'waiting') throw new Error(`${workflowId} does not wait; its phase is ${phase}.`);
    const missing = step.missing
      .filter((input) => input.dataset === dataset)
      .map(({ timelabel }) => timelabel);
    if (missing.length <= 1 || Date.now() > end) return { have: HOURS - missing.length, missing };
    await pause(200);
  }
}

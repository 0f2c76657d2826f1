import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { StartRun } from '../activities/start-opened.ts';
import type { RunPlan } from '../pipeline/run-plan.ts';
import { startOf } from '../workflows/run-start.ts';
import { shownRevision } from '../workflows/search-attributes.ts';

/**
 * Starts runs through the client of a worker's own connection, where the server hands the first workflow task over with its
 * answer when the worker has a slot for it, so that nobody has to poll for it. `taskQueue` is asked at each call.
 */
export function runStarter(client: Client, taskQueue: () => string): StartRun {
  return async (action) => {
    const start = startOf({ ...action, trigger: 'event' });
    try {
      await client.workflow.start('stageRun', { ...start, taskQueue: taskQueue(), requestEagerStart: true });
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError)
        return tookUp(client, start.workflowId, action.step);
      throw error;
    }
  };
}

/** True when the run that is there has taken up this very revision: an acceptance that was cut off began it before. */
async function tookUp(client: Client, workflowId: string, step: RunPlan): Promise<boolean> {
  // It is to look once more when it ends.
  if (step.changed === true) return false;
  const { status, typedSearchAttributes } = await client.workflow.getHandle(workflowId).describe();
  const isAlive = status.name === 'RUNNING' || status.name === 'COMPLETED';
  return isAlive && shownRevision(typedSearchAttributes) === step.revision;
}

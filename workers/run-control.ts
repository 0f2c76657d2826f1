import { ScheduleNotFoundError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { RunControl, WorkflowState } from '../activities/run-control.ts';
import { backfillId, ROUTING_QUEUE, runId } from '../pipeline/ids.ts';
import { askForRun, runOptions } from './ask-run.ts';
import { wakePublisher } from './wake-publisher.ts';

const ENDED: ReadonlySet<string> = new Set(['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT']);

/** What mending needs of Temporal, over a client. */
export function runControl(client: Client): RunControl {
  return {
    stateOf: (workflowId) => stateOf(client, workflowId),
    scheduleStateOf: async (id) => {
      try {
        const { state } = await client.schedule.getHandle(id).describe();
        return state.paused ? 'paused' : 'active';
      } catch (error) {
        if (error instanceof ScheduleNotFoundError) return 'missing';
        throw error;
      }
    },
    ask: async (run, request) => {
      await askForRun(client, { ...run, request: { request } });
    },
    goOn: async ({ stage, timelabel, trigger }, plan) => {
      await client.workflow.signalWithStart('stageRun', {
        ...runOptions({ stage, timelabel, trigger }, plan.revision),
        args: [{ stage: stage.id, timelabel, trigger, step: plan }],
        // To a new workflow the signal says: look again afterwards, for a change of inputs may have been lost.
        signal: 'inputEvent',
        signalArgs: [plan],
      });
    },
    tell: (stage, timelabel) => signalRun(client, runId(stage, timelabel), 'inputEvent', null),
    // A person or a clock may have asked for the label before; what waits for them would ask on.
    dismiss: (stage, timelabel) =>
      signalRun(client, runId(stage, timelabel), 'rerun', { request: null, trigger: 'event' }),
    wakePublisher: (endpoint) => wakePublisher(client, endpoint),
    goOnBackfill: async (id, turn) => {
      await client.workflow.start('backfill', {
        workflowId: backfillId(id),
        taskQueue: ROUTING_QUEUE,
        args: [{ turn }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `backfill ${id}`,
      });
    },
  };
}

async function signalRun(client: Client, id: string, signal: string, argument: unknown): Promise<void> {
  try {
    await client.workflow.getHandle(id).signal(signal, argument);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

async function stateOf(client: Client, workflowId: string): Promise<WorkflowState> {
  try {
    const { status, raw } = await client.workflow.getHandle(workflowId).describe();
    if (ENDED.has(status.name)) return 'closed';
    const tasks = (raw.pendingActivities?.length ?? 0) + (raw.pendingWorkflowTask == null ? 0 : 1);
    return tasks > 0 ? 'working' : 'idle';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'closed';
    throw error;
  }
}

import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { Finding } from './checker.ts';
import { persist } from './persist.ts';

/**
 * What a history may hold. Temporal ends a workflow at 51,200 events or 50 MiB and warns at 10,240 or 10 MiB; a router continues
 * as new at 1,000 events, and goes beyond that only by what one burst brings.
 */
const MOST_EVENTS = 4_000;
const MOST_BYTES = 8 * 1024 * 1024;
/** A task that was tried so often and is still pending fails again and again. */
const MOST_ATTEMPTS = 5;

/** The largest history of one type of workflow. */
export interface Largest {
  readonly type: string;
  readonly executions: number;
  readonly events: number;
  readonly bytes: number;
}

/** Looks at every execution that Temporal knows, once everything has come to rest. */
export async function checkHistories(
  client: Client,
): Promise<{ readonly largest: readonly Largest[]; readonly findings: readonly Finding[] }> {
  const largest = new Map<string, Largest>();
  const [tooLarge, failing] = [new Array<string>(), new Array<string>()];
  let executions = 0;
  for await (const listed of client.workflow.list()) {
    executions += 1;
    const { type, workflowId, runId, status } = listed;
    // Visibility knows the size of closed ones only.
    const running =
      status.name === 'RUNNING'
        ? await persist(() => client.workflow.getHandle(workflowId, runId).describe())
        : undefined;
    const { historyLength: events, historySize: bytes = 0 } = running ?? listed;
    if (running !== undefined) failing.push(...failingTasks(running));
    if (events > MOST_EVENTS || bytes > MOST_BYTES)
      tooLarge.push(`${workflowId} has ${String(events)} events of ${String(bytes)} bytes`);
    const before = largest.get(type);
    largest.set(type, {
      type,
      executions: (before?.executions ?? 0) + 1,
      events: Math.max(before?.events ?? 0, events),
      bytes: Math.max(before?.bytes ?? 0, bytes),
    });
  }
  return {
    largest: [...largest.values()].sort((one, other) => other.bytes - one.bytes),
    findings: [
      {
        promise: `no history exceeds ${String(MOST_EVENTS)} events or ${String(MOST_BYTES / 1024 / 1024)} MiB`,
        looked: executions,
        broken: tooLarge,
      },
      { promise: 'no task fails in a loop', looked: executions, broken: failing },
    ],
  };
}

/** A sentence for each task that is pending after many attempts. */
export function failingTasks({
  workflowId,
  raw: { pendingWorkflowTask, pendingActivities },
}: Pick<WorkflowExecutionDescription, 'workflowId'> & {
  readonly raw: Pick<WorkflowExecutionDescription['raw'], 'pendingWorkflowTask' | 'pendingActivities'>;
}): string[] {
  const tasks = [
    { what: 'workflow task', attempt: pendingWorkflowTask?.attempt },
    ...(pendingActivities ?? []).map(({ activityType, attempt, lastFailure }) => ({
      what: `activity ${activityType?.name ?? ''} (${lastFailure?.message ?? ''})`,
      attempt,
    })),
  ];
  return tasks
    .filter(({ attempt }) => (attempt ?? 0) > MOST_ATTEMPTS)
    .map(({ what, attempt }) => `${workflowId}: attempt ${String(attempt)} of its ${what}`);
}

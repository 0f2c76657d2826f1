import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { routerId } from '../pipeline/ids.ts';
import type { CallLimits } from './persist.ts';
import { routerStart } from './router-start.ts';

/** What an emitter uses of a Temporal client. */
export type EmitterClient = Pick<Client, 'workflow' | 'withAbortSignal' | 'withDeadline'>;

/** A router as a sender sees it. */
export interface RouterLink {
  /** Its workflow id. */
  readonly id: string;
  /** Signals events, and starts the router when it does not run. */
  signal(events: readonly unknown[], limits: CallLimits): Promise<void>;
  /** Bytes of the history of the execution that runs; 0 when none does. */
  historySize(limits: CallLimits): Promise<number>;
}

export function linkToRouter(client: EmitterClient, pipeline: string, taskQueue: string): RouterLink {
  const workflowId = routerId(pipeline);
  return {
    id: workflowId,
    signal: async (events, limits) => {
      await within(client, limits, () =>
        client.workflow.signalWithStart('router', routerStart(pipeline, taskQueue, events)),
      );
    },
    historySize: async (limits) => {
      try {
        const { status, historySize } = await within(client, limits, () =>
          client.workflow.getHandle(workflowId).describe(),
        );
        return status.name === 'RUNNING' ? (historySize ?? 0) : 0;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 0;
        throw error;
      }
    },
  };
}

/**
 * One call with a deadline, given up as soon as the signal aborts: the Temporal client cancels only the first of the
 * calls that it makes for one. Each call gets a signal of its own because the client never removes its listener.
 */
async function within<T>(
  client: EmitterClient,
  { deadline, signal }: CallLimits,
  call: () => Promise<T>,
): Promise<T> {
  const attempt = new AbortController();
  const calling = client.withDeadline(deadline, () => client.withAbortSignal(attempt.signal, call));
  if (signal === undefined) return calling;
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = () => {
      attempt.abort();
      reject(new Error('The call was aborted.'));
    };
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([calling, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

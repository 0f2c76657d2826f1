import type { Client } from '@temporalio/client';
import { publisherId, ROUTING_QUEUE } from '../pipeline/ids.ts';

/** Has the publisher of an endpoint look at what is owed, starting it when it is not there. */
export async function wakePublisher(client: Client, endpoint: string): Promise<void> {
  await client.workflow.signalWithStart('publisher', {
    workflowId: publisherId(endpoint),
    taskQueue: ROUTING_QUEUE,
    args: [{ endpoint }],
    signal: 'wake',
    signalArgs: [],
    staticSummary: `events to ${endpoint}`,
  });
}

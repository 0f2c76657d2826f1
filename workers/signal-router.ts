import type { Client } from '@temporalio/client';
import type { SignalRouter } from '../activities/close-run.ts';
import { ROUTER_TASK_TIMEOUT, ROUTING_QUEUE, routerId } from '../pipeline/ids.ts';

/** Hands events to the router of a pipeline, starting it when it is not there. `taskQueue` is asked at each call. */
export function routerSignal(client: Client, taskQueue: () => string = () => ROUTING_QUEUE): SignalRouter {
  return async (pipeline, events) => {
    await client.workflow.signalWithStart('router', {
      workflowId: routerId(pipeline),
      taskQueue: taskQueue(),
      args: [{ pipeline }],
      signal: 'dataEvent',
      signalArgs: [events],
      staticSummary: `router of ${pipeline}`,
      workflowTaskTimeout: ROUTER_TASK_TIMEOUT,
    });
  };
}

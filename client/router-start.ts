import { ROUTER_TASK_TIMEOUT, routerId } from '../pipeline/ids.ts';
import { ROUTER_PRIORITY } from '../pipeline/priorities.ts';

/** What `signalWithStart` is told to signal a router, or to start it with the signal. */
export interface RouterStart {
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly args: [{ readonly pipeline: string }];
  readonly signal: 'dataEvent';
  readonly signalArgs: [unknown];
  readonly staticSummary: string;
  readonly workflowTaskTimeout: typeof ROUTER_TASK_TIMEOUT;
  readonly priority: typeof ROUTER_PRIORITY;
}

/** Hands one event or a list of them to the router of a pipeline. */
export function routerStart(pipeline: string, taskQueue: string, events: unknown): RouterStart {
  return {
    workflowId: routerId(pipeline),
    taskQueue,
    args: [{ pipeline }],
    signal: 'dataEvent',
    signalArgs: [events],
    staticSummary: `router of ${pipeline}`,
    workflowTaskTimeout: ROUTER_TASK_TIMEOUT,
    priority: ROUTER_PRIORITY,
  };
}

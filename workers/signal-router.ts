import type { Client } from '@temporalio/client';
import type { ReportEvents } from '../activities/report-events.ts';
import { routerStart } from '../client/router-start.ts';
import { ROUTING_QUEUE } from '../pipeline/ids.ts';

/** Hands events to the router of a pipeline, starting it when it is not there. */
export function routerSignal(client: Client): ReportEvents {
  return async (pipeline, events) => {
    await client.workflow.signalWithStart('router', routerStart(pipeline, ROUTING_QUEUE, events));
  };
}

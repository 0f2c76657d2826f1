import type { Client } from '@temporalio/client';
import type { SignalRouter } from '../activities/signal-routers.ts';
import { routerStart } from '../client/router-start.ts';
import { ROUTING_QUEUE } from '../pipeline/ids.ts';

/** Hands events to routers. */
export function routerSignal(client: Client): SignalRouter {
  return async (router, events) => {
    await client.workflow.signalWithStart('router', routerStart(router, ROUTING_QUEUE, events));
  };
}

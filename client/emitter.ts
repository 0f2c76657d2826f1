import { ROUTING_QUEUE } from '../pipeline/ids.ts';
import { SYSTEM_CLOCK, type Clock } from './clock.ts';
import type { OutgoingEvent } from './outgoing-event.ts';
import { readOutgoing } from './read-outgoing.ts';
import { linkToRouter, type EmitterClient } from './router-link.ts';
import { orderlySender, type Emitted } from './send-signals.ts';

export interface EmitterOptions {
  /** A `Client` of `@temporalio/client` whose namespace is the one of Reefline's workers. It stays the caller's to close. */
  readonly client: EmitterClient;
  /** The pipeline whose router takes the events. Any router routes any event, so a "wrong" one does no harm. */
  readonly router: string;
  /** Task queue of Reefline's routers, `reefline` unless the deployment names another. */
  readonly taskQueue?: string;
  /** Milliseconds for which an emit tries, 5 minutes unless given. */
  readonly timeout?: number;
}

export interface EmitOptions {
  /** Milliseconds for this call. */
  readonly timeout?: number;
  /** Ends the call: it fails with an `EmitFailure` that tells what was sent. */
  readonly signal?: AbortSignal;
}

export interface Emitter {
  /**
   * Sends the events, in order, as few signals. When it returns, the Temporal server has stored them all, and a router
   * will take them, now or when a worker runs.
   * @throws InvalidEvents before anything is sent, with the problems of all events.
   * @throws EmitFailure when the timeout is over, the call is aborted, or the server refuses for good.
   */
  emit(events: OutgoingEvent | readonly OutgoingEvent[], options?: EmitOptions): Promise<Emitted>;
}

const FIVE_MINUTES = 300_000;

/** An emitter for one router. It holds no connection and needs no closing; share it as you share the client. */
export function createEmitter(options: EmitterOptions, clock: Clock = SYSTEM_CLOCK): Emitter {
  const { client, router, taskQueue = ROUTING_QUEUE, timeout = FIVE_MINUTES } = options;
  if (!/^[^/]+$/.test(router)) {
    throw new TypeError(`"${router}" is not the name of a pipeline, such as "orders".`);
  }
  const send = orderlySender(linkToRouter(client, router, taskQueue));
  return {
    emit: async (events, given = {}) => {
      const list = Array.isArray(events) ? (events as readonly OutgoingEvent[]) : [events as OutgoingEvent];
      const allowed = given.timeout ?? timeout;
      const end = clock.now() + allowed;
      return send(readOutgoing(list), { clock, timeout: allowed, end, signal: given.signal });
    },
  };
}

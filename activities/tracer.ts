import { tracedEvent, type Happening, type TracedDelivery } from '../pipeline/happening.ts';

/** Where activities tell what they did, once it is done. Returns at once and never throws; what a killed activity had not told stays untold. */
export interface Tracer {
  record(happening: Happening): void;
  /** The `traceparent` that the message of a delivery carries; undefined when nobody traces its event. Never throws. */
  traceparent(delivery: TracedDelivery): string | undefined;
}

/** Of a worker that nobody asks for traces: it hands on what it was given (W3C, "Trace Context", section 3.1). */
export const NO_TRACER: Tracer = {
  record: () => undefined,
  traceparent: ({ event }) => tracedEvent(event).traceparent,
};

import type { DataEvent, EventError, ReeflineEvent } from './data-event.ts';

/* What activities tell of their work, so that it can be traced. */

/** One revision of one (stage, label). */
export interface TracedRun {
  readonly stage: string;
  readonly timelabel: string;
  readonly revision: number;
}

/** An event, as far as that says in which trace it is. */
export interface TracedEvent {
  readonly eventId: string;
  /** The span of somebody else whose trace goes on with it; in a trace of its own when absent. */
  readonly traceparent?: string | undefined;
  /** What came beside it. */
  readonly tracestate?: string | undefined;
}

/** When it began and ended, in milliseconds since the Unix epoch. */
export interface Lasted {
  readonly from: number;
  readonly to: number;
}

/** Without secrets: what a run reports, or what is kept of a delivery. */
export type TracedFailure = Pick<EventError, 'class' | 'message'>;

/** Something that an activity did. */
export type Happening =
  | (Lasted & { readonly kind: 'accepted'; readonly event: ReeflineEvent; readonly router: string })
  | (Lasted & {
      readonly kind: 'opened';
      readonly run: TracedRun;
      readonly dataset: string;
      readonly trigger: string;
    })
  | (Lasted & {
      readonly kind: 'attempted';
      readonly run: TracedRun;
      /** Null when it failed before anybody knew the stage. */
      readonly dataset: string | null;
      readonly attempt: number;
      readonly temporalRunId: string;
      readonly rows: number | null;
      readonly failure: TracedFailure | null;
      readonly cancelled: boolean;
    })
  | (Lasted & {
      readonly kind: 'closed';
      readonly run: TracedRun;
      readonly dataset: string;
      readonly trigger: string;
      readonly openedAt: number;
      readonly outcome: string;
      /** The data event that reports it; null when nothing does. */
      readonly reported: TracedEvent | null;
      readonly temporalRunId: string;
      readonly rows: number | null;
      readonly failure: TracedFailure | null;
    })
  | (Lasted & {
      /** The deadline of a label passed while it waited: it waits on (LATE), or is given up (MISSING). */
      readonly kind: 'overdue';
      readonly event: DataEvent;
    })
  | (Lasted & {
      /** An event came into the log that no router took: what a limit holds back, and the health of an endpoint. */
      readonly kind: 'reported';
      readonly event: ReeflineEvent;
      /** The events that led to it, the newest first. */
      readonly causes: readonly TracedEvent[];
    })
  | (Lasted & TracedDelivery & { readonly kind: 'delivered'; readonly failure: TracedFailure | null });

/** One attempt to deliver an event. */
export interface TracedDelivery {
  readonly event: ReeflineEvent;
  readonly endpoint: string;
  readonly attempt: number;
  readonly replay: string | null;
}

/** What says in which trace an event is. */
export function tracedEvent(event: ReeflineEvent): TracedEvent {
  const { eventId } = event;
  if (event.event_type === 'endpoint') return { eventId };
  const { traceparent, tracestate } = event;
  return { eventId, traceparent, ...(tracestate === undefined ? {} : { tracestate }) };
}

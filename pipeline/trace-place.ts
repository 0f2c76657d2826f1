import type { DataEvent, ReeflineEvent } from './data-event.ts';
import { tracedEvent, type TracedDelivery, type TracedEvent, type TracedRun } from './happening.ts';
import { runEventId } from './ids.ts';
import { parseTraceparent } from './traceparent.ts';

/** Where a span stands: an event of the trace that it is in, and its own name, of which there is one in the world. */
export interface Place {
  readonly trace: TracedEvent;
  readonly span: string;
}

/**
 * The events that brought a run about, the newest first: the one that completed its inputs. None for one that a schedule or a person
 * asked for; undefined when the ledger knows no such run.
 */
export type Causes = readonly TracedEvent[] | undefined;

/** An event whose trace a run is in. */
export function traceOfRun(run: TracedRun, causes: Causes): TracedEvent {
  return causes?.[0] ?? { eventId: eventOf(run) };
}

/** Where the span of an attempt to deliver an event stands. */
export function deliveryPlace({ event, endpoint, attempt, replay }: TracedDelivery): Place {
  return {
    trace: tracedEvent(event),
    span: `deliver/${event.eventId}/${endpoint}/${replay ?? ''}/${String(attempt)}`,
  };
}

/** Where the span of a whole run stands. */
export function placeOf(run: TracedRun, causes: Causes): Place {
  return { trace: traceOfRun(run, causes), span: `run/${eventOf(run)}` };
}

/** Where the acceptance of an event stands, or what else brought it into the log. */
export function acceptanceOf(event: TracedEvent | ReeflineEvent): Place {
  const trace = 'event_type' in event ? tracedEvent(event) : event;
  return { trace, span: `accept/${trace.eventId}` };
}

/** Where the passing of the deadline stands that an event reports. */
export function overdueOf(event: DataEvent): Place {
  return { trace: tracedEvent(event), span: `overdue/${event.eventId}` };
}

/** Of these places the first in the trace of the event is above it, and the others are linked. */
export function below(
  event: ReeflineEvent,
  behind: readonly Place[],
): { readonly parent: string | null; readonly links: readonly Place[] } {
  const above = behind.find(({ trace }) => isSameTrace(trace, tracedEvent(event)));
  return { parent: above?.span ?? null, links: behind.filter((place) => place !== above) };
}

export function isSameTrace(one: TracedEvent, other: TracedEvent): boolean {
  return traceKey(one) === traceKey(other);
}

function traceKey({ eventId, traceparent }: TracedEvent): string {
  return parseTraceparent(traceparent)?.traceId ?? eventId;
}

/** The id of the data event that reports a run. */
export function eventOf({ stage, timelabel, revision }: TracedRun): string {
  return runEventId(stage, timelabel, revision);
}

/** The run that reported an event, or a schema change; undefined for one that nothing ran for, such as those of outside datasets. */
export function reporterOf(event: ReeflineEvent): TracedRun | undefined {
  if (event.event_type === 'endpoint' || event.stage === null || event.runId === null) return undefined;
  const { eventId, stage, timelabel, revision } = event;
  const run = { stage, timelabel, revision };
  return eventId === eventOf(run) || eventId.startsWith(`${eventOf(run)}/`) ? run : undefined;
}

/** What stands behind an event: the run that reported it, or the deadline that passed. */
export function behindOf(event: ReeflineEvent, causes: Causes): readonly Place[] {
  const run = reporterOf(event);
  if (run !== undefined) return causes === undefined ? [] : [placeOf(run, causes)];
  if (event.event_type !== 'data' || event.stage === null) return [];
  const { eventId, stage, timelabel, revision, outcome } = event;
  const isOverdue = outcome === 'LATE' || outcome === 'MISSING';
  return isOverdue && eventId === eventOf({ stage, timelabel, revision }) ? [overdueOf(event)] : [];
}

import { parseEventTime } from './data-event.ts';
import type { SentEvent } from './fit-message.ts';

/**
 * An event in the structured mode of CloudEvents 1.0 (cloudevents/spec v1.0.2, "JSON Event Format"). Names of extensions
 * are of small letters and digits; `partitionkey`, `sequence`, `traceparent` and `tracestate` are documented ones, the others are ours.
 */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  /** `/pipelines/<pipeline>`, `/services` when a service outside of Reefline reported it, or `/endpoints/<endpoint>`. */
  readonly source: string;
  /** `reefline.data.<outcome>.v1`, `reefline.metadata.<change>.v1` or `reefline.endpoint.<health>.v1`. */
  readonly type: string;
  /** `<dataset>/<timelabel>` */
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema: string;
  readonly partitionkey: string;
  /** Place in the event log, with leading zeros so that texts sort like numbers. */
  readonly sequence: string;
  readonly timelabel: string;
  readonly revision: number;
  /** There when a person had the event sent once more; its id is that of the first sending. */
  readonly reeflinereplayed?: true;
  /** There when somebody traces the event: the span of this delivery (cloudevents/spec, "Distributed Tracing"). */
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly data: SentEvent;
}

/** Digits of the largest 64-bit number. */
const SEQUENCE_DIGITS = 19;

/** `sequence` is the event's place in the log. */
export function cloudEvent(
  event: SentEvent,
  sequence: number,
  {
    replayed = false,
    traceparent,
    tracestate,
  }: {
    readonly replayed?: boolean;
    readonly traceparent?: string | undefined;
    readonly tracestate?: string | undefined;
  } = {},
): CloudEvent {
  const time = parseEventTime(event.event_type === 'data' ? event.endTime : event.time);
  if (time === undefined) throw new Error(`Event ${event.eventId} has no time.`);
  return {
    specversion: '1.0',
    id: event.eventId,
    source: sourceOf(event),
    type: `reefline.${event.event_type}.${happeningOf(event).toLowerCase()}.v1`,
    subject: `${event.dataset}/${event.timelabel}`,
    time: new Date(time).toISOString(),
    datacontenttype: 'application/json',
    dataschema: `urn:reefline:schema:${event.event_type}-event:1`,
    partitionkey: event.dataset,
    sequence: String(sequence).padStart(SEQUENCE_DIGITS, '0'),
    timelabel: event.timelabel,
    revision: event.revision,
    ...(replayed ? { reeflinereplayed: true } : {}),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
    data: event,
  };
}

function sourceOf(event: SentEvent): string {
  if (event.event_type === 'endpoint') return `/endpoints/${event.endpoint}`;
  return event.pipeline === null ? '/services' : `/pipelines/${event.pipeline}`;
}

function happeningOf(event: SentEvent): string {
  switch (event.event_type) {
    case 'data':
      return event.outcome;
    case 'metadata':
      return event.change;
    case 'endpoint':
      return event.health;
  }
}

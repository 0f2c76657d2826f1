import { parseEventTime } from './data-event.ts';
import type { SentEvent } from './fit-message.ts';

/**
 * An event in the structured mode of CloudEvents 1.0 (cloudevents/spec v1.0.2, "JSON Event Format"). Names of extensions
 * are of small letters and digits; `partitionkey` and `sequence` are documented ones, the others are ours.
 */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  /** `/pipelines/<pipeline>`, or `/services` when a service outside of Reefline reported it. */
  readonly source: string;
  /** `reefline.data.<outcome>.v1` or `reefline.metadata.<change>.v1`. */
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
  readonly data: SentEvent;
}

/** Digits of the largest 64-bit number. */
const SEQUENCE_DIGITS = 19;

/** `sequence` is the event's place in the log. */
export function cloudEvent(event: SentEvent, sequence: number, replayed = false): CloudEvent {
  const what = event.event_type === 'data' ? `data.${event.outcome}` : `metadata.${event.change}`;
  const time = parseEventTime(event.event_type === 'data' ? event.endTime : event.time);
  if (time === undefined) throw new Error(`Event ${event.eventId} has no time.`);
  return {
    specversion: '1.0',
    id: event.eventId,
    source: event.pipeline === null ? '/services' : `/pipelines/${event.pipeline}`,
    type: `reefline.${what.toLowerCase()}.v1`,
    subject: `${event.dataset}/${event.timelabel}`,
    time: new Date(time).toISOString(),
    datacontenttype: 'application/json',
    dataschema: `urn:reefline:schema:${event.event_type}-event:1`,
    partitionkey: event.dataset,
    sequence: String(sequence).padStart(SEQUENCE_DIGITS, '0'),
    timelabel: event.timelabel,
    revision: event.revision,
    ...(replayed ? { reeflinereplayed: true } : {}),
    data: event,
  };
}

import type { AssertionResult } from './assertion-result.ts';
import type { Column } from './column.ts';
import type { EndpointHealth } from './endpoint-health.ts';
import type { Outcome } from './outcome.ts';
import type { DataStatus, EventType } from './stage.ts';

/** What went wrong, in an event: the class decides what to do, the message is for people. At most 4 KiB of text. */
export interface EventError {
  readonly class: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number | null>>;
}

/**
 * A batch that was extracted, registered, loaded, transformed or published. The first nine fields and their formats
 * are the documented ones (Datacoral, "Datacoral events"); customers parse them, so they never change.
 */
export interface DataEvent {
  readonly event_type: 'data';
  readonly type: EventType;
  readonly schema: string;
  readonly table: string;
  readonly timelabel: string;
  readonly status: DataStatus;
  /** `YYYY-MM-DD HH:mm:ss:SSS +00:00`: a colon before the milliseconds. */
  readonly startTime: string;
  readonly updateTime: string;
  readonly endTime: string;
  readonly eventId: string;
  readonly dataset: string;
  readonly revision: number;
  readonly pipeline: string | null;
  readonly stage: string | null;
  /** Temporal run id of the stageRun execution. */
  readonly runId: string | null;
  readonly causedBy: readonly string[];
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly uri: string | null;
  readonly error: EventError | null;
  readonly configVersion: number | null;
  /** Finer than `status`: see the table in pipeline/outcome.ts. */
  readonly outcome: Outcome;
  /** false: a person ran the label on its own, and the event starts no dependents. */
  readonly propagates?: false;
  /** Id of the backfill that the run is part of. */
  readonly backfill?: string;
  /** Of a late, missing or partial label: what is not there, at most 20 of them. */
  readonly missing?: readonly { readonly dataset: string; readonly timelabel: string }[];
  /** Of a check: what each assertion found. */
  readonly checks?: readonly AssertionResult[];
  /** W3C Trace Context: the span of whoever sent it, or the event that brought it about. Kept in the log; see TracedEvent. */
  readonly traceparent?: string;
  /** What came beside it. */
  readonly tracestate?: string;
}

export const SCHEMA_CHANGES = [
  'TABLE_ADDED',
  'COLUMN_ADDED',
  'COLUMN_REMOVED',
  'COLUMN_TYPE_CHANGED',
] as const;
export type SchemaChange = (typeof SCHEMA_CHANGES)[number];

/** A schema change that a stage saw at its source or made at its destination. */
export interface MetadataEvent {
  readonly event_type: 'metadata';
  readonly change: SchemaChange;
  readonly before: readonly Column[];
  readonly after: readonly Column[];
  readonly type: EventType;
  readonly schema: string;
  readonly table: string;
  readonly timelabel: string;
  readonly eventId: string;
  readonly dataset: string;
  readonly revision: number;
  readonly pipeline: string | null;
  readonly stage: string | null;
  readonly runId: string | null;
  readonly time: string;
  /** As of a data event. */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/**
 * The health of an endpoint changed. It is about no data, so it has no type, schema or table; `dataset`, `timelabel` and
 * `revision` give it a place among the other events, and order for receivers that keep one.
 */
export interface EndpointEvent {
  readonly event_type: 'endpoint';
  readonly endpoint: string;
  readonly health: EndpointHealth;
  readonly previous: EndpointHealth;
  /** For people: one sentence. */
  readonly reason: string;
  /** When it changed; the format is that of the times of data events. */
  readonly time: string;
  /** The last error of an endpoint that became degraded or failing, if there was one. */
  readonly error: EventError | null;
  /** Seconds for which the first message in line has been owed; null when none is. */
  readonly oldestUnsentSeconds: number | null;
  readonly eventId: string;
  /** `reefline.endpoint.<name>` */
  readonly dataset: string;
  /** The minute in which it changed. */
  readonly timelabel: string;
  /** 1, 2, 3 … the n-th change of this endpoint. */
  readonly revision: number;
  readonly pipeline: null;
  readonly stage: null;
}

export type ReeflineEvent = DataEvent | MetadataEvent | EndpointEvent;

/** The data event among those that one run reports; schema changes stand before it. */
export function dataEventIn(events: readonly ReeflineEvent[]): DataEvent | undefined {
  return events.find((event): event is DataEvent => event.event_type === 'data');
}

/** The same event with the documented fields first, as customers know it; the catalog's jsonb keeps no order. */
export function inDocumentedOrder(event: ReeflineEvent): ReeflineEvent {
  // A field stays where it stood first, so that one copy of the event puts all others behind these; it is made for each message.
  if (event.event_type === 'metadata') return event;
  if (event.event_type === 'endpoint') {
    const { event_type, endpoint, health, previous, reason, time, error, oldestUnsentSeconds } = event;
    const first = { event_type, endpoint, health, previous, reason, time, error, oldestUnsentSeconds };
    return Object.assign(first, event);
  }
  const { event_type, type, schema, table, timelabel, status, startTime, updateTime, endTime } = event;
  const first = { event_type, type, schema, table, timelabel, status, startTime, updateTime, endTime };
  return Object.assign(first, event);
}

/** Longest error text that an event carries, in UTF-16 units; the full text stays in the run's history. */
export const MAX_ERROR_TEXT = 4096;

/** `2020-03-03 11:25:47:445 +00:00` for an instant in milliseconds since the Unix epoch. */
export function eventTime(instant: number): string {
  const iso = new Date(instant).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}:${iso.slice(20, 23)} +00:00`;
}

/** The instant of an event time, or undefined when the text does not have the documented format. */
export function parseEventTime(text: string): number | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}):(\d{3}) \+00:00$/.exec(text);
  if (match === null) return undefined;
  const instant = Date.parse(`${match[1]}T${match[2]}.${match[3]}Z`);
  // Date.parse takes the 31st of February for the 2nd of March.
  return Number.isNaN(instant) || eventTime(instant) !== text ? undefined : instant;
}

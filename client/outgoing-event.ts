import type { Column } from '../pipeline/column.ts';
import type { EventError, SchemaChange } from '../pipeline/data-event.ts';
import type { Outcome } from '../pipeline/outcome.ts';
import type { DataStatus, EventType } from '../pipeline/stage.ts';

/** What every event that a service sends says about its dataset and label. */
interface OutgoingIdentity {
  readonly type: EventType;
  readonly schema: string;
  readonly table: string;
  /** `YYYYMMDDHHmm00`, UTC: the start of the interval that the batch covers. `labelAt` makes one. */
  readonly timelabel: string;
  /** At most 500 characters, unique for ever. Left out, it is derived from the content: see `eventIdOf`. */
  readonly eventId?: string;
  /** `<connection>.<schema>.<table>`. Left out, the router finds it from type, schema and table. */
  readonly dataset?: string;
  /** Left out, the next one. */
  readonly revision?: number;
  readonly pipeline?: string;
  readonly stage?: string;
  readonly runId?: string;
  /** W3C Trace Context of the span that sends it: the trace goes on through Reefline. It is no part of what an id is derived from. */
  readonly traceparent?: string;
  /** What comes along with it by the same recommendation; ignored without it. */
  readonly tracestate?: string;
}

/** A batch of data that is there, or that failed. Six fields are enough: event_type, type, schema, table, timelabel, status. */
export interface OutgoingDataEvent extends OutgoingIdentity {
  readonly event_type: 'data';
  readonly status: DataStatus;
  /** Finer than the status, as `EMPTY` or `MISSING`. */
  readonly outcome?: Outcome;
  /** `2020-03-03 11:25:47:445 +00:00`, which `eventTime` makes. Left out, the time of acceptance. */
  readonly startTime?: string;
  readonly updateTime?: string;
  readonly endTime?: string;
  /** Ids of the events whose data this batch was made of. */
  readonly causedBy?: readonly string[];
  readonly rows?: number;
  readonly bytes?: number;
  /** Where the data is. */
  readonly uri?: string;
  /** Of a FAILURE: a text for people, or the class, the message and facts. */
  readonly error?: string | EventError;
}

/** A change of a dataset's columns. */
export interface OutgoingMetadataEvent extends OutgoingIdentity {
  readonly event_type: 'metadata';
  readonly change: SchemaChange;
  readonly before?: readonly Column[];
  readonly after?: readonly Column[];
  readonly time?: string;
}

export type OutgoingEvent = OutgoingDataEvent | OutgoingMetadataEvent;

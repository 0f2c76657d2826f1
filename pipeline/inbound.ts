import type { TimeInterval } from './foreign-label.ts';
import type { Period } from './period.ts';

/** In what the events of a source are wrapped; permanent names. */
export const INBOUND_MAPPINGS = ['data-event', 's3', 'eventbridge', 'cloudevents', 'json'] as const;
export type InboundMapping = (typeof INBOUND_MAPPINGS)[number];

/** What becomes of a part of a message that no rule fits. */
export const UNMATCHED = ['reject', 'ignore'] as const;
export type Unmatched = (typeof UNMATCHED)[number];

/** A queue whose messages become data events. URLs may be references such as `${env:PARTNER_QUEUE_URL}`. */
export interface InboundSource {
  readonly name: string;
  readonly kind: 'sqs';
  readonly queueUrl: string;
  /** That of the queue's URL when absent, else the default of the worker. */
  readonly region?: string;
  /** ARN of a role to assume for both queues, or a reference to it: queues in another account whose owner gives a role. */
  readonly roleArn?: string;
  /** What the owner of the role wants to hear when it is assumed. */
  readonly externalId?: string;
  /** Where messages go that cannot be taken. Absent, they are removed; a record of them is kept in either case. */
  readonly deadLetterQueueUrl?: string;
  /** Bytes of one message, events of one message, and events a second that all workers together take; see pipeline/inbound-limits.ts. */
  readonly maxMessageBytes?: number;
  readonly maxEvents?: number;
  readonly maxEventsPerSecond?: number;
  readonly mapping: InboundMapping;
  /** Path to a list in the message, each element of which is an event. */
  readonly each?: string;
  /** `reject` when absent. */
  readonly unmatched?: Unmatched;
  /** The first rule that fits a part of a message makes its event; without rules the part is a data event itself. */
  readonly events: readonly InboundRule[];
}

/** How a part of a foreign message becomes a data event. Texts that begin with `$` or `@` are paths into the message. */
export interface InboundRule {
  /** Values by path; a part fits when each path holds one of them. */
  readonly when?: Readonly<Record<string, readonly (string | number | boolean)[]>>;
  /** Of mapping `s3`: name of the bucket, and the format of the key. */
  readonly bucket?: string;
  readonly key?: string;
  readonly dataset?: string;
  /** Period of the dataset, where it is named. */
  readonly period?: Period;
  readonly type: string;
  readonly schema: string;
  readonly table: string;
  /** Absent, the key has the label in it. `format`: a TimeWriting or a text format. */
  readonly timelabel?: {
    readonly path: string;
    readonly format: string;
    readonly interval?: TimeInterval;
  };
  /** SUCCESS when absent. */
  readonly status?: string | ForeignStatus;
  readonly rows?: string;
  readonly bytes?: string;
  readonly uri?: string;
  readonly error?: string;
  /** What tells one event from another, where it is not the envelope or the whole message. */
  readonly id?: string;
}

/** Which foreign values mean SUCCESS and FAILURE; any other is a message that cannot be taken. */
export interface ForeignStatus {
  readonly path: string;
  readonly success: readonly (string | number | boolean)[];
  readonly failure: readonly (string | number | boolean)[];
}

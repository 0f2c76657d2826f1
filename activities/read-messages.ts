import { createHash } from 'node:crypto';
import type { RejectedMessage } from '../catalog/event-log.ts';
import { canonicalJson } from '../pipeline/canonical.ts';
import { outsideEventId } from '../pipeline/ids.ts';
import type { Arrival } from '../pipeline/number-events.ts';
import { readMessage } from '../pipeline/read-message.ts';
import { findDataset, type RoutingTable } from '../pipeline/routing.ts';
import { MOST_MESSAGE_BYTES } from '../pipeline/signal-size.ts';
import { storableText } from '../pipeline/storable.ts';

/** Most of a rejected message that is kept, in UTF-16 units. */
const KEPT_RAW = 65_536;

/** An event of a dataset or a label that the configuration does not have. */
export interface Stranger {
  readonly incoming: Arrival['incoming'];
  /** What becomes of it unless a run has made it. */
  readonly rejection: RejectedMessage;
}

/** What messages are, by one configuration. */
export interface SortedMessages {
  readonly arrivals: readonly Arrival[];
  readonly strangers: readonly Stranger[];
  readonly rejections: readonly RejectedMessage[];
}

/** Sorts messages into events of known datasets and labels, of others, and rejections; the same message twice is one arrival. */
export function readMessages(table: RoutingTable, messages: readonly unknown[]): SortedMessages {
  const arrivals = new Map<string, Arrival>();
  const strangers: Stranger[] = [];
  const rejections: RejectedMessage[] = [];
  for (const message of messages) {
    const { canonical, incoming } = readMessage(message);
    if (incoming.kind === 'malformed') {
      rejections.push(rejection(message, incoming.field, incoming.reason));
      continue;
    }
    const long = incoming.kind === 'metadata' ? undefined : tooLong(canonical);
    if (long !== undefined) {
      rejections.push(rejection(message, '', long));
      continue;
    }
    const found = findDataset(table, incoming);
    if ('reason' in found) {
      strangers.push({ incoming, rejection: rejection(message, found.field, found.reason) });
      continue;
    }
    const id = incoming.eventId ?? outsideEventId(hashOf(canonical));
    if (!arrivals.has(id)) arrivals.set(id, { id, incoming, known: found.known });
  }
  return { arrivals: [...arrivals.values()], strangers, rejections };
}

/** Columns of a wide table are two long lists, so only the server limits what is said about them. */
function tooLong(canonical: string): string | undefined {
  // A UTF-16 unit has at most three bytes of UTF-8.
  if (canonical.length * 3 <= MOST_MESSAGE_BYTES) return undefined;
  const bytes = Buffer.byteLength(canonical);
  if (bytes <= MOST_MESSAGE_BYTES) return undefined;
  return `The event has ${String(bytes)} bytes of JSON; at most ${String(MOST_MESSAGE_BYTES)} are taken.`;
}

/** A message that cannot be taken, in the form in which it is kept. */
export function rejection(message: unknown, field: string, reason: string): RejectedMessage {
  return keptRejection(canonicalJson(message), field, reason);
}

/** The same of a text; `identity` tells it from other rejections. */
export function keptRejection(raw: string, field: string, reason: string, identity = raw): RejectedMessage {
  return { fingerprint: hashOf(identity), field, reason, raw: storableText(raw, KEPT_RAW) };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

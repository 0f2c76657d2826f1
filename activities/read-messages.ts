import { createHash } from 'node:crypto';
import type { RejectedMessage } from '../catalog/event-log.ts';
import { readIncoming, type Malformed } from '../pipeline/incoming.ts';
import type { Arrival } from '../pipeline/number-events.ts';
import { findDataset, type RoutingTable } from '../pipeline/routing.ts';
import { storableText } from '../pipeline/storable.ts';

/** JSON escapes that PostgreSQL's jsonb refuses: NUL and unpaired surrogates. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;
const UNSTORABLE_TEXT: Malformed = {
  kind: 'malformed',
  field: '',
  reason: 'The event holds a NUL character or an unpaired surrogate, which no database takes.',
};

/** Most of a rejected message that is kept, in UTF-16 units. */
const KEPT_RAW = 65_536;

/** Sorts messages into events of known datasets and rejections; the same message twice is one arrival. */
export function readMessages(
  table: RoutingTable,
  messages: readonly unknown[],
): { readonly arrivals: readonly Arrival[]; readonly rejections: readonly RejectedMessage[] } {
  const arrivals = new Map<string, Arrival>();
  const rejections: RejectedMessage[] = [];
  for (const message of messages) {
    const incoming = UNSTORABLE.test(canonical(message)) ? UNSTORABLE_TEXT : readIncoming(message);
    if (incoming.kind === 'malformed') {
      rejections.push(rejection(message, incoming.field, incoming.reason));
      continue;
    }
    const found = findDataset(table, incoming);
    if ('reason' in found) {
      rejections.push(rejection(message, found.field, found.reason));
      continue;
    }
    const id = incoming.eventId ?? `outside/${hashOf(canonical(message)).slice(0, 32)}`;
    if (!arrivals.has(id)) arrivals.set(id, { id, incoming, known: found.known });
  }
  return { arrivals: [...arrivals.values()], rejections };
}

/** A message that cannot be taken, in the form in which it is kept. */
export function rejection(message: unknown, field: string, reason: string): RejectedMessage {
  const raw = canonical(message);
  return {
    fingerprint: hashOf(raw),
    field,
    reason,
    raw: storableText(raw, KEPT_RAW),
  };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** JSON with sorted keys, so that the same content has the same id however it was written. */
function canonical(value: unknown): string {
  const sorted = (_key: string, inner: unknown): unknown =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner;
  // undefined has no JSON; it stands for a signal without a payload.
  return value === undefined ? 'null' : JSON.stringify(value, sorted);
}

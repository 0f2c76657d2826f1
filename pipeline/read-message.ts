import { canonicalJson } from './canonical.ts';
import { readIncoming, type IncomingData, type IncomingMetadata, type Malformed } from './incoming.ts';

/** What somebody sent: its canonical JSON, from whose hash an event without an id gets one, and what it says. */
export interface Message {
  readonly canonical: string;
  readonly incoming: IncomingData | IncomingMetadata | Malformed;
}

/** JSON escapes that PostgreSQL's jsonb refuses: NUL and unpaired surrogates. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;
const UNSTORABLE_TEXT: Malformed = {
  kind: 'malformed',
  field: '',
  reason: 'The event holds a NUL character or an unpaired surrogate, which no database takes.',
};

/** The context of a trace tells nothing of the data: whoever sends an event again, in another trace, sends the same event. */
function withoutContext(message: unknown): unknown {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return message;
  if (!('traceparent' in message) && !('tracestate' in message)) return message;
  const { traceparent: _, tracestate: __, ...others } = message as Readonly<Record<string, unknown>>;
  return others;
}

/** Reads a message by every rule that needs no catalog. Routers and senders use it, so they agree. */
export function readMessage(message: unknown): Message {
  const canonical = canonicalJson(withoutContext(message));
  return { canonical, incoming: UNSTORABLE.test(canonical) ? UNSTORABLE_TEXT : readIncoming(message) };
}

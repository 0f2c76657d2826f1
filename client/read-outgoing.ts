import { readMessage, type Message } from '../pipeline/read-message.ts';
import { MOST_EVENT_BYTES, type Parcel } from '../pipeline/signal-size.ts';
import { InvalidEvents, type EventProblem } from './invalid-events.ts';
import type { OutgoingEvent } from './outgoing-event.ts';

/** An event as it was given, as it travels, and as the router will read it. */
export interface CheckedEvent extends Parcel {
  readonly given: OutgoingEvent;
  readonly travelling: unknown;
  readonly message: Message;
}

/** A router's worker refuses a payload of more than 100 levels, the whole signal with it; the list is one of them. */
const MOST_LEVELS = 99;

/**
 * Reads the events by the rules of the router.
 * @throws InvalidEvents with the problems of all events, so that they can be corrected at once.
 */
export function readOutgoing(events: readonly OutgoingEvent[]): readonly CheckedEvent[] {
  const problems: EventProblem[] = [];
  const checked: CheckedEvent[] = [];
  for (const [index, event] of events.entries()) {
    const read = readOne(event);
    if ('reason' in read) problems.push({ index, ...read });
    else checked.push(read);
  }
  if (problems.length > 0) throw new InvalidEvents(problems, events.length);
  return checked;
}

function readOne(given: OutgoingEvent): CheckedEvent | Omit<EventProblem, 'index'> {
  const json = jsonOf(given);
  if (typeof json !== 'string') return json;
  const bytes = Buffer.byteLength(json);
  if (bytes > MOST_EVENT_BYTES) {
    const reason =
      `The event has ${String(bytes)} bytes of JSON; at most ${String(MOST_EVENT_BYTES)} are taken. ` +
      'Put what is long into a file and its address into "uri".';
    return { field: '', reason };
  }
  // Dates and undefined fields change on the way, so what is checked is what arrives.
  const travelling: unknown = JSON.parse(json);
  if (isDeeper(travelling, MOST_LEVELS)) {
    return { field: '', reason: `The event nests more than ${String(MOST_LEVELS)} levels deep.` };
  }
  const message = readMessage(travelling);
  if (message.incoming.kind === 'malformed') {
    return { field: message.incoming.field, reason: message.incoming.reason };
  }
  return { given, travelling, message, count: 1, size: json.length + 1 };
}

function jsonOf(event: unknown): string | Omit<EventProblem, 'index'> {
  try {
    const text = JSON.stringify(event) as string | undefined;
    return text ?? 'null';
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { field: '', reason: `The event cannot be written as JSON: ${why}` };
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

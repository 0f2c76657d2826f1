import { createHash } from 'node:crypto';
import { InvalidEvents, type OutgoingEvent } from '../client/index.ts';
import { readOutgoing } from '../client/read-outgoing.ts';
import { outsideEventId } from '../pipeline/ids.ts';
import { tooLong } from '../pipeline/inbound-limits.ts';
import { mapMessage, type MappedEvent } from '../pipeline/inbound-mapping.ts';
import type { InboundProblem } from '../pipeline/inbound-parts.ts';
import type { InboundSource } from '../pipeline/inbound.ts';
import { findDataset, type RoutingTable } from '../pipeline/routing.ts';
import { traceContext, type GivenContext } from '../pipeline/traceparent.ts';

/** What a message of a source is: events that a router will take, and what in it cannot be taken. */
export interface ReadInbound {
  readonly events: readonly OutgoingEvent[];
  readonly problems: readonly InboundProblem[];
  readonly ignored: number;
}

/**
 * Maps a message and reads its events by every rule of the routers. Never throws because of what it says. `attributes` are those of
 * the message: an event that does not say itself in which trace it stands is in that of its `traceparent`, whose `tracestate` comes along.
 */
export function readInbound(
  source: InboundSource,
  table: RoutingTable,
  body: string,
  attributes: Readonly<Record<string, string>> = {},
): ReadInbound {
  const reason = tooLong(source, Buffer.byteLength(body));
  if (reason !== undefined) return { events: [], problems: [{ field: '', reason }], ignored: 0 };
  const { events, problems, ignored } = mapMessage(source, body);
  const read = events.map((mapped) => checked(mapped, table, attributes));
  return {
    events: read.flatMap((result) => ('event' in result ? [result.event] : [])),
    problems: [...problems, ...read.flatMap((result) => ('reason' in result ? [result] : []))],
    ignored,
  };
}

function checked(
  { event, identity, contexts = [] }: MappedEvent,
  table: RoutingTable,
  { traceparent, tracestate }: GivenContext,
): { readonly event: OutgoingEvent } | InboundProblem {
  const named =
    identity === null ? event : { ...(event as object), eventId: outsideEventId(hashOf(identity)) };
  try {
    const [read] = readOutgoing([
      inTrace(named, [...contexts, { traceparent, tracestate }]) as OutgoingEvent,
    ]);
    if (read === undefined || read.message.incoming.kind === 'malformed')
      return { field: '', reason: 'The event could not be read.' };
    const found = findDataset(table, read.message.incoming);
    return 'reason' in found ? found : { event: read.given };
  } catch (error) {
    if (!(error instanceof InvalidEvents)) throw error;
    return error.problems[0] ?? { field: '', reason: 'The event could not be read.' };
  }
}

/** The event with the first of these that is one, unless it has its own. Only what comes with a `traceparent` belongs to it. */
function inTrace(event: unknown, candidates: readonly GivenContext[]): unknown {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return event;
  const { traceparent, tracestate, ...others } = event as Readonly<Record<string, unknown>>;
  const found = [{ traceparent, tracestate }, ...candidates]
    .map(traceContext)
    .find((context) => context.traceparent !== undefined);
  return found === undefined ? event : { ...others, ...found };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

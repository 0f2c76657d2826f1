import { createHash } from 'node:crypto';
import { InvalidEvents, type OutgoingEvent } from '../client/index.ts';
import { readOutgoing } from '../client/read-outgoing.ts';
import { outsideEventId } from '../pipeline/ids.ts';
import { mapMessage, type MappedEvent } from '../pipeline/inbound-mapping.ts';
import type { InboundProblem } from '../pipeline/inbound-parts.ts';
import type { InboundSource } from '../pipeline/inbound.ts';
import { findDataset, type RoutingTable } from '../pipeline/routing.ts';

/** What a message of a source is: events that a router will take, and what in it cannot be taken. */
export interface ReadInbound {
  readonly events: readonly OutgoingEvent[];
  readonly problems: readonly InboundProblem[];
  readonly ignored: number;
}

/** Maps a message and reads its events by every rule of the routers. Never throws because of what it says. */
export function readInbound(source: InboundSource, table: RoutingTable, body: string): ReadInbound {
  const { events, problems, ignored } = mapMessage(source, body);
  const read = events.map((mapped) => checked(mapped, table));
  return {
    events: read.flatMap((result) => ('event' in result ? [result.event] : [])),
    problems: [...problems, ...read.flatMap((result) => ('reason' in result ? [result] : []))],
    ignored,
  };
}

function checked(
  { event, identity }: MappedEvent,
  table: RoutingTable,
): { readonly event: OutgoingEvent } | InboundProblem {
  const named =
    identity === null ? event : { ...(event as object), eventId: outsideEventId(hashOf(identity)) };
  try {
    const [read] = readOutgoing([named as OutgoingEvent]);
    if (read === undefined || read.message.incoming.kind === 'malformed')
      return { field: '', reason: 'The event could not be read.' };
    const found = findDataset(table, read.message.incoming);
    return 'reason' in found ? found : { event: read.given };
  } catch (error) {
    if (!(error instanceof InvalidEvents)) throw error;
    return error.problems[0] ?? { field: '', reason: 'The event could not be read.' };
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

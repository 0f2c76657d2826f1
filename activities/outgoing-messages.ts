import type pg from 'pg';
import { readEventLineage } from '../catalog/event-lineage.ts';
import type { ClaimedDelivery } from '../catalog/outbox.ts';
import type { EndpointDefinition } from '../pipeline/endpoint.ts';
import { messageBody, type TextTools } from '../pipeline/message-body.ts';
import type { EventLineage } from '../pipeline/open-lineage.ts';
import { messageIdOf, type OutgoingMessage } from '../pipeline/outgoing.ts';
import { tracedEvent } from '../pipeline/happening.ts';
import { slackText } from '../pipeline/slack-text.ts';
import { eventUuid } from './event-uuid.ts';

const TEXTS: TextTools = { bytesOf: (text) => Buffer.byteLength(text), uuidOf: eventUuid };

/** The messages that deliveries become at their endpoint, in the same order; `traceparent` gives the span of a delivery. */
export async function outgoingMessages(
  db: pg.Pool,
  endpoint: EndpointDefinition,
  deliveries: readonly ClaimedDelivery[],
  traceparent: (delivery: ClaimedDelivery) => string | undefined,
): Promise<readonly OutgoingMessage[]> {
  const lineage = await lineageOf(db, endpoint, deliveries);
  return deliveries.map((delivery) => messageOf(delivery, endpoint, lineage, traceparent(delivery)));
}

type Lineage = ReadonlyMap<string, EventLineage>;

/** What the messages of the format `openlineage` say beyond the events. */
async function lineageOf(
  db: pg.Pool,
  endpoint: EndpointDefinition,
  deliveries: readonly ClaimedDelivery[],
): Promise<Lineage> {
  if (endpoint.kind === 'slack' || endpoint.format !== 'openlineage') return new Map();
  return readEventLineage(
    db,
    deliveries.map(({ eventId }) => eventId),
  );
}

function messageOf(
  delivery: ClaimedDelivery,
  endpoint: EndpointDefinition,
  lineage: Lineage,
  traceparent: string | undefined,
): OutgoingMessage {
  const { eventId, event, seq, replay } = delivery;
  const replayed = replay !== null;
  // Of the trace that the event came in; no span of ours adds to it.
  const tracestate = traceparent === undefined ? undefined : tracedEvent(event).tracestate;
  const body =
    endpoint.kind === 'slack'
      ? slackText(event, replayed)
      : messageBody(
          { event, seq, replayed, traceparent, tracestate, lineage: lineage.get(eventId) },
          endpoint.format ?? 'data-event',
          TEXTS,
        );
  const attributes = {
    ...{ eventId, event_type: event.event_type },
    ...(replayed ? { replayed: 'true' } : {}),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  };
  return { id: messageIdOf(eventId, replay), group: event.dataset, body, attributes };
}

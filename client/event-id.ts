import { createHash } from 'node:crypto';
import { outsideEventId } from '../pipeline/ids.ts';
import type { OutgoingEvent } from './outgoing-event.ts';
import { readOutgoing } from './read-outgoing.ts';

/**
 * The id that the event has in the event log and in customers' queues: its `eventId`, or one derived from its content,
 * so that the same content is the same event however often and by whomever it is sent.
 * @throws InvalidEvents when a router would reject it, because then it has none.
 */
export function eventIdOf(event: OutgoingEvent): string {
  const [read] = readOutgoing([event]);
  const { canonical = '', incoming } = read?.message ?? {};
  const given = incoming !== undefined && 'eventId' in incoming ? incoming.eventId : undefined;
  return given ?? outsideEventId(createHash('sha256').update(canonical).digest('hex'));
}

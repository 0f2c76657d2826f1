import { createHash } from 'node:crypto';

/** Namespace of the UUIDs of events; permanent, or runs would be others after an upgrade. */
const NAMESPACE = Buffer.from('6f0d3c1be2a84f5a9c572d8e41b7a390', 'hex');

/** The UUID of an event's id, the same wherever and whenever it is made (RFC 9562, "UUID Version 5"). */
export function eventUuid(eventId: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(eventId).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

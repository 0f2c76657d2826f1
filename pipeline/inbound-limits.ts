import type { InboundSource } from './inbound.ts';
import { EVENTS_PER_SECOND } from './pace.ts';
import { MOST_MESSAGE_BYTES } from './signal-size.ts';

/** What a source may bring when it says nothing else. */
const INBOUND_LIMITS = {
  messageBytes: MOST_MESSAGE_BYTES,
  events: 1_000,
} as const;

/** Events a second that a source may bring, to all workers together. */
export function sourceRate({ maxEventsPerSecond }: InboundSource): number {
  return maxEventsPerSecond ?? EVENTS_PER_SECOND;
}

/** Why a message of this length, in bytes of UTF-8, is not read; undefined when it is. */
export function tooLong({ maxMessageBytes }: InboundSource, bytes: number): string | undefined {
  const most = maxMessageBytes ?? INBOUND_LIMITS.messageBytes;
  if (bytes <= most) return undefined;
  return `The message has ${String(bytes)} bytes; at most ${String(most)} are taken (maxMessageBytes).`;
}

/** Why a message of so many parts is not taken; undefined when it is. */
export function tooMany({ maxEvents }: InboundSource, parts: number): string | undefined {
  const most = maxEvents ?? INBOUND_LIMITS.events;
  if (parts <= most) return undefined;
  return `The message brings ${String(parts)} events; at most ${String(most)} are taken (maxEvents).`;
}

import type { InboundSource } from './inbound.ts';
import { MOST_MESSAGE_BYTES } from './signal-size.ts';

/** What a source may bring when it says nothing else. */
export const INBOUND_LIMITS = {
  messageBytes: MOST_MESSAGE_BYTES,
  events: 1_000,
  eventsPerSecond: 500,
} as const;

/** Milliseconds ahead of its rate that a source may be: a burst is taken at once, and paid for afterwards. */
const BURST = 1_000;

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

/**
 * When a source is asked again that has brought `count` events now. `unpaid` is what this function answered `elapsed` milliseconds ago to
 * whichever worker asked last: events beyond the rate, which is one for all workers. Nothing is dropped: what comes faster waits in its
 * queue. `wait` is in milliseconds.
 */
export function pace(
  { maxEventsPerSecond }: InboundSource,
  count: number,
  unpaid: number,
  elapsed: number,
): { readonly unpaid: number; readonly wait: number } {
  const rate = maxEventsPerSecond ?? INBOUND_LIMITS.eventsPerSecond;
  const left = Math.max(0, unpaid - (rate * Math.max(0, elapsed)) / 1_000) + count;
  return { unpaid: left, wait: Math.max(0, Math.ceil((1_000 * left) / rate - BURST)) };
}

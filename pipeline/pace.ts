/** Events a second that an inbound source brings, or one router takes, when the configuration names no other rate. */
export const EVENTS_PER_SECOND = 500;

/** Milliseconds ahead of its rate that somebody may be: a burst is taken at once, and paid for afterwards. */
const BURST = 1_000;

/**
 * How long to wait, in milliseconds, after `count` events have been taken now, so that they come to no more than `rate` a second and one
 * second of it in advance. `unpaid` is what this function answered `elapsed` milliseconds ago: events beyond the rate. Nothing is dropped:
 * what comes faster waits where it is.
 */
export function pace(
  rate: number,
  count: number,
  unpaid: number,
  elapsed: number,
): { readonly unpaid: number; readonly wait: number } {
  const left = Math.max(0, unpaid - (rate * Math.max(0, elapsed)) / 1_000) + count;
  return { unpaid: left, wait: Math.max(0, Math.ceil((1_000 * left) / rate - BURST)) };
}

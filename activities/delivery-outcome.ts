import type { ClaimedDelivery, DeliveryOutcome } from '../catalog/outbox.ts';
import { isRetryable } from '../pipeline/failure.ts';
import type { RetryTimes } from '../pipeline/endpoint.ts';
import type { SendResult } from '../pipeline/outgoing.ts';

/** First and longest pause between two attempts of a delivery, in seconds, when the endpoint does not say them. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 300;
/** Longest time, in seconds, for which an endpoint that failed gets nothing new, unless it asks for more. */
export const LONGEST_DEAFNESS = 10;

/** What becomes of a delivery by the result of its message. */
export function outcomeOf(
  { eventId, replay, attempts }: ClaimedDelivery,
  result: SendResult,
  redact: (text: string) => string,
  retry: RetryTimes = {},
): DeliveryOutcome {
  const { messageId, retryAfter = 0, final = false } = result;
  if (result.error === null) return { eventId, replay, messageId, error: null, retryIn: null };
  const error = { ...result.error, message: redact(result.error.message) };
  // A receiver that is gone or refuses access can be mended by its owner, so only a message that it refuses is dead at once.
  const { failureClass } = error;
  const mendable =
    isRetryable(failureClass) ||
    failureClass === 'not_found' ||
    failureClass === 'unauthorized' ||
    failureClass === 'invalid_config';
  const retryIn = mendable && !final ? Math.max(pauseAfter(attempts, retry), retryAfter) : null;
  return { eventId, replay, messageId: null, error, retryIn };
}

/** Seconds until the next attempt: doubling from the first pause, with jitter so that retries spread. */
function pauseAfter(
  attempts: number,
  { firstSeconds = FIRST_PAUSE, longestSeconds = LONGEST_PAUSE }: RetryTimes,
): number {
  // More doublings than lead from the shortest first pause to the longest pause.
  const pause = firstSeconds * 2 ** Math.min(attempts - 1, 20);
  return Math.min(longestSeconds, pause) * (0.75 + Math.random() / 2);
}

/** Seconds for which the endpoint is left alone: as long as it asks for, and after a call in which it took nothing a short while. */
export function restOf(outcomes: readonly DeliveryOutcome[], results: readonly SendResult[]): number {
  const asked = Math.max(0, ...results.map(({ retryAfter = 0 }) => retryAfter));
  if (outcomes.some(({ error }) => error === null)) return asked;
  const pauses = outcomes.flatMap(({ retryIn }) => retryIn ?? []);
  return pauses.length === 0 ? asked : Math.max(asked, Math.min(LONGEST_DEAFNESS, ...pauses));
}

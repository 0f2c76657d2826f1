import { heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import {
  claimDeliveries,
  nextDue,
  readEndpoint,
  settleDeliveries,
  type ClaimedDelivery,
  type DeliveryOutcome,
} from '../catalog/outbox.ts';
import { claimInOrder, nextDueInOrder, releaseDeliveries } from '../catalog/ordered-outbox.ts';
import type { Queue } from '../connectors/sqs/client.ts';
import { isFifo } from '../connectors/sqs/fifo.ts';
import type { OutgoingMessage } from '../connectors/sqs/send.ts';
import { cloudEvent } from '../pipeline/cloud-event.ts';
import type { EndpointDefinition, MessageFormat } from '../pipeline/endpoint.ts';
import { isRetryable } from '../pipeline/failure.ts';
import { fitMessage } from '../pipeline/fit-message.ts';
import { sendAll, sendInOrder, type SendResults } from './send-messages.ts';

export interface Forwarded {
  readonly delivered: number;
  readonly failed: number;
  readonly lastError: string | null;
  /** Seconds until something is owed again: 0 for now, null when nothing is. */
  readonly nextDueSeconds: number | null;
}

export interface Forwarding {
  readonly db: pg.Pool;
  /** Gives the client and the queue URL of an endpoint, its references to secrets resolved. */
  readonly queue: (endpoint: EndpointDefinition) => Queue;
}

/** Deliveries of one claim, and how long the claim holds if this process dies. */
const CLAIM = 200;
const CLAIM_SECONDS = 60;
/** Claims of one call, so that the call ends within its timeout under any backlog. */
const CLAIMS_PER_CALL = 25;
/** Milliseconds after which no message of a claim is sent any more: another publisher may take it over soon. */
const SENDING_MS = 30_000;
/** How long a message is tried when the endpoint does not say it: the longest that SQS itself keeps one. */
const GIVE_UP_SECONDS = 14 * 86_400;
/** Longest pause between two attempts of a delivery, in seconds. */
const LONGEST_PAUSE = 300;

/**
 * Sends what an endpoint is owed, in the order of the log, and marks each message. A FIFO queue gets the messages of each
 * dataset in that order also when some had to be tried again. At least once: when the process
 * dies between the queue's answer and the mark, the message is sent again, with the same `eventId` attribute.
 */
export async function forwardEvents({ db, queue }: Forwarding, name: string): Promise<Forwarded> {
  const found = await readEndpoint(db, name);
  if (found === undefined)
    throw ApplicationFailure.nonRetryable(`There is no endpoint "${name}".`, 'not_found');
  // Whoever resumes it wakes the publisher.
  if (found.paused) return { delivered: 0, failed: 0, lastError: null, nextDueSeconds: null };
  const endpoint = found.definition;
  const target = queue(endpoint);
  const ordered = isFifo(target.queueUrl);
  let delivered = 0;
  let failed = 0;
  let lastError: string | null = null;
  for (let claim = 0; claim < CLAIMS_PER_CALL; claim += 1) {
    const time = AbortSignal.timeout(SENDING_MS);
    const claimed = await (ordered ? claimInOrder : claimDeliveries)(db, name, CLAIM, CLAIM_SECONDS);
    if (claimed.length === 0) break;
    const messages = claimed.map((delivery) => messageOf(delivery, endpoint.format));
    const results = await (ordered ? sendInOrder(target, messages, time) : sendAll(target, messages));
    const tried = ordered ? claimed.filter(({ eventId }) => results.has(eventId)) : claimed;
    const outcomes = tried.map((delivery) => outcomeOf(delivery, results));
    await settleDeliveries(db, name, outcomes, endpoint.giveUpSeconds ?? GIVE_UP_SECONDS);
    const untried = claimed.filter((delivery) => !tried.includes(delivery));
    await releaseDeliveries(
      db,
      name,
      untried.map(({ eventId }) => eventId),
    );
    const errors = outcomes.flatMap((outcome) => outcome.error?.message ?? []);
    delivered += outcomes.length - errors.length;
    failed += errors.length;
    lastError = errors.at(-1) ?? lastError;
    heartbeat({ delivered, failed });
    // The rest of a failing endpoint's backlog waits for its pause instead of failing one claim after the other.
    if (errors.length > 0) break;
  }
  const nextDueSeconds = await (ordered ? nextDueInOrder : nextDue)(db, name);
  return { delivered, failed, lastError, nextDueSeconds };
}

function messageOf(
  { eventId, seq, event }: ClaimedDelivery,
  format: MessageFormat = 'data-event',
): OutgoingMessage {
  const sent = fitMessage(event, (text) => Buffer.byteLength(text));
  return {
    id: eventId,
    group: event.dataset,
    body: JSON.stringify(format === 'cloudevents' ? cloudEvent(sent, seq) : sent),
    attributes: { eventId, event_type: event.event_type },
  };
}

function outcomeOf({ eventId, attempts }: ClaimedDelivery, results: SendResults): DeliveryOutcome {
  const result = results.get(eventId);
  if (result?.error === null) return { eventId, messageId: result.messageId, error: null, retryIn: null };
  // A queue that is gone or refuses access can be mended by its owner, so only a message that it refuses is dead at once.
  const error = result?.error ?? {
    failureClass: 'unavailable' as const,
    message: 'the queue gave no answer',
  };
  const { failureClass } = error;
  const mendable =
    isRetryable(failureClass) ||
    failureClass === 'not_found' ||
    failureClass === 'unauthorized' ||
    failureClass === 'invalid_config';
  return { eventId, messageId: null, error, retryIn: mendable ? pauseAfter(attempts) : null };
}

/** Seconds until the next attempt: doubling from one second, with jitter so that retries spread. */
function pauseAfter(attempts: number): number {
  return Math.min(LONGEST_PAUSE, 2 ** Math.min(attempts - 1, 10)) * (0.75 + Math.random() / 2);
}

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
import type { Queue } from '../connectors/sqs/client.ts';
import { batchMessages, sendBatch, type OutgoingMessage, type SendResult } from '../connectors/sqs/send.ts';
import { cloudEvent } from '../pipeline/cloud-event.ts';
import type { EndpointDefinition, MessageFormat } from '../pipeline/endpoint.ts';
import { isRetryable } from '../pipeline/failure.ts';
import { fitMessage } from '../pipeline/fit-message.ts';

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
const PARALLEL_CALLS = 4;
/** Longest pause between two attempts of a delivery, in seconds. */
const LONGEST_PAUSE = 300;

/**
 * Sends what an endpoint is owed, in the order of the log, and marks each message. At least once: when the process
 * dies between the queue's answer and the mark, the message is sent again, with the same `eventId` attribute.
 */
export async function forwardEvents({ db, queue }: Forwarding, name: string): Promise<Forwarded> {
  const endpoint = await readEndpoint(db, name);
  if (endpoint === undefined)
    throw ApplicationFailure.nonRetryable(`There is no endpoint "${name}".`, 'not_found');
  const target = queue(endpoint);
  let delivered = 0;
  let failed = 0;
  let lastError: string | null = null;
  for (let claim = 0; claim < CLAIMS_PER_CALL; claim += 1) {
    const claimed = await claimDeliveries(db, name, CLAIM, CLAIM_SECONDS);
    if (claimed.length === 0) break;
    const results = await send(
      target,
      claimed.map((delivery) => messageOf(delivery, endpoint.format)),
    );
    const outcomes = claimed.map((delivery) => outcomeOf(delivery, results));
    await settleDeliveries(db, name, outcomes);
    const errors = outcomes.flatMap((outcome) => outcome.error ?? []);
    delivered += outcomes.length - errors.length;
    failed += errors.length;
    lastError = errors.at(-1) ?? lastError;
    heartbeat({ delivered, failed });
    // The rest of a failing endpoint's backlog waits for its pause instead of failing one claim after the other.
    if (errors.length > 0) break;
  }
  return { delivered, failed, lastError, nextDueSeconds: await nextDue(db, name) };
}

async function send(
  queue: Queue,
  messages: readonly OutgoingMessage[],
): Promise<ReadonlyMap<string, SendResult>> {
  const batches = [...batchMessages(messages)];
  const results = new Map<string, SendResult>();
  const lane = async (): Promise<void> => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      for (const result of await sendBatch(queue, batch)) results.set(result.id, result);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_CALLS }, lane));
  return results;
}

function messageOf(
  { eventId, seq, event }: ClaimedDelivery,
  format: MessageFormat = 'data-event',
): OutgoingMessage {
  const sent = fitMessage(event, (text) => Buffer.byteLength(text));
  return {
    id: eventId,
    body: JSON.stringify(format === 'cloudevents' ? cloudEvent(sent, seq) : sent),
    attributes: { eventId, event_type: event.event_type },
  };
}

function outcomeOf(
  { eventId, attempts }: ClaimedDelivery,
  results: ReadonlyMap<string, SendResult>,
): DeliveryOutcome {
  const result = results.get(eventId);
  if (result?.error === null) return { eventId, messageId: result.messageId, error: null, retryIn: null };
  // A queue that is gone or refuses access can be mended by its owner, so only a message that it refuses is dead.
  const { failureClass, message } = result?.error ?? {
    failureClass: 'unavailable' as const,
    message: 'the queue gave no answer',
  };
  const mendable =
    isRetryable(failureClass) ||
    failureClass === 'not_found' ||
    failureClass === 'unauthorized' ||
    failureClass === 'invalid_config';
  return { eventId, messageId: null, error: message, retryIn: mendable ? pauseAfter(attempts) : null };
}

/** Seconds until the next attempt: doubling from one second, with jitter so that retries spread. */
function pauseAfter(attempts: number): number {
  return Math.min(LONGEST_PAUSE, 2 ** Math.min(attempts - 1, 10)) * (0.75 + Math.random() / 2);
}

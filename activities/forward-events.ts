import { heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import { readEventLineage } from '../catalog/event-lineage.ts';
import {
  claimDeliveries,
  nextDue,
  readEndpoint,
  settleDeliveries,
  type ClaimedDelivery,
  type DeliveryOutcome,
} from '../catalog/outbox.ts';
import { claimInOrder, nextDueInOrder, releaseDeliveries } from '../catalog/ordered-outbox.ts';
import type { EndpointDefinition } from '../pipeline/endpoint.ts';
import { isRetryable } from '../pipeline/failure.ts';
import { messageBody, type TextTools } from '../pipeline/message-body.ts';
import type { EventLineage } from '../pipeline/open-lineage.ts';
import { messageIdOf, type OutgoingMessage, type Sender, type SendResult } from '../pipeline/outgoing.ts';
import { slackText } from '../pipeline/slack-text.ts';
import { eventUuid } from './event-uuid.ts';
import { measureDeliveries } from './measurements.ts';
import { NO_METER, type Meter } from './metrics.ts';
import { NO_TRACER, type Tracer } from './tracer.ts';

export interface Forwarded {
  readonly delivered: number;
  readonly failed: number;
  readonly lastError: string | null;
  /** Seconds until something is owed again: 0 for now, null when nothing is. */
  readonly nextDueSeconds: number | null;
}

export interface Forwarding {
  readonly db: pg.Pool;
  /** Gives what sends to an endpoint, its references to secrets resolved. */
  readonly sender: (endpoint: EndpointDefinition) => Sender;
  /** Takes the secrets that the endpoint refers to out of a text. */
  readonly redact: (text: string, endpoint: EndpointDefinition) => string;
  /** Decides how the endpoint fares; see judgeHealth. Absent, its calls are only counted. */
  readonly judge?: (endpoint: string) => Promise<number | null>;
  readonly meter?: Meter;
  readonly tracer?: Tracer;
}

/** Deliveries of one claim, and how long the claim holds if this process dies. */
const CLAIM = 200;
const CLAIM_SECONDS = 60;
/** Claims of one call, so that the call ends within its timeout under any backlog. */
const CLAIMS_PER_CALL = 25;
/** Milliseconds after which no message of a claim is sent any more: another publisher may take it over soon. */
const SENDING_MS = 30_000;
/** Milliseconds after which nothing more is claimed, so that slow receivers do not exceed that timeout either. */
const CALL_MS = 180_000;
/** How long a message is tried when the endpoint does not say it: the longest that SQS itself keeps one. */
const GIVE_UP_SECONDS = 14 * 86_400;
/** Longest pause between two attempts of a delivery, in seconds. */
const LONGEST_PAUSE = 300;
/** Longest time, in seconds, for which an endpoint that failed gets nothing new, unless it asks for more. */
const LONGEST_DEAFNESS = 10;

/**
 * Sends what an endpoint is owed, in the order of the log, and marks each message. An endpoint that keeps an order gets the messages of
 * each dataset in that order also when some had to be tried again. At least once: when the process
 * dies between the receiver's answer and the mark, the message is sent again, with the same id.
 */
export async function forwardEvents(
  {
    db,
    sender,
    redact,
    judge = () => Promise.resolve(null),
    meter = NO_METER,
    tracer = NO_TRACER,
  }: Forwarding,
  name: string,
): Promise<Forwarded> {
  const found = await readEndpoint(db, name);
  if (found === undefined)
    throw ApplicationFailure.nonRetryable(`There is no endpoint "${name}".`, 'not_found');
  // Whoever resumes it wakes the publisher.
  if (found.paused) {
    await judge(name);
    return { delivered: 0, failed: 0, lastError: null, nextDueSeconds: null };
  }
  const endpoint = found.definition;
  const { ordered, send } = sender(endpoint);
  const called = AbortSignal.timeout(CALL_MS);
  let delivered = 0;
  let failed = 0;
  let lastError: string | null = null;
  let rest = 0;
  for (let claim = 0; claim < CLAIMS_PER_CALL && !called.aborted; claim += 1) {
    const time = AbortSignal.timeout(SENDING_MS);
    const claimed = await (ordered ? claimInOrder : claimDeliveries)(db, name, CLAIM, CLAIM_SECONDS);
    if (claimed.length === 0) break;
    const lineage = await lineageOf(db, endpoint, claimed);
    const messages = claimed.map((delivery) => {
      const { event, attempts: attempt, replay } = delivery;
      const traceparent = tracer.traceparent({ event, endpoint: name, attempt, replay });
      return messageOf(delivery, endpoint, lineage, traceparent);
    });
    const from = Date.now();
    const results = await send(messages, time);
    const to = Date.now();
    const outcomes = claimed.flatMap((delivery) => {
      const result = results.get(messageIdOf(delivery.eventId, delivery.replay));
      return result === undefined ? [] : [outcomeOf(delivery, result, (text) => redact(text, endpoint))];
    });
    const dead = await settleDeliveries(db, name, outcomes, endpoint.giveUpSeconds ?? GIVE_UP_SECONDS);
    measureDeliveries(meter, name, outcomes, dead);
    traceDeliveries(tracer, name, claimed, outcomes, { from, to });
    const untried = claimed.filter(({ eventId, replay }) => !results.has(messageIdOf(eventId, replay)));
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
    if (errors.length > 0) {
      rest = restOf(outcomes, [...results.values()]);
      break;
    }
  }
  const owed = await (ordered ? nextDueInOrder : nextDue)(db, name);
  const quiet = await judge(name);
  const due = owed === null || quiet === null ? (owed ?? quiet) : Math.min(owed, quiet);
  if (due === null || failed === 0) return { delivered, failed, lastError, nextDueSeconds: due };
  // After a failure the publisher does not listen until then, and what comes meanwhile must not wait for one bad message.
  const nextDueSeconds = Math.max(rest, Math.min(due, LONGEST_DEAFNESS));
  return { delivered, failed, lastError, nextDueSeconds };
}

/** Messages of one claim are sent in batches, so each of them takes as long as all. */
function traceDeliveries(
  tracer: Tracer,
  endpoint: string,
  claimed: readonly ClaimedDelivery[],
  outcomes: readonly DeliveryOutcome[],
  lasted: { readonly from: number; readonly to: number },
): void {
  const errors = new Map(outcomes.map(({ eventId, error }) => [eventId, error]));
  for (const { event, eventId, attempts: attempt, replay } of claimed) {
    const error = errors.get(eventId);
    if (error === undefined) continue;
    const failure = error === null ? null : { class: error.failureClass, message: error.message };
    tracer.record({ kind: 'delivered', ...lasted, event, endpoint, attempt, replay, failure });
  }
}

/** Seconds for which the endpoint is left alone: as long as it asks for, and after a call in which it took nothing a short while. */
function restOf(outcomes: readonly DeliveryOutcome[], results: readonly SendResult[]): number {
  const asked = Math.max(0, ...results.map(({ retryAfter = 0 }) => retryAfter));
  if (outcomes.some(({ error }) => error === null)) return asked;
  const pauses = outcomes.flatMap(({ retryIn }) => retryIn ?? []);
  return pauses.length === 0 ? asked : Math.max(asked, Math.min(LONGEST_DEAFNESS, ...pauses));
}

type Lineage = ReadonlyMap<string, EventLineage>;

/** What the messages of the format `openlineage` say beyond the events. */
async function lineageOf(
  db: pg.Pool,
  endpoint: EndpointDefinition,
  claimed: readonly ClaimedDelivery[],
): Promise<Lineage> {
  if (endpoint.kind === 'slack' || endpoint.format !== 'openlineage') return new Map();
  return readEventLineage(
    db,
    claimed.map(({ eventId }) => eventId),
  );
}

const TEXTS: TextTools = { bytesOf: (text) => Buffer.byteLength(text), uuidOf: eventUuid };

function messageOf(
  delivery: ClaimedDelivery,
  endpoint: EndpointDefinition,
  lineage: Lineage,
  traceparent: string | undefined,
): OutgoingMessage {
  const { eventId, event, seq, replay } = delivery;
  const replayed = replay !== null;
  const body =
    endpoint.kind === 'slack'
      ? slackText(event, replayed)
      : messageBody(
          { event, seq, replayed, traceparent, lineage: lineage.get(eventId) },
          endpoint.format ?? 'data-event',
          TEXTS,
        );
  const attributes = {
    ...{ eventId, event_type: event.event_type },
    ...(replayed ? { replayed: 'true' } : {}),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  return { id: messageIdOf(eventId, replay), group: event.dataset, body, attributes };
}

function outcomeOf(
  { eventId, replay, attempts }: ClaimedDelivery,
  result: SendResult,
  redact: (text: string) => string,
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
  const retryIn = mendable && !final ? Math.max(pauseAfter(attempts), retryAfter) : null;
  return { eventId, replay, messageId: null, error, retryIn };
}

/** Seconds until the next attempt: doubling from one second, with jitter so that retries spread. */
function pauseAfter(attempts: number): number {
  return Math.min(LONGEST_PAUSE, 2 ** Math.min(attempts - 1, 10)) * (0.75 + Math.random() / 2);
}

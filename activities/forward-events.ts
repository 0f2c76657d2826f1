import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import { claimInOrder, nextDueInOrder, releaseDeliveries } from '../catalog/ordered-outbox.ts';
import {
  claimDeliveries,
  nextDue,
  readEndpoint,
  settleDeliveries,
  type ClaimedDelivery,
  type DeliveryOutcome,
} from '../catalog/outbox.ts';
import type { EndpointDefinition } from '../pipeline/endpoint.ts';
import { messageIdOf, type Sender, type SendResults } from '../pipeline/outgoing.ts';
import { LONGEST_DEAFNESS, outcomeOf, restOf } from './delivery-outcome.ts';
import { forwardClaims } from './forward-claims.ts';
import { measureDeliveries } from './measurements.ts';
import { NO_METER, type Meter } from './metrics.ts';
import { outgoingMessages } from './outgoing-messages.ts';
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

/** Deliveries of one claim. */
const CLAIM = 200;
/** How long a claim holds if this process dies, when the endpoint does not say it. */
const CLAIM_SECONDS = 60;
/** Claims of one call, so that the call ends within its timeout under any backlog. */
const CLAIMS_PER_CALL = 25;
/** Milliseconds of each second of a claim in which its messages are sent: then another publisher may take it over soon. */
const SENDING_MS = 500;
/** Milliseconds after which nothing more is claimed, so that slow receivers do not exceed that timeout either. */
const CALL_MS = 180_000;
/** How long a message is tried when the endpoint does not say it: the longest that SQS itself keeps one. */
const GIVE_UP_SECONDS = 14 * 86_400;
/**
 * Sends what an endpoint is owed, in the order of the log, and marks each message. An endpoint that keeps an order gets the messages of
 * each dataset in that order also when some had to be tried again. At least once: when the process
 * dies between the receiver's answer and the mark, the message is sent again, with the same id.
 */
export async function forwardEvents(forwarding: Forwarding, name: string): Promise<Forwarded> {
  const { db, judge = () => Promise.resolve(null) } = forwarding;
  const found = await readEndpoint(db, name);
  if (found === undefined)
    throw ApplicationFailure.nonRetryable(`There is no endpoint "${name}".`, 'not_found');
  // Whoever resumes it wakes the publisher.
  if (found.paused) {
    await judge(name);
    return { delivered: 0, failed: 0, lastError: null, nextDueSeconds: null };
  }
  const sender = forwarding.sender(found.definition);
  const { delivered, failed, lastError, rest } = await sendOwed(forwarding, name, found.definition, sender);
  const owed = await (sender.ordered ? nextDueInOrder : nextDue)(db, name);
  const quiet = await judge(name);
  const due = owed === null || quiet === null ? (owed ?? quiet) : Math.min(owed, quiet);
  if (due === null || failed === 0) return { delivered, failed, lastError, nextDueSeconds: due };
  // After a failure the publisher does not listen until then, and what comes meanwhile must not wait for one bad message.
  const nextDueSeconds = Math.max(rest, Math.min(due, LONGEST_DEAFNESS));
  return { delivered, failed, lastError, nextDueSeconds };
}

interface Sent {
  readonly delivered: number;
  readonly failed: number;
  readonly lastError: string | null;
  /** Seconds for which the endpoint is left alone. */
  readonly rest: number;
}

/** Sends claim after claim until nothing is due, a message failed, the activity is cancelled or has worked long enough. */
async function sendOwed(
  forwarding: Forwarding,
  name: string,
  endpoint: EndpointDefinition,
  sender: Sender,
): Promise<Sent> {
  const { db, redact, meter = NO_METER, tracer = NO_TRACER } = forwarding;
  const { ordered } = sender;
  const { takeOverSeconds: claimSeconds = CLAIM_SECONDS } = endpoint.retry ?? {};
  const within = (milliseconds: number): AbortSignal =>
    AbortSignal.any([AbortSignal.timeout(milliseconds), cancellationSignal()]);
  const release = (deliveries: readonly ClaimedDelivery[]): Promise<void> =>
    releaseDeliveries(
      db,
      name,
      deliveries.map(({ eventId }) => eventId),
    );
  const traceparent = ({ event, attempts: attempt, replay }: ClaimedDelivery): string | undefined =>
    tracer.traceparent({ event, endpoint: name, attempt, replay });
  let sum: Sent = { delivered: 0, failed: 0, lastError: null, rest: 0 };
  await forwardClaims(
    {
      async take() {
        const time = within(claimSeconds * SENDING_MS);
        const deliveries = await (ordered ? claimInOrder : claimDeliveries)(db, name, CLAIM, claimSeconds);
        return { deliveries, messages: await outgoingMessages(db, endpoint, deliveries, traceparent), time };
      },
      async send({ messages, time }) {
        const from = Date.now();
        const results = await sender.send(messages, time);
        return { results, from, to: Date.now() };
      },
      async mark({ deliveries }, sending) {
        const { results } = sending;
        const outcomes = deliveries.flatMap((delivery) => {
          const result = results.get(messageIdOf(delivery.eventId, delivery.replay));
          return result === undefined
            ? []
            : [outcomeOf(delivery, result, (text) => redact(text, endpoint), endpoint.retry)];
        });
        const dead = await settleDeliveries(db, name, outcomes, endpoint.giveUpSeconds ?? GIVE_UP_SECONDS);
        measureDeliveries(meter, name, outcomes, dead);
        traceDeliveries(tracer, name, deliveries, outcomes, sending);
        await release(deliveries.filter(({ eventId, replay }) => !results.has(messageIdOf(eventId, replay))));
        sum = added(sum, outcomes, results);
        heartbeat({ delivered: sum.delivered, failed: sum.failed });
      },
      giveBack: ({ deliveries }) => release(deliveries),
    },
    { claims: CLAIMS_PER_CALL, full: CLAIM, time: within(CALL_MS), ordered },
  );
  return sum;
}

function added(
  { delivered, failed, lastError, rest }: Sent,
  outcomes: readonly DeliveryOutcome[],
  results: SendResults,
): Sent {
  const errors = outcomes.flatMap(({ error }) => error?.message ?? []);
  return {
    delivered: delivered + outcomes.length - errors.length,
    failed: failed + errors.length,
    lastError: errors.at(-1) ?? lastError,
    // The rest of a failing endpoint's backlog waits for its pause instead of failing one claim after the other.
    rest: errors.length > 0 ? restOf(outcomes, [...results.values()]) : rest,
  };
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

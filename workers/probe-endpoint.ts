import { isFifo } from '../connectors/sqs/fifo.ts';
import { parseQueueUrl, type QueueAddress } from '../connectors/sqs/queue-address.ts';
import { explainRefusal } from '../connectors/sqs/refusal.ts';
import { sendBatch } from '../connectors/sqs/send.ts';
import type { EndpointDefinition, SqsEndpoint } from '../pipeline/endpoint.ts';
import type { OutgoingMessage, SendError } from '../pipeline/outgoing.ts';
import { probeEvent, probeMessage } from '../pipeline/probe.ts';
import { probeError, regionOf, type ProbeError } from './probe-error.ts';
import { openQueue, queueAccess } from './queue-access.ts';
import { resolveFields } from './secrets.ts';
import { allowedReceivers, createSender } from './senders.ts';

/** What became of one probe message. */
export interface Probed {
  readonly endpoint: string;
  readonly eventId: string;
  readonly delivered: boolean;
  /** What the receiver calls the message; null when it did not take it, or gives no ids. */
  readonly messageId: string | null;
  /** Null when the endpoint is no queue, or the URL of the queue has not the form of one of SQS. */
  readonly queue: (QueueAddress & { readonly fifo: boolean }) | null;
  /** The role that was assumed, or null. */
  readonly roleArn: string | null;
  readonly error: ProbeError | null;
}

/** Milliseconds for which the receiver of a probe may keep silent. */
const PATIENCE = 30_000;

/**
 * Sends one probe straight to an endpoint, past its filter and the catalog, with the credentials that a worker with this
 * environment has. `now`: milliseconds since the Unix epoch.
 * @throws StageFailure `invalid_config` that names a variable which is not set.
 */
export async function probeEndpoint(
  endpoint: EndpointDefinition,
  environment: NodeJS.ProcessEnv,
  sentBy: string,
  now: number,
): Promise<Probed> {
  const resolved = resolveFields(endpoint, environment);
  const message = probeMessage(probeEvent(endpoint.name, sentBy, now), endpoint);
  if (resolved.kind === 'sqs') return probeQueue(resolved, message);
  const sender = createSender(resolved, allowedReceivers(environment));
  const results = await sender.send([message], AbortSignal.timeout(PATIENCE));
  const result = results.get(message.id);
  const error = result === undefined ? NO_ANSWER : result.error;
  return {
    endpoint: endpoint.name,
    eventId: message.id,
    delivered: error === null,
    messageId: result?.messageId ?? null,
    queue: null,
    roleArn: null,
    error: error === null ? null : probeError(error, { what: error.message, cure: '', missing: [] }),
  };
}

async function probeQueue(endpoint: SqsEndpoint, message: OutgoingMessage): Promise<Probed> {
  const access = queueAccess(endpoint);
  const queue = openQueue(access);
  try {
    const [sent] = await sendBatch(queue, [message]);
    const error = sent === undefined ? NO_ANSWER : sent.error;
    const address = parseQueueUrl(access.queueUrl);
    const region = await regionOf(queue);
    const asked = { address, region, role: access.role, use: 'send' } as const;
    return {
      endpoint: endpoint.name,
      eventId: message.id,
      delivered: error === null,
      messageId: sent?.messageId ?? null,
      queue:
        address === undefined
          ? null
          : { ...address, region: address.region ?? region, fifo: isFifo(access.queueUrl) },
      roleArn: access.role?.arn ?? null,
      error: error === null ? null : probeError(error, explainRefusal(error, asked)),
    };
  } finally {
    queue.client.destroy();
  }
}

const NO_ANSWER: SendError = { failureClass: 'unavailable', message: 'The receiver gave no answer.' };

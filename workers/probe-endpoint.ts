import { isFifo } from '../connectors/sqs/fifo.ts';
import { parseQueueUrl, type QueueAddress } from '../connectors/sqs/queue-address.ts';
import { explainRefusal, type Refusal } from '../connectors/sqs/refusal.ts';
import { sendBatch } from '../connectors/sqs/send.ts';
import type { EndpointDefinition, SqsEndpoint } from '../pipeline/endpoint.ts';
import type { FailureClass } from '../pipeline/failure.ts';
import type { OutgoingMessage, SendError } from '../pipeline/outgoing.ts';
import { probeEvent, probeMessage } from '../pipeline/probe.ts';
import { openQueue, queueAccess } from './endpoint-queue.ts';
import { resolveFields } from './secrets.ts';
import { createSender } from './senders.ts';

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

interface ProbeError extends Refusal {
  readonly class: FailureClass;
  readonly code: string | null;
  readonly message: string;
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
  const results = await createSender(resolved).send([message], AbortSignal.timeout(PATIENCE));
  const result = results.get(message.id);
  const error = result === undefined ? NO_ANSWER : result.error;
  return {
    endpoint: endpoint.name,
    eventId: message.id,
    delivered: error === null,
    messageId: result?.messageId ?? null,
    queue: null,
    roleArn: null,
    error: error === null ? null : errorOf(error, { what: error.message, cure: '', missing: [] }),
  };
}

async function probeQueue(endpoint: SqsEndpoint, message: OutgoingMessage): Promise<Probed> {
  const access = queueAccess(endpoint);
  const queue = openQueue(access);
  try {
    const [sent] = await sendBatch(queue, [message]);
    const error = sent === undefined ? NO_ANSWER : sent.error;
    const address = parseQueueUrl(access.queueUrl);
    const region = await regionOf(queue.client.config.region);
    const sending = { address, region, role: access.role };
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
      error: error === null ? null : errorOf(error, explainRefusal(error, sending)),
    };
  } finally {
    queue.client.destroy();
  }
}

const NO_ANSWER: SendError = { failureClass: 'unavailable', message: 'The receiver gave no answer.' };

function errorOf({ failureClass, code, message }: SendError, refusal: Refusal): ProbeError {
  return { class: failureClass, code: code ?? null, message, ...refusal };
}

/** Without a region nothing could be sent, and the failure says so. */
async function regionOf(region: () => Promise<string>): Promise<string> {
  return region().catch(() => '<region>');
}

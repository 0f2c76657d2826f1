import { readQueueFacts, type QueueFacts } from '../connectors/sqs/attributes.ts';
import type { QueueUse } from '../connectors/sqs/access-policies.ts';
import { parseQueueUrl, type QueueAddress } from '../connectors/sqs/queue-address.ts';
import { explainRefusal } from '../connectors/sqs/refusal.ts';
import type { InboundSource } from '../pipeline/inbound.ts';
import { probeError, regionOf, type ProbeError } from './probe-error.ts';
import { deadLetterSettings, openQueue, queueAccess, type QueueSettings } from './queue-access.ts';
import { resolveFields } from './secrets.ts';

/** What the queues of a source answered. */
export interface ProbedSource {
  readonly source: string;
  /** True when every queue of the source answered. */
  readonly answers: boolean;
  /** The role that was assumed, or null. */
  readonly roleArn: string | null;
  /** The queue that is read, then the one for messages that cannot be taken. */
  readonly queues: readonly ProbedQueue[];
}

export interface ProbedQueue {
  readonly field: 'queueUrl' | 'deadLetterQueueUrl';
  /** Null when the URL has not the form of one of SQS. */
  readonly queue: QueueAddress | null;
  readonly facts: QueueFacts | null;
  readonly error: ProbeError | null;
}

/**
 * Asks the queues of a source about themselves, with the credentials that a worker with this environment has. No message is
 * received, so that none is delayed or counts as a failed delivery.
 * @throws StageFailure `invalid_config` that names a variable which is not set.
 */
export async function probeInbound(
  source: InboundSource,
  environment: NodeJS.ProcessEnv,
): Promise<ProbedSource> {
  const resolved = resolveFields(source, environment);
  const dead = deadLetterSettings(resolved);
  const queues = [
    await probeQueue('queueUrl', resolved, 'read'),
    ...(dead === undefined ? [] : [await probeQueue('deadLetterQueueUrl', dead, 'set_aside')]),
  ];
  return {
    source: source.name,
    answers: queues.every(({ error }) => error === null),
    roleArn: resolved.roleArn ?? null,
    queues,
  };
}

async function probeQueue(
  field: ProbedQueue['field'],
  settings: QueueSettings,
  use: QueueUse,
): Promise<ProbedQueue> {
  const access = queueAccess(settings);
  const queue = openQueue(access);
  try {
    const answer = await readQueueFacts(queue);
    const address = parseQueueUrl(access.queueUrl);
    const region = await regionOf(queue);
    const asked = { address, region, role: access.role, use };
    return {
      field,
      queue: address === undefined ? null : { ...address, region: address.region ?? region },
      facts: 'facts' in answer ? answer.facts : null,
      error: 'error' in answer ? probeError(answer.error, explainRefusal(answer.error, asked)) : null,
    };
  } finally {
    queue.client.destroy();
  }
}

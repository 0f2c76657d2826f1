import { assumedRole, type AssumedRole } from '../connectors/sqs/assumed-role.ts';
import { createSqsClient, type Queue } from '../connectors/sqs/client.ts';
import { parseQueueUrl } from '../connectors/sqs/queue-address.ts';
import type { InboundSource } from '../pipeline/inbound.ts';

/** What an endpoint or an inbound source says of its queue. */
export interface QueueSettings {
  readonly name: string;
  readonly queueUrl: string;
  readonly region?: string;
  readonly roleArn?: string;
  readonly externalId?: string;
}

/** Which queue is used, and as whom. */
export interface QueueAccess {
  readonly queueUrl: string;
  /** Undefined: the region that the AWS SDK finds in its environment. */
  readonly region: string | undefined;
  /** Undefined: the worker's own identity. */
  readonly role: AssumedRole | undefined;
}

/** `settings`: their references resolved. */
export function queueAccess({ name, queueUrl, region, roleArn, externalId }: QueueSettings): QueueAccess {
  return {
    queueUrl,
    region: region ?? parseQueueUrl(queueUrl)?.region ?? undefined,
    role: roleArn === undefined ? undefined : assumedRole(name, roleArn, externalId),
  };
}

/** The queue for messages that cannot be taken, used in the same name; it may be in another region. */
export function deadLetterSettings(source: InboundSource): QueueSettings | undefined {
  const { deadLetterQueueUrl: queueUrl, ...settings } = source;
  return queueUrl === undefined ? undefined : { ...settings, queueUrl };
}

export function openQueue({ queueUrl, region, role }: QueueAccess): Queue {
  return { client: createSqsClient({ region, role }), queueUrl };
}

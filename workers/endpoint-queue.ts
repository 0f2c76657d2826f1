import { assumedRole, type AssumedRole } from '../connectors/sqs/assumed-role.ts';
import { createSqsClient, type Queue } from '../connectors/sqs/client.ts';
import { parseQueueUrl } from '../connectors/sqs/queue-address.ts';
import type { SqsEndpoint } from '../pipeline/endpoint.ts';

/** Where the messages of an endpoint go, and as whom they are sent. */
export interface QueueAccess {
  readonly queueUrl: string;
  /** Undefined: the region that the AWS SDK finds in its environment. */
  readonly region: string | undefined;
  /** Undefined: the worker's own identity. */
  readonly role: AssumedRole | undefined;
}

/** `endpoint`: its references resolved. */
export function queueAccess({ name, queueUrl, region, roleArn, externalId }: SqsEndpoint): QueueAccess {
  return {
    queueUrl,
    region: region ?? parseQueueUrl(queueUrl)?.region ?? undefined,
    role: roleArn === undefined ? undefined : assumedRole(name, roleArn, externalId),
  };
}

export function openQueue({ queueUrl, region, role }: QueueAccess): Queue {
  return { client: createSqsClient({ region, role }), queueUrl };
}

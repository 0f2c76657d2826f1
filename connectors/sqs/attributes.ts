import { GetQueueAttributesCommand, QueueAttributeName } from '@aws-sdk/client-sqs';
import type { SendError } from '../../pipeline/outgoing.ts';
import type { Queue } from './client.ts';
import { classifySqs } from './failures.ts';

/** What a queue says of itself; counts are approximate (AWS, "GetQueueAttributes"). */
export interface QueueFacts {
  readonly waiting: number;
  /** Messages that somebody has received and not deleted yet. */
  readonly held: number;
  readonly visibilitySeconds: number;
  /** Receives after which the queue itself sets a message aside; null when it never does. */
  readonly maxReceives: number | null;
}

/** Asks a queue about itself; nothing is received, and no message changes. Never throws. */
export async function readQueueFacts({
  client,
  queueUrl,
}: Queue): Promise<{ readonly facts: QueueFacts } | { readonly error: SendError }> {
  try {
    const { Attributes: found = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: [
          QueueAttributeName.ApproximateNumberOfMessages,
          QueueAttributeName.ApproximateNumberOfMessagesNotVisible,
          QueueAttributeName.VisibilityTimeout,
          QueueAttributeName.RedrivePolicy,
        ],
      }),
    );
    return {
      facts: {
        waiting: Number(found.ApproximateNumberOfMessages ?? 0),
        held: Number(found.ApproximateNumberOfMessagesNotVisible ?? 0),
        visibilitySeconds: Number(found.VisibilityTimeout ?? 0),
        maxReceives: maxReceives(found.RedrivePolicy),
      },
    };
  } catch (error) {
    return { error: classifySqs(error) };
  }
}

function maxReceives(policy: string | undefined): number | null {
  // SQS writes the number as a text or as a number, as it was set.
  const count = Number(/"maxReceiveCount"\s*:\s*"?(\d+)/u.exec(policy ?? '')?.[1] ?? Number.NaN);
  return Number.isNaN(count) ? null : count;
}

import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { receiveMessages, type ReceivedMessage } from '../../connectors/sqs/receive.ts';

/** Messages that are in the queue, whether or not somebody holds them. */
export async function held(sqs: SQSClient, queueUrl: string): Promise<number> {
  const { Attributes: found = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(found).reduce((sum, count) => sum + Number(count), 0);
}

/** What is received until these many are in hand. */
export async function receiveAll(
  sqs: SQSClient,
  queueUrl: string,
  count: number,
): Promise<ReceivedMessage[]> {
  const received: ReceivedMessage[] = [];
  while (received.length < count)
    received.push(...(await receiveMessages({ client: sqs, queueUrl }, new AbortController().signal)));
  return received;
}

/** What becomes of messages whose consumer died, once their visibility timeout is over. */
export async function giveBack(
  sqs: SQSClient,
  queueUrl: string,
  messages: readonly ReceivedMessage[],
): Promise<void> {
  const Entries = messages.map(({ receipt }, at) => ({
    Id: String(at),
    ReceiptHandle: receipt,
    VisibilityTimeout: 0,
  }));
  await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }));
}

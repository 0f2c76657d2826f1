import { expect } from '@jest/globals';
import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { receiveMessages, type ReceivedMessage } from '../../connectors/sqs/receive.ts';

/** As somebody else's service sends, with an attribute of its own. */
export async function send(sqs: SQSClient, queueUrl: string, ...bodies: readonly string[]): Promise<void> {
  const Entries = bodies.map((MessageBody, at) => ({
    Id: String(at),
    MessageBody,
    MessageAttributes: { tenant: { DataType: 'String', StringValue: 'acme' } },
  }));
  const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  expect(Failed).toEqual([]);
}

/** Tells of a file of fares for each of these days, such as 2020/03/03. */
export function notification(...days: readonly string[]): string {
  return JSON.stringify({
    Records: days.map((day) => ({
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'drop' }, object: { key: `fares/${day}/a.csv`, size: 9, sequencer: day } },
    })),
  });
}

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

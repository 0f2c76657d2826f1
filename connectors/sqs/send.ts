import {
  SendMessageBatchCommand,
  type MessageAttributeValue,
  type SendMessageBatchRequestEntry,
} from '@aws-sdk/client-sqs';
import type { OutgoingMessage, SendResult } from '../../pipeline/outgoing.ts';
import { sizeGroups } from '../../pipeline/size-groups.ts';
import type { Queue } from './client.ts';
import { classifyEntry, classifySqs } from './failures.ts';
import { fifoId, isFifo } from './fifo.ts';

/** SQS takes at most 10 entries and 256 KiB a call, and as much in one message (AWS, "Amazon SQS message quotas"). */
const MAX_ENTRIES = 10;
export const MAX_BYTES = 256 * 1024;

/** Cuts messages into calls that SQS takes; order is kept. */
export function batchMessages(messages: readonly OutgoingMessage[]): readonly (readonly OutgoingMessage[])[] {
  return sizeGroups(messages, messageBytes, { size: MAX_BYTES, count: MAX_ENTRIES });
}

/** What SQS counts of a message: its body, and names, values and types of its attributes. */
export function messageBytes({ body, attributes }: Pick<OutgoingMessage, 'body' | 'attributes'>): number {
  let bytes = Buffer.byteLength(body);
  for (const [name, value] of Object.entries(attributes))
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 'String'.length;
  return bytes;
}

/** Sends one batch. Never throws: every message comes back delivered or with the class of its failure. */
export async function sendBatch(
  { client, queueUrl }: Queue,
  batch: readonly OutgoingMessage[],
): Promise<readonly SendResult[]> {
  const ordered = isFifo(queueUrl);
  try {
    const sent = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: batch.map((message, index) => entryOf(message, index, ordered)),
      }),
    );
    const delivered = new Map((sent.Successful ?? []).map((entry) => [entry.Id, entry.MessageId ?? '']));
    const failed = new Map((sent.Failed ?? []).map((entry) => [entry.Id, entry]));
    return batch.map(({ id }, index) => {
      const messageId = delivered.get(String(index));
      if (messageId !== undefined) return { id, messageId, error: null };
      return { id, messageId: null, error: classifyEntry(failed.get(String(index))) };
    });
  } catch (error) {
    const failure = classifySqs(error);
    return batch.map(({ id }) => ({ id, messageId: null, error: failure }));
  }
}

function entryOf(
  { id, group, body, attributes }: OutgoingMessage,
  index: number,
  ordered: boolean,
): SendMessageBatchRequestEntry {
  const MessageAttributes: Record<string, MessageAttributeValue> = {};
  for (const [name, value] of Object.entries(attributes))
    MessageAttributes[name] = { DataType: 'String', StringValue: value };
  const entry = { Id: String(index), MessageBody: body, MessageAttributes };
  return ordered ? { ...entry, MessageGroupId: fifoId(group), MessageDeduplicationId: fifoId(id) } : entry;
}

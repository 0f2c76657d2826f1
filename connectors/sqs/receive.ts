import {
  DeleteMessageBatchCommand,
  MessageSystemAttributeName,
  ReceiveMessageCommand,
  type Message,
} from '@aws-sdk/client-sqs';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Queue } from './client.ts';
import { classifySqs } from './failures.ts';

export interface ReceivedMessage {
  readonly messageId: string;
  /** Names this delivery of the message to SQS. */
  readonly receipt: string;
  readonly body: string;
  /** Of a FIFO queue. */
  readonly group: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly sentAt: number | null;
  /** Attributes that are texts. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** SQS hands out at most 10 messages a call and waits at most 20 s for the first (AWS, "ReceiveMessage"). */
const MOST = 10;
const LONGEST_WAIT = 20;

/**
 * Up to ten messages, after at most 20 s; none when the signal aborts. What is not deleted is delivered again when the
 * visibility timeout of the queue is over. @throws StageFailure
 */
export async function receiveMessages(
  { client, queueUrl }: Queue,
  signal: AbortSignal,
): Promise<readonly ReceivedMessage[]> {
  try {
    const { Messages: messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: MOST,
        WaitTimeSeconds: LONGEST_WAIT,
        MessageSystemAttributeNames: [
          MessageSystemAttributeName.SentTimestamp,
          MessageSystemAttributeName.MessageGroupId,
        ],
        MessageAttributeNames: ['All'],
      }),
      { abortSignal: signal },
    );
    return messages.map(received);
  } catch (error) {
    if (signal.aborted) return [];
    throw failure('cannot be read', error);
  }
}

/** Removes deliveries of at most ten messages. @throws StageFailure when SQS kept some of them. */
export async function deleteMessages(
  { client, queueUrl }: Queue,
  messages: readonly Pick<ReceivedMessage, 'receipt'>[],
): Promise<void> {
  if (messages.length === 0) return;
  const entries = messages.map(({ receipt }, at) => ({ Id: String(at), ReceiptHandle: receipt }));
  const answer = await client
    .send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }))
    .catch((error: unknown) => {
      throw failure('did not delete what was taken from it', error);
    });
  const [kept] = answer.Failed ?? [];
  if (kept === undefined) return;
  const reason = `${kept.Code ?? 'no reason'} ${kept.Message ?? ''}`.trim();
  throw new StageFailure(
    'unavailable',
    `The queue did not delete a message that was taken from it: ${reason}.`,
  );
}

function received({
  MessageId,
  ReceiptHandle,
  Body,
  Attributes,
  MessageAttributes,
}: Message): ReceivedMessage {
  const sent = Number(Attributes?.SentTimestamp);
  return {
    messageId: MessageId ?? '',
    receipt: ReceiptHandle ?? '',
    body: Body ?? '',
    group: Attributes?.MessageGroupId ?? null,
    sentAt: Number.isFinite(sent) ? sent : null,
    attributes: Object.fromEntries(
      Object.entries(MessageAttributes ?? {}).flatMap(([name, { StringValue: value }]) =>
        value === undefined ? [] : [[name, value]],
      ),
    ),
  };
}

function failure(what: string, error: unknown): StageFailure {
  const { failureClass, message } = classifySqs(error);
  return new StageFailure(failureClass, `The queue ${what}: ${message}`, { cause: error });
}

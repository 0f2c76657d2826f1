import type { Queue } from '../connectors/sqs/client.ts';
import type { ReceivedMessage } from '../connectors/sqs/receive.ts';
import { batchMessages, MAX_BYTES, messageBytes, sendBatch } from '../connectors/sqs/send.ts';
import { StageFailure } from '../pipeline/failure.ts';
import type { OutgoingMessage } from '../pipeline/outgoing.ts';

/** A message that cannot be taken, and why. */
export interface RefusedMessage {
  readonly message: ReceivedMessage;
  readonly field: string;
  readonly reason: string;
}

/** A message has at most ten attributes (AWS, "Amazon SQS message quotas"). */
const MOST_ATTRIBUTES = 10;
/** Longest reason that goes along, in UTF-16 units. */
const LONGEST_REASON = 1_000;
/** What SQS takes in texts (AWS, "SendMessage"). */
const REFUSED_BY_SQS = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/**
 * Sends the messages as they came to the queue for what cannot be taken, with `reefline_source`, `reefline_field` and
 * `reefline_reason` beside their own attributes. Returns those that it did not take, which must stay where they are.
 */
export async function sendDeadLetters(
  queue: Queue,
  source: string,
  refused: readonly RefusedMessage[],
): Promise<{ readonly kept: ReadonlySet<ReceivedMessage>; readonly failure: StageFailure | undefined }> {
  const byId = new Map(refused.map(({ message }) => [message.messageId, message]));
  const kept = new Set<ReceivedMessage>();
  let failure: StageFailure | undefined;
  for (const batch of batchMessages(refused.map((each) => deadLetter(source, each)))) {
    for (const { id, error } of await sendBatch(queue, batch)) {
      const message = byId.get(id);
      if (error === null || message === undefined) continue;
      kept.add(message);
      failure ??= new StageFailure(
        error.failureClass,
        `The queue of deadLetterQueueUrl did not take a message, which therefore stays in the source: ${error.message}`,
      );
    }
  }
  return { kept, failure };
}

function deadLetter(source: string, { message, field, reason }: RefusedMessage): OutgoingMessage {
  const said = {
    reefline_source: source,
    ...(field === '' ? {} : { reefline_field: field }),
    reefline_reason: reason.slice(0, LONGEST_REASON).toWellFormed(),
  };
  const ours = Object.fromEntries(
    Object.entries(said).map(([name, value]) => [name, value.replaceAll(REFUSED_BY_SQS, '\ufffd')]),
  );
  const own = Object.entries(message.attributes).filter(([name]) => !Object.hasOwn(ours, name));
  const room = MOST_ATTRIBUTES - Object.keys(ours).length;
  const fitting = [{ ...Object.fromEntries(own.slice(0, room)), ...ours }, ours, {}];
  const { body } = message;
  const attributes = fitting.find((each) => messageBytes({ body, attributes: each }) <= MAX_BYTES) ?? {};
  return { id: message.messageId, group: message.group ?? message.messageId, body, attributes };
}

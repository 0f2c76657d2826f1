import type { OutgoingMessage, Sender, SendResult, SendResults } from '../../pipeline/outgoing.ts';
import type { Queue } from './client.ts';
import { isFifo } from './fifo.ts';
import { batchMessages, sendBatch } from './send.ts';

const PARALLEL_CALLS = 4;

/** Sends to a queue: one whose name ends in `.fifo` gets the messages of each group in their order. */
export function createQueueSender(queue: Queue): Sender {
  return isFifo(queue.queueUrl)
    ? { ordered: true, send: (messages, time) => sendInOrder(queue, messages, time) }
    : { ordered: false, send: (messages, time) => sendAll(queue, messages, time) };
}

/** Sends all messages in full calls, several at a time. What is left when `time` is over has no result. */
async function sendAll(
  queue: Queue,
  messages: readonly OutgoingMessage[],
  time: AbortSignal,
): Promise<SendResults> {
  const batches = [...batchMessages(messages)];
  const results = new Map<string, SendResult>();
  const lane = async (): Promise<void> => {
    while (!time.aborted) {
      const batch = batches.shift();
      if (batch === undefined) return;
      for (const result of await sendBatch(queue, batch)) results.set(result.id, result);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_CALLS }, lane));
  return results;
}

/**
 * Sends the messages of each group in their order: the next one when the one before it was taken. A call carries messages of
 * different groups, because SQS may take one entry of a call and refuse the one before it (AWS, "SendMessageBatch").
 * What stands behind a failed message, or is left when `time` is over, has no result.
 */
async function sendInOrder(
  queue: Queue,
  messages: readonly OutgoingMessage[],
  time: AbortSignal,
): Promise<SendResults> {
  const groups = Map.groupBy(messages, ({ group }) => group);
  const results = new Map<string, SendResult>();
  while (groups.size > 0 && !time.aborted) {
    const round = [...groups.values()].flatMap((group) => group.splice(0, 1));
    for (const [id, result] of await sendAll(queue, round, time)) results.set(id, result);
    for (const { id, group } of round)
      if (results.get(id)?.error !== null || groups.get(group)?.length === 0) groups.delete(group);
  }
  return results;
}

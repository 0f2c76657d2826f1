import { expect, test } from '@jest/globals';
import type { SendMessageBatchCommand, SendMessageBatchRequestEntry, SQSClient } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import type { ReceivedMessage } from '../../connectors/sqs/receive.ts';
import { sendDeadLetters } from '../../workers/send-dead-letters.ts';

/** A queue that takes everything but entries whose body is "full", and what it was sent. */
function queueOf(): {
  queue: { client: SQSClient; queueUrl: string };
  sent: SendMessageBatchRequestEntry[][];
} {
  const sent: SendMessageBatchRequestEntry[][] = [];
  const client = {
    send: async ({ input: { Entries = [] } }: SendMessageBatchCommand) => {
      sent.push(Entries);
      const isFull = ({ MessageBody }: SendMessageBatchRequestEntry): boolean => MessageBody === 'full';
      return {
        Successful: Entries.filter((entry) => !isFull(entry)).map(({ Id }) => ({ Id, MessageId: 'm' })),
        Failed: Entries.filter(isFull).map(({ Id }) => ({ Id, Code: 'OverLimit', SenderFault: true })),
      };
    },
  };
  return { queue: { client: client as unknown as SQSClient, queueUrl: 'dead.fifo' }, sent };
}

function received(messageId: string, body: string, attributes: Record<string, string> = {}): ReceivedMessage {
  return { messageId, receipt: messageId, body, group: null, sentAt: null, attributes };
}

function bytesOf({ MessageBody = '', MessageAttributes = {} }: SendMessageBatchRequestEntry): number {
  const texts = Object.entries(MessageAttributes).map(
    ([name, { StringValue = '' }]) => `${name}${StringValue}String`,
  );
  return Buffer.byteLength(MessageBody) + Buffer.byteLength(texts.join(''));
}

test('a message goes aside in a form that SQS takes, whatever it is and whatever was wrong with it', async () => {
  const attributes = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.constantFrom('x', 'é'.repeat(500)), {
    maxKeys: 10,
  });
  const body = fc.oneof(
    fc.string(),
    fc.integer({ min: 261_000, max: 262_144 }).map((size) => 'b'.repeat(size)),
  );
  const reason = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\u0000\ud800\u001b', '\u{1f4a3}'.repeat(900)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(body, attributes, reason, fc.constantFrom('', 'table')), {
        minLength: 1,
        maxLength: 10,
      }),
      async (all) => {
        const { queue, sent } = queueOf();
        const refused = all.map(([text, own, why, field], at) => ({
          message: received(String(at), text === 'full' ? 'b' : text, own),
          field,
          reason: `R${why}`,
        }));
        expect((await sendDeadLetters(queue, 'drop', refused)).kept.size).toBe(0);
        expect(sent.flat().map(({ MessageBody }) => MessageBody)).toEqual(
          refused.map(({ message }) => message.body),
        );
        for (const batch of sent) {
          expect(batch.reduce((sum, entry) => sum + bytesOf(entry), 0)).toBeLessThanOrEqual(262_144);
          for (const { MessageAttributes = {}, MessageDeduplicationId } of batch) {
            const values = Object.values(MessageAttributes).map(({ StringValue = '' }) => StringValue);
            expect(values.length).toBeLessThanOrEqual(10);
            expect(MessageDeduplicationId).toMatch(/^\d$/);
            for (const value of values)
              expect(value).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]+$/u);
          }
        }
      },
    ),
    { numRuns: 10 },
  );
});

test('a message that the queue does not take is named, and the others are not', async () => {
  const { queue, sent } = queueOf();
  const full = received('2', 'full');
  const refused = [received('1', 'a', { tenant: 'acme' }), full].map((message) => ({
    message,
    field: 'table',
    reason: 'No dataset has it.',
  }));
  const { kept, failure } = await sendDeadLetters(queue, 'drop', refused);
  expect([...kept]).toEqual([full]);
  expect(failure?.message).toBe(
    'The queue of deadLetterQueueUrl did not take a message, which therefore stays in the source: OverLimit',
  );
  expect(
    Object.entries(sent[0]?.[0]?.MessageAttributes ?? {}).map(([name, value]) => [name, value.StringValue]),
  ).toEqual([
    ['tenant', 'acme'],
    ['reefline_source', 'drop'],
    ['reefline_field', 'table'],
    ['reefline_reason', 'No dataset has it.'],
  ]);
});

/** A customer's program, with nothing but the AWS SDK: takes each message from a queue, prints its body, deletes it. */
import { setTimeout as pause } from 'node:timers/promises';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

const QueueUrl = process.argv[2] ?? '';
/** Milliseconds between looks at an empty queue. */
const REST = 20;
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
// It ends with the process that started it.
process.stdin.on('end', () => process.exit()).resume();

for (;;) {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  // An empty line says that there was nothing.
  process.stdout.write(Messages.length === 0 ? '\n' : Messages.map(({ Body = '' }) => `${Body}\n`).join(''));
  if (Messages.length === 0) await pause(REST);
  else {
    const Entries = Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
}

import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { beforeAll } from '@jest/globals';
import { createSqsClient } from '../../connectors/sqs/client.ts';
import { createQueueSender } from '../../connectors/sqs/sender.ts';
import { contract } from './contract.ts';
import { openOutbox, type Outbox } from './environment/outbox.ts';
import { scrapsOf } from './environment/scraps.ts';
import { awsAnswer } from './faults/aws-answers.ts';
import { queueChecks, type QueueUnderTest } from './kinds/queue.ts';

/** Long polls that may be empty before what was sent counts as lost. */
const PATIENCE = 10;

contract('sqs', 'queue', () => {
  const scraps = scrapsOf('sqs');
  const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
  const production = createSqsClient({});
  scraps.remove('the SQS clients', async () => {
    sqs.destroy();
    production.destroy();
  });
  let outbox: Outbox;
  beforeAll(async () => {
    outbox = await openOutbox(scraps);
  });
  let queues = 0;
  let somewhere = '';
  const underTest: QueueUnderTest = {
    answers: awsAnswer,
    async queue() {
      queues += 1;
      const name = `${scraps.prefix}_${String(queues)}`;
      const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
      somewhere = QueueUrl;
      scraps.remove(`queue ${name}`, () => sqs.send(new DeleteQueueCommand({ QueueUrl })));
      const received = new Map<string, string>();
      const queue = { client: production, queueUrl: QueueUrl };
      return {
        words: [name],
        queue,
        async bodies(expected) {
          for (let empty = 0; received.size < expected && empty < PATIENCE;) {
            const found = await receive(sqs, QueueUrl, 1);
            for (const body of found) received.set(body, body);
            if (found.length === 0) empty += 1;
          }
          return [...received.keys()].sort();
        },
        owe: (bodies) =>
          outbox.owe({ name, kind: 'sqs', queueUrl: QueueUrl }, () => createQueueSender(queue), bodies),
      };
    },
    nowhere: () => ({ client: production, queueUrl: `${somewhere}_which_nobody_has_made` }),
  };
  return queueChecks(() => underTest);
});

async function receive(sqs: SQSClient, QueueUrl: string, seconds: number): Promise<string[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: seconds }),
  );
  if (Messages.length > 0) {
    const Entries = Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
  return Messages.map(({ Body }) => Body ?? '');
}

/** The process that sends messages to a queue, as an endpoint is owed them or with the AWS SDK alone, and says how long it took. */
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { MockActivityEnvironment } from '@temporalio/testing';
import { forwardEvents, type Forwarded } from '../activities/forward-events.ts';
import { connectCatalog } from '../catalog/connect.ts';
import { createSqsClient } from '../connectors/sqs/client.ts';
import { createQueueSender } from '../connectors/sqs/sender.ts';

export interface ForwardRequest {
  readonly catalogUrl: string;
  readonly queueUrl: string;
  /** Events that are sent with the SDK alone. */
  readonly messages?: number;
  /** Endpoint to forward until it is owed nothing; without it events of the log are sent with the SDK alone. */
  readonly endpoint?: string;
}

export interface ForwardReport {
  readonly messages: number;
  readonly milliseconds: number;
  /** CPU of this process meanwhile, in milliseconds. */
  readonly cpu: number;
  /** Peak of the process, in MiB. */
  readonly rss: number;
  /** Memory of the process after each call of the activity, in MiB. */
  readonly rssAfterCalls: readonly number[];
}

/** Calls that Reefline has open at once to one queue. */
const LANES = 4;
const ENTRIES = 10;

const {
  catalogUrl,
  queueUrl,
  endpoint,
  messages: rawMessages = 0,
} = JSON.parse(process.argv[2] ?? '{}') as ForwardRequest;
const db = connectCatalog(catalogUrl, 4);
const rssAfterCalls: number[] = [];
const work = endpoint === undefined ? await raw() : (): Promise<number> => forward(endpoint);
const [begun, used] = [performance.now(), process.cpuUsage()];
const messages = await work();
const milliseconds = performance.now() - begun;
const { user, system } = process.cpuUsage(used);
const report: ForwardReport = {
  messages,
  milliseconds,
  cpu: (user + system) / 1000,
  rss: Math.round(process.resourceUsage().maxRSS / 1024),
  rssAfterCalls,
};
process.stdout.write(JSON.stringify(report));
await db.end();

/** Calls the activity as the publisher does, until nothing is owed. */
async function forward(name: string): Promise<number> {
  const queue = { client: createSqsClient({}), queueUrl };
  const forwarding = { db, sender: () => createQueueSender(queue), redact: (text: string) => text };
  for (let sum = 0; ;) {
    const call = (): Promise<Forwarded> => forwardEvents(forwarding, name);
    const { delivered, failed, nextDueSeconds } = await new MockActivityEnvironment().run<
      [],
      Forwarded,
      typeof call
    >(call);
    if (failed > 0) throw new Error(`${String(failed)} messages to ${name} failed.`);
    sum += delivered;
    rssAfterCalls.push(Math.round(process.memoryUsage.rss() / 2 ** 20));
    if (nextDueSeconds !== null) continue;
    queue.client.destroy();
    return sum;
  }
}

/**
 * Reads what messages consist of and connects; what is returned sends them, with the attributes that Reefline gives them, by a client that
 * is what the SDK makes it but for the times after which Reefline gives up a call.
 */
async function raw(): Promise<() => Promise<number>> {
  const client = new SQSClient({
    useQueueUrlAsEndpoint: false,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  });
  const { rows } = await db.query<{ id: string; type: string; body: object }>(
    'select event_id as id, event_type as type, body from reefline.data_event order by seq limit $1',
    [rawMessages],
  );
  const text = (StringValue: string) => ({ DataType: 'String', StringValue });
  const entries = rows.map(({ id, type, body }, at) => ({
    Id: String(at % ENTRIES),
    MessageBody: JSON.stringify(body),
    MessageAttributes: { eventId: text(id), event_type: text(type) },
  }));
  const send = async (): Promise<void> => {
    while (entries.length > 0) {
      const Entries = entries.splice(0, ENTRIES);
      const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      if (Failed.length > 0) throw new Error(`${String(Failed.length)} messages failed.`);
    }
  };
  return async () => {
    await Promise.all(Array.from({ length: LANES }, send));
    client.destroy();
    return rows.length;
  };
}

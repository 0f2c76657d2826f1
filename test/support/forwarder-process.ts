/** A worker that does nothing but forward what endpoints of a catalog are owed, until they are owed nothing. */
import { setTimeout as pause } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { judgeHealth } from '../../activities/endpoint-health.ts';
import { forwardEvents, type Forwarded } from '../../activities/forward-events.ts';
import { ConfigStore } from '../../catalog/config-store.ts';
import { connectCatalog } from '../../catalog/connect.ts';
import { createSqsClient } from '../../connectors/sqs/client.ts';
import { createQueueSender } from '../../connectors/sqs/sender.ts';

const [catalogUrl = '', ...endpoints] = process.argv.slice(2);
const db = connectCatalog(catalogUrl, 2 * endpoints.length);
const configs = new ConfigStore();
const client = createSqsClient({});
await Promise.all(endpoints.map(forward));
client.destroy();
await db.end();

async function forward(name: string): Promise<void> {
  const found = await db.query<{ queueUrl: string }>(
    `select definition->>'queueUrl' as "queueUrl" from reefline.endpoint where name = $1`,
    [name],
  );
  const queueUrl = found.rows[0]?.queueUrl ?? '';
  const forwarding = {
    db,
    sender: () => createQueueSender({ client, queueUrl }),
    redact: (text: string) => text,
    judge: (endpoint: string) => judgeHealth({ db, configs, wake: () => Promise.resolve() }, endpoint),
  };
  const call = (): Promise<Forwarded> => forwardEvents(forwarding, name);
  for (let due: number | null = 0; due !== null;) {
    const forwarded = await new MockActivityEnvironment().run<[], Forwarded, typeof call>(call);
    due = forwarded.nextDueSeconds;
    if (due !== null && due > 0) await pause(due * 1000);
  }
}

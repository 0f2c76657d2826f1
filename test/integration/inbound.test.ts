import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { Client, Connection } from '@temporalio/client';
import { acceptEvents } from '../../activities/accept-events.ts';
import { NO_METER } from '../../activities/metrics.ts';
import { readInboundHealth, type InboundHealth } from '../../catalog/inbound-health.ts';
import { storeConfig } from '../../catalog/config-store.ts';
import { connectCatalog } from '../../catalog/connect.ts';
import { readRejections } from '../../catalog/rejections.ts';
import { describeRejections } from '../../cli/describe.ts';
import { inboundTable } from '../../cli/inbound-text.ts';
import { createEmitter } from '../../client/index.ts';
import { createSqsClient } from '../../connectors/sqs/client.ts';
import { inboundRouter, routerId } from '../../pipeline/ids.ts';
import type { InboundRule, InboundSource } from '../../pipeline/inbound.ts';
import type { Project } from '../../pipeline/project.ts';
import { buildRoutingTable, type RoutingTable } from '../../pipeline/routing.ts';
import { startInbound, type Inbound } from '../../workers/inbound.ts';
import { takeMessages, type InboundTools } from '../../workers/take-inbound.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { openCustomerAccount } from '../support/customer-account.ts';
import { eventually } from '../support/eventually.ts';
import { freshQueue, fromEnvironment, type FreshQueue } from '../support/local-cloud.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';
import { giveBack, held, notification, receiveAll, send } from '../support/queue-contents.ts';

const PROJECT = projectOf([{ name: 'priced', period: '1d', reads: [OUTSIDE] }]);
const FARES: InboundRule = {
  dataset: OUTSIDE,
  period: '1d',
  type: 'redshift',
  schema: 'partners',
  table: 'fares',
  bucket: 'drop',
  key: 'fares/{year}/{month}/{day}/*',
};

let catalog: TestCatalog;
let connection: Connection;
let client: Client;
let sqs: SQSClient;
const queues: FreshQueue[] = [];
const routers = new Set<string>();
const running: Inbound[] = [];

beforeAll(async () => {
  sqs = createSqsClient({});
  catalog = await openTestCatalog('inbound', PROJECT);
  connection = await Connection.connect({ address: fromEnvironment('TEMPORAL_ADDRESS') });
  client = new Client({ connection });
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((inbound) => inbound.stop()));
});

afterAll(async () => {
  for (const router of routers) await client.workflow.getHandle(router).terminate('the test is over');
  for (const queue of queues) await queue.drop();
  await connection.close();
  await catalog.close();
  sqs.destroy();
});

async function queue(label: string): Promise<string> {
  const made = await freshQueue(label);
  queues.push(made);
  return made.url;
}

/** A source with a queue of its own; its name is new, so its router is, too. */
async function sourceOf(label: string, extra: Partial<InboundSource> = {}): Promise<InboundSource> {
  const queueUrl = await queue(label);
  const name = (queueUrl.split('/').at(-1) ?? label).replaceAll('-', '_');
  return { name, kind: 'sqs', queueUrl, mapping: 's3', events: [FARES], ...extra };
}

const tableOf = (...inbound: readonly InboundSource[]): RoutingTable =>
  buildRoutingTable(1, { ...PROJECT, inbound } satisfies Project);

async function apply(...inbound: readonly InboundSource[]): Promise<Project> {
  await storeConfig(catalog.db, { ...PROJECT, inbound }, 'test');
  return (await catalog.configs.current(catalog.db)).project;
}

async function consume(
  source: InboundSource,
  as: Client = client,
): Promise<{ inbound: Inbound; said: string[] }> {
  const said: string[] = [];
  const inbound = startInbound({
    db: catalog.db,
    client: as,
    environment: {},
    say: (line) => said.push(line),
    patience: as === client ? 20_000 : 300,
  });
  running.push(inbound);
  inbound.follow(await apply(source));
  return { inbound, said };
}

/** What the source's router was sent, from its history in Temporal. */
async function signalled({ name }: InboundSource): Promise<unknown[]> {
  const workflow = routerId(inboundRouter(name));
  routers.add(workflow);
  const { events = [] } = await client.workflow.getHandle(workflow).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
    (signal?.input?.payloads ?? []).flatMap(
      ({ data }) => JSON.parse(Buffer.from(data ?? []).toString()) as unknown[],
    ),
  );
}

async function health({ name }: InboundSource): Promise<InboundHealth | undefined> {
  return (await readInboundHealth(catalog.db, [name]))[0];
}

async function revisionsOf(timelabel: string): Promise<unknown[]> {
  return catalog.values(
    'select revision from reefline.data_event where dataset = $1 and timelabel = $2',
    OUTSIDE,
    timelabel,
  );
}

describe('a source of outside events', () => {
  test('is accepted once, although consumers die between the signal and the deletion; poison goes aside with its reason', async () => {
    const dead = await queue('dead');
    const source = await sourceOf('drop', { deadLetterQueueUrl: dead });
    await send(
      sqs,
      source.queueUrl,
      notification('2020/03/03', '2020/03/04'),
      'poison \ud83d\udca3',
      notification('1/2/3'),
    );
    const emitter = createEmitter({ client, router: inboundRouter(source.name) });
    const tools: InboundTools = {
      db: catalog.db,
      meter: NO_METER,
      table: tableOf(source),
      emit: async (events) => {
        await emitter.emit(events);
      },
      queue: { client: sqs, queueUrl: source.queueUrl },
      deadLetters: { client: sqs, queueUrl: dead },
    };
    const dies = async (killed: InboundTools): Promise<void> => {
      const messages = await receiveAll(sqs, source.queueUrl, 3);
      await expect(takeMessages(killed, source, messages)).rejects.toThrow();
      expect(await held(sqs, source.queueUrl)).toBe(3);
      await giveBack(sqs, source.queueUrl, messages);
    };
    await dies({
      ...tools,
      emit: async (events) => {
        await tools.emit(events);
        throw new Error('The process dies.');
      },
    });
    expect(await held(sqs, dead)).toBe(0);
    const gone = connectCatalog('postgres://nobody@127.0.0.1:1/nowhere', 1);
    await dies({ ...tools, db: gone });
    await gone.end();
    const mute = createSqsClient({});
    mute.middlewareStack.add(() => () => Promise.reject(new Error('The process dies.')), {
      step: 'initialize',
    });
    await dies({ ...tools, queue: { client: mute, queueUrl: source.queueUrl } });
    mute.destroy();

    const { inbound } = await consume(source);
    await eventually(async () => expect(await held(sqs, source.queueUrl)).toBe(0));
    await inbound.stop();
    const sent = await signalled(source);
    expect(sent).toHaveLength(8);
    await acceptEvents(catalog.db, catalog.configs, inboundRouter(source.name), sent);
    expect(await revisionsOf('20200303000000')).toEqual([1]);
    expect(await revisionsOf('20200304000000')).toEqual([1]);

    const rejections = await readRejections(catalog.db, 10);
    expect(rejections.map(({ raw }) => raw).sort()).toEqual(
      [notification('1/2/3'), 'poison \ud83d\udca3'].sort(),
    );
    expect(describeRejections(rejections)).toContain(`  inbound-${source.name}\n  The message is no JSON.\n`);
    // Sent by the consumer that died before it deleted them, and by the one that did.
    const letters = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: dead, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    const poison = letters.Messages?.filter(({ Body }) => Body === 'poison \ud83d\udca3') ?? [];
    expect(letters.Messages).toHaveLength(4);
    expect(poison).toHaveLength(2);
    expect(poison[0]?.MessageAttributes).toMatchObject({
      tenant: { StringValue: 'acme' },
      reefline_source: { StringValue: source.name },
      reefline_reason: { StringValue: 'The message is no JSON.' },
    });
    const listed = await health(source);
    expect(listed).toMatchObject({ accepted: 4, rejected: 4, ignored: 0, error: null });
    expect(listed?.lastEventAt).toEqual(expect.any(Date));
    const screen = { columns: undefined, paint: (_style: unknown, text: string) => text, now: Date.now };
    expect(inboundTable(screen, [{ ...listed!, mapping: 's3' }])).toMatch(/s3 .* ago .* 4 +4 +0$/m);
  });

  test('keeps every message, and is asked for no more of them, while Temporal does not answer', async () => {
    const source = await sourceOf('away', { mapping: 'data-event', events: [] });
    const event = {
      event_type: 'data',
      type: 'redshift',
      schema: 'partners',
      table: 'fares',
      status: 'SUCCESS',
    };
    await send(sqs, source.queueUrl, JSON.stringify({ ...event, timelabel: '20210303000000' }));
    // So that whoever asks gets it, and the queue counts how often somebody did.
    const Attributes = { VisibilityTimeout: '0' };
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: source.queueUrl, Attributes }));
    const away = Connection.lazy({ address: '127.0.0.1:1' });
    const { inbound, said } = await consume(source, new Client({ connection: away }));
    await eventually(async () => {
      expect((await health(source))?.error).toMatch(/^Temporal does not answer: /);
    });
    await inbound.stop();
    await away.close();
    expect(said[1]).toMatch(
      /^Inbound source \w+: Of 1 events for router\/inbound-.*[.] Nothing is lost; trying again[.]$/,
    );
    expect(await held(sqs, source.queueUrl)).toBe(1);
    const { Messages: [message] = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: source.queueUrl,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      }),
    );
    expect(message?.Attributes).toEqual({ ApproximateReceiveCount: '2' });
    await consume(source);
    await eventually(async () => {
      expect(await health(source)).toMatchObject({ accepted: 1, error: null });
    });
    await eventually(async () => {
      expect(await held(sqs, source.queueUrl)).toBe(0);
    });
    expect(await signalled(source)).toHaveLength(1);
  });

  test('is consumed as the configuration in force describes it, and a missing variable is told and mended', async () => {
    const source = await sourceOf('followed');
    const other = await queue('other');
    const environment: Record<string, string> = {};
    const inbound = startInbound({ db: catalog.db, client, environment, say: () => undefined });
    running.push(inbound);
    const first = await apply({ ...source, queueUrl: '${env:IN_URL}' });
    inbound.follow(first);
    await eventually(async () => expect((await health(source))?.error).toMatch(/IN_URL is not set/));
    environment['IN_URL'] = source.queueUrl;
    await send(sqs, source.queueUrl, notification('2022/03/03'));
    await eventually(async () => expect(await held(sqs, source.queueUrl)).toBe(0));
    const second = await apply({ ...source, queueUrl: other, unmatched: 'ignore' });
    // By a definition that is no longer in force nothing is taken, nor refused.
    await send(sqs, source.queueUrl, 'left alone');
    inbound.follow(second);
    await send(
      sqs,
      other,
      notification('2022/03/04'),
      JSON.stringify({ Event: 's3:TestEvent' }),
      notification('x'),
    );
    await eventually(async () => expect(await held(sqs, other)).toBe(0));
    expect(await health(source)).toMatchObject({ accepted: 2, rejected: 0, ignored: 2, error: null });
    expect(await held(sqs, source.queueUrl)).toBe(1);
    inbound.follow(await apply());
    await inbound.stop();
    expect(await signalled(source)).toEqual([
      expect.objectContaining({ timelabel: '20220303000000' }),
      expect.objectContaining({ timelabel: '20220304000000' }),
    ]);
  });

  test('in another account is consumed as the role that its owner gives, and says who was refused without it', async () => {
    const role = { arn: 'arn:aws:iam::444455556666:role/reefline-fares', externalId: 'acme-7f3a' };
    const dead = await queue('theirs_dead');
    const source = await sourceOf('theirs', { deadLetterQueueUrl: dead });
    await send(sqs, source.queueUrl, notification('2022/04/03'), 'poison');
    const account = await openCustomerAccount(role);
    const before = { ...process.env };
    Object.assign(process.env, account.env);
    try {
      const refused = await consume(source);
      await eventually(async () => {
        expect((await health(source))?.error).toMatch(
          /^The queue cannot be read: AccessDenied.*assumed-role\/reefline-worker\/.* sqs:receivemessage /,
        );
      });
      await refused.inbound.stop();
      const entrusted = { ...source, roleArn: role.arn, externalId: role.externalId };
      await consume(entrusted);
      await eventually(async () => expect(await held(sqs, source.queueUrl)).toBe(0));
      expect(await health(source)).toMatchObject({ accepted: 1, rejected: 1, error: null });
      expect(await held(sqs, dead)).toBe(1);
      expect(await signalled(source)).toHaveLength(1);
    } finally {
      for (const name of Object.keys(account.env)) process.env[name] = before[name];
      await Promise.all(running.splice(0).map((inbound) => inbound.stop()));
      await account.stop();
    }
  });

  test('that brings more than its rate is asked less often by all workers together, and nothing of it is refused', async () => {
    const source = await sourceOf('fast', { maxEventsPerSecond: 1 });
    const days = Array.from({ length: 400 }, (_, at) => `${String(1600 + at)}/03/03`);
    await send(sqs, source.queueUrl, notification(...days));
    const first = await consume(source);
    await eventually(async () => expect(first.said[1]).toMatch(/than 1 events a second .* in 399 s/));
    await send(sqs, source.queueUrl, notification('2025/03/03'));
    // A worker that has taken nothing of it yet takes a batch, and waits for what the other one took, too.
    const second = await consume(source);
    await eventually(async () => expect(second.said[1]).toMatch(/ again in (3\d\d|400) s/));
    await send(sqs, source.queueUrl, notification('2025/03/04'));
    // Whoever waits for its turn ends at once when it is told to.
    await first.inbound.stop();
    expect(await health(source)).toMatchObject({ accepted: 401, rejected: 0, error: null });
    expect(await held(sqs, source.queueUrl)).toBe(1);
    // What is unpaid is paid at the rate in force.
    second.inbound.follow(await apply({ ...source, maxEventsPerSecond: 1_000 }));
    await eventually(async () => expect(await held(sqs, source.queueUrl)).toBe(0));
    await second.inbound.stop();
    expect(second.said.slice(2)).not.toContainEqual(expect.stringContaining('more than 1000 events'));
    await signalled(source);
  });

  test('keeps the order of a FIFO queue that several workers consume', async () => {
    const name = `ordered_${String(Date.now())}`;
    const { QueueUrl: queueUrl = '' } = await sqs.send(
      new CreateQueueCommand({ QueueName: `${name}.fifo`, Attributes: { FifoQueue: 'true' } }),
    );
    queues.push({
      name,
      url: queueUrl,
      drop: async () => {
        await sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
      },
    });
    const { bucket: _bucket, key: _key, ...fares } = FARES;
    const source: InboundSource = {
      name,
      kind: 'sqs',
      queueUrl,
      mapping: 'json',
      events: [{ ...fares, timelabel: { path: '$.day', format: 'iso' } }],
    };
    const days = Array.from({ length: 30 }, (_, at) => new Date(Date.UTC(2023, 2, 1 + at)).toISOString());
    for (let from = 0; from < days.length; from += 10) {
      const Entries = days.slice(from, from + 10).map((day) => ({
        Id: day.slice(0, 10),
        MessageBody: JSON.stringify({ day }),
        MessageGroupId: 'fares',
        MessageDeduplicationId: day.slice(0, 10),
      }));
      await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    }
    await consume(source);
    await consume(source);
    await eventually(async () => {
      expect(await health(source)).toMatchObject({ accepted: 30, rejected: 0 });
    });
    const labels = (await signalled(source)).map((event) => (event as { timelabel: string }).timelabel);
    expect(labels).toEqual(days.map((day) => `${day.slice(0, 10).replaceAll('-', '')}000000`));
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { MockActivityEnvironment } from '@temporalio/testing';
import { CloudEvent } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { forwardEvents, type Forwarded } from '../../activities/forward-events.ts';
import { pauseEndpoint, resumeEndpoint } from '../../catalog/endpoint-pauses.ts';
import { readDeliveries } from '../../catalog/dead-letters.ts';
import { readDueEndpoints } from '../../catalog/findings.ts';
import { createSqsClient } from '../../connectors/sqs/client.ts';
import { createQueueSender } from '../../connectors/sqs/sender.ts';
import type { EndpointDefinition } from '../../pipeline/endpoint.ts';
import { ROUTING_QUEUE } from '../../pipeline/ids.ts';
import { wakePublisher } from '../../workers/wake-publisher.ts';
import { runReefline } from '../support/cli-terminal.ts';
import { DONE, startEngine, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { expectLineageOfExtracts } from '../support/lineage-of-extracts.ts';
import { freshQueue, type FreshQueue } from '../support/local-cloud.ts';
import { expectValidBody } from '../support/message-schemas.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';
import { startReceiver } from '../support/receiver.ts';

const NINE = [
  'event_type',
  'type',
  'schema',
  'table',
  'timelabel',
  'status',
  'startTime',
  'updateTime',
  'endTime',
];
const TIME = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}:\d{3} \+00:00$/;

let engine: Engine;
let sqs: SQSClient;
const queues: FreshQueue[] = [];

beforeAll(async () => {
  sqs = createSqsClient({});
  process.env['REEFLINE_WEBHOOK_ALLOW'] = '127.0.0.1';
  engine = await startEngine('publisher', () => DONE);
});

afterEach(() => engine.stopWorkers());

afterAll(async () => {
  await engine.close();
  for (const queue of queues) await queue.drop().catch(() => undefined);
  sqs.destroy();
});

async function applyWith(
  name: string,
  queueUrl: string,
  ...others: readonly EndpointDefinition[]
): Promise<void> {
  await applyEndpoints({ name, kind: 'sqs', queueUrl }, ...others);
}

async function applyEndpoints(...endpoints: readonly EndpointDefinition[]): Promise<void> {
  const stages = [{ name: 'priced', period: '1d', reads: [OUTSIDE] }] as const;
  await engine.apply(projectOf(stages, endpoints));
}

async function queue(label: string): Promise<FreshQueue> {
  const made = await freshQueue(label);
  queues.push(made);
  return made;
}

async function send(year: number, count: number, extra: object = {}): Promise<void> {
  const events = Array.from({ length: count }, (_, at) => ({
    event_type: 'data',
    type: 'redshift',
    schema: 'partners',
    table: 'fares',
    timelabel: `${new Date(Date.UTC(year, 0, 1 + at)).toISOString().slice(0, 10).replaceAll('-', '')}000000`,
    status: 'FAILURE',
    ...extra,
  }));
  await engine.client.workflow.signalWithStart('router', {
    workflowId: 'router/p',
    taskQueue: ROUTING_QUEUE,
    args: [{ pipeline: 'p' }],
    signal: 'dataEvent',
    signalArgs: [events],
  });
}

async function drain(url: string): Promise<Message[]> {
  const received: Message[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    if (Messages.length === 0) return received;
    received.push(...Messages);
    const Entries = Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
  }
}

async function deliveries(endpoint: string): Promise<Record<string, number>> {
  const found = await engine.db.query<{ status: string; count: number }>(
    'select status, count(*)::int as count from reefline.delivery where endpoint = $1 group by 1',
    [endpoint],
  );
  return Object.fromEntries(found.rows.map(({ status, count }) => [status, count]));
}

describe('a paused endpoint', () => {
  test('is owed its events and sent none; resumed, it gets each once', async () => {
    const { url } = await queue('paused');
    await applyWith('paused', url);
    const db = engine.db;
    expect(await pauseEndpoint(db, 'paused', 'ada', 'a move')).toMatchObject({ already: false });
    expect(await pauseEndpoint(db, 'paused', 'bob', 'another')).toMatchObject({
      already: true,
      pause: { pausedBy: 'ada', reason: 'a move' },
    });
    await engine.startWorkers();
    await send(1980, 3);
    await eventually(async () => {
      expect(await deliveries('paused')).toEqual({ owed: 3 });
    });
    await wakePublisher(engine.client, 'paused');
    await eventually(async () => {
      const { events } = await engine.client.workflow.getHandle('publisher/paused').fetchHistory();
      const calls = events?.filter((event) => event.activityTaskCompletedEventAttributes) ?? [];
      expect(calls.length).toBeGreaterThan(1);
    });
    expect(await deliveries('paused')).toEqual({ owed: 3 });
    expect(await readDueEndpoints(db, 0)).toEqual([]);
    expect(await resumeEndpoint(db, 'paused')).toBe(true);
    expect(await resumeEndpoint(db, 'paused')).toBe(false);
    await wakePublisher(engine.client, 'paused');
    await eventually(async () => {
      expect(await deliveries('paused')).toEqual({ delivered: 3 });
    });
    expect(await drain(url)).toHaveLength(3);
    // A command that is repeated finds its replay, whose end is recorded.
    const first = await replay('paused');
    expect(first).toMatchObject({ passed: 3, owed: 3, repeated: false });
    expect(await replay('paused')).toEqual({ ...first, repeated: true });
    await eventually(async () => {
      expect(await deliveries('paused')).toEqual({ delivered: 3 });
    });
    const again = await drain(url);
    for (const { Body = '' } of again) expectValidBody('data-event', Body);
    expect(again.map(({ MessageAttributes: marks }) => marks?.['replayed']?.StringValue)).toEqual(
      again.map(() => 'true'),
    );
    expect(again).toHaveLength(3);
  });
});

/** What `reefline endpoint replay` prints of the years in which the tests run. */
async function replay(endpoint: string): Promise<object> {
  const range = ['--from', '2020-01-01', '--to', '2100-01-01'];
  const before = process.env['TEMPORAL_NAMESPACE'];
  // The Temporal client reads the environment of the process.
  process.env['TEMPORAL_NAMESPACE'] = engine.namespace;
  try {
    const env = { REEFLINE_CATALOG_URL: engine.catalogUrl };
    const { stdout, stderr } = await runReefline(['endpoint', 'replay', endpoint, ...range, '--json'], {
      env,
    });
    expect(stderr).toBe('');
    return JSON.parse(stdout) as object;
  } finally {
    if (before === undefined) delete process.env['TEMPORAL_NAMESPACE'];
    else process.env['TEMPORAL_NAMESPACE'] = before;
  }
}

describe('forwarding', () => {
  test('every event that passes the filter reaches the queue in its format, the nine documented fields first', async () => {
    const { url } = await queue('events');
    const own = await queue('own');
    const form = {
      kind: 'sqs',
      queueUrl: own.url,
      format: 'cloudevents',
      schemas: { allow: ['m*'] },
    } as const;
    const lineage = await queue('lineage');
    await applyWith(
      'events',
      url,
      { name: 'own', ...form },
      { ...form, name: 'lineage', queueUrl: lineage.url, format: 'openlineage' },
    );
    await engine.startWorkers();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await send(2001, 3, { status: 'SUCCESS', traceparent, tracestate: 'rojo=1, congo=2' });
    const messages: Message[] = [];
    await eventually(async () => {
      messages.push(...(await drain(url)));
      // Three outside events, and the events of the three runs that they start.
      expect(messages).toHaveLength(6);
    });
    for (const message of messages) {
      const body = JSON.parse(message.Body ?? '{}') as Record<string, unknown>;
      expectValidBody('data-event', message.Body ?? '');
      expect(Object.keys(body).slice(0, 9)).toEqual(NINE);
      for (const field of ['startTime', 'updateTime', 'endTime']) expect(body[field]).toMatch(TIME);
      expect(message.MessageAttributes?.['eventId']?.StringValue).toBe(body['eventId']);
      // The trace of the sender reaches the queue, also by way of what his events brought about.
      expect(message.MessageAttributes?.['traceparent']?.StringValue).toBe(traceparent);
      expect(message.MessageAttributes?.['tracestate']?.StringValue).toBe('rojo=1,congo=2');
    }
    expect(await deliveries('events')).toEqual({ delivered: 6 });
    await eventually(async () => {
      expect(await deliveries('own')).toEqual({ delivered: 3 });
    });
    await eventually(async () => {
      expect(await deliveries('lineage')).toEqual({ delivered: 3 });
    });
    for (const { Body = '' } of await drain(lineage.url)) {
      expectValidBody('openlineage', Body);
      const labels = {
        first: expect.stringMatching(/^2001/),
        last: expect.stringMatching(/^2001/),
        count: 1,
      };
      expect(JSON.parse(Body)).toMatchObject({
        eventType: 'COMPLETE',
        run: { facets: { nominalTime: { nominalEndTime: expect.stringMatching(/^2001-01-0[234]T00/) } } },
        job: { name: 'p.priced' },
        inputs: [{ name: OUTSIDE, inputFacets: { reefline_labels: labels } }],
        outputs: [{ name: 'warehouse.main.priced' }],
      });
    }
    await expectLineageOfExtracts(engine.db);
    for (const { Body = '' } of await drain(own.url)) {
      expectValidBody('cloudevents', Body);
      expect(new CloudEvent(JSON.parse(Body) as object, true)).toMatchObject({
        type: 'reefline.data.success.v1',
        partitionkey: 'warehouse.main.priced',
        traceparent,
        data: { event_type: 'data', stage: 'p.priced' },
      });
    }
  });

  test('goes in batches of ten, each message once', async () => {
    const { url } = await queue('batches');
    await applyWith('batches', url);
    await engine.startWorkers();
    await engine.client.workflow.getHandle('publisher/batches').terminate();
    await send(1990, 95);
    await eventually(async () => {
      expect(await deliveries('batches')).toMatchObject({ owed: 95 });
    });
    await engine.stopWorkers();
    const calls: number[] = [];
    const client = createSqsClient({});
    client.middlewareStack.add(
      (next, context) => (args) => {
        const { Entries = [] } = args.input as { Entries?: unknown[] };
        if (context['commandName'] === 'SendMessageBatchCommand') calls.push(Entries.length);
        return next(args);
      },
      { step: 'initialize' },
    );
    const forwarding = {
      db: engine.db,
      sender: () => createQueueSender({ client, queueUrl: url }),
      redact: (text: string) => text,
    };
    const forward = (): Promise<Forwarded> =>
      new MockActivityEnvironment().run(() => forwardEvents(forwarding, 'batches'));
    // Two publishers at once: each delivery is claimed by one of them.
    const both = await Promise.all([forward(), forward()]);
    client.destroy();
    expect(both.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(95);
    // How the two share the 95 is chance; each fills its calls but the last.
    expect(calls.reduce((sum, entries) => sum + entries, 0)).toBe(95);
    expect(Math.max(...calls)).toBe(10);
    expect(calls.filter((entries) => entries < 10).length).toBeLessThanOrEqual(2);
    const ids = (await drain(url)).map((message) => message.MessageAttributes?.['eventId']?.StringValue);
    expect(new Set(ids).size).toBe(95);
    expect(ids).toHaveLength(95);
  });

  test('a queue that does not exist is owed its events while the pipeline runs, and gets them once it exists', async () => {
    const gone = await queue('late');
    await gone.drop();
    await applyWith('late', gone.url);
    await engine.startWorkers();
    await send(2010, 12, { status: 'SUCCESS' });
    await eventually(async () => {
      const found = await engine.db.query(
        `select 1 from reefline.stage_run where timelabel like '2010%' and status = 'SUCCESS'`,
      );
      expect(found.rows).toHaveLength(12);
      const failed = await engine.db.query(
        `select 1 from reefline.delivery where endpoint = 'late' and attempts > 0 and last_error <> ''`,
      );
      expect(failed.rows.length).toBeGreaterThan(0);
    });
    expect(Object.keys(await deliveries('late'))).toEqual(['owed']);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: gone.name }));
    expect(QueueUrl).toBe(gone.url);
    const seen = new Set<string>();
    await eventually(async () => {
      for (const message of await drain(gone.url))
        seen.add(message.MessageAttributes?.['eventId']?.StringValue ?? '');
      expect(seen.size).toBe(24);
      expect(await deliveries('late')).toEqual({ delivered: 24 });
    }, 150_000);
  });
});

describe('a webhook', () => {
  test('gets each event signed, again after it was away; one that it refuses is a dead letter, and a channel is told', async () => {
    const secret = `whsec_${Buffer.alloc(32, 'k').toString('base64')}`;
    const receiver = await startReceiver();
    let away = true;
    const told: string[] = [];
    receiver.answer = ({ path, body }, response) => {
      if (path === '/channel') {
        told.push((JSON.parse(body) as { text: string }).text);
        response.end('ok');
      } else response.writeHead(away ? 503 : body.includes('20200102000000') ? 422 : 204).end();
    };
    try {
      await applyEndpoints(
        { name: 'hook', kind: 'webhook', url: `${receiver.url}/in?key=k`, secret, format: 'cloudevents' },
        { name: 'channel', kind: 'slack', url: `${receiver.url}/channel` },
      );
      await engine.startWorkers();
      await send(2020, 3);
      await eventually(async () => {
        const [tried] = await readDeliveries(engine.db, { endpoint: 'hook', status: 'owed' }, 1);
        expect(receiver.requests.some(({ path }) => path !== '/channel')).toBe(true);
        expect(tried).toBeDefined();
      });
      away = false;
      receiver.requests.length = 0;
      await eventually(async () => {
        expect(await deliveries('hook')).toEqual({ delivered: 2, dead: 1 });
      });
      for (const { headers, body } of receiver.requests.filter(({ path }) => path !== '/channel')) {
        expectValidBody('cloudevents', body);
        expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
          id: decodeURIComponent(String(headers['webhook-id'])),
          partitionkey: OUTSIDE,
        });
      }
      expect(await readDeliveries(engine.db, { endpoint: 'hook', status: 'dead' }, 9)).toMatchObject([
        { errorClass: 'rejected', lastError: expect.stringMatching(/^127\.0\.0\.1:\d+ answered 422/) },
      ]);
      await eventually(async () => {
        expect(await deliveries('channel')).toEqual({ delivered: 3 });
      });
      const labels = ['20200101000000', '20200102000000', '20200103000000'];
      expect(told.map((text) => text.split('\n').at(-1))).toEqual(
        labels.map((label) => `\`reefline why ${OUTSIDE} ${label}\``),
      );
    } finally {
      await receiver.close();
    }
  });
});

import {
  CreateQueueCommand,
  DeleteQueueCommand,
  type SendMessageBatchCommandInput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import fc from 'fast-check';
import pg from 'pg';
import { forwardEvents, type Forwarded } from '../../activities/forward-events.ts';
import { claimInOrder, nextDueInOrder, releaseDeliveries } from '../../catalog/ordered-outbox.ts';
import { pauseEndpoint, resumeEndpoint } from '../../catalog/endpoint-pauses.ts';
import { settleDeliveries } from '../../catalog/outbox.ts';
import { openReplay, replayStep } from '../../catalog/replays.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createSqsClient } from '../../connectors/sqs/client.ts';
import { createQueueSender } from '../../connectors/sqs/sender.ts';
import type { OutgoingMessage, Sender, SendResult } from '../../pipeline/outgoing.ts';
import { startConsumer, type Consumer } from '../support/consumer.ts';
import { eventually } from '../support/eventually.ts';
import { forwardWithMishaps, type Mishap } from '../support/forward-with-mishaps.ts';
import { freshCatalog, freshQueue, type FreshDatabase } from '../support/local-cloud.ts';

/** Workers that die on purpose would fill the log. */
const QUIET = new DefaultLogger('ERROR');

let database: FreshDatabase;
let db: pg.Pool;
let sqs: SQSClient;
let queueUrl: string;

beforeAll(async () => {
  database = await freshCatalog('fifo');
  db = new pg.Pool({ connectionString: database.url, max: 4 });
  sqs = createSqsClient({});
  const made = await sqs.send(
    new CreateQueueCommand({
      QueueName: `orders-${database.name.replaceAll('_', '-')}.fifo`,
      Attributes: { FifoQueue: 'true' },
    }),
  );
  queueUrl = made.QueueUrl ?? '';
  await db.query(
    `insert into reefline.config_version (applied_by, checksum, project) values ('test', 'c', '{}')`,
  );
  await db.query(
    `insert into reefline.endpoint (name, definition, config_version) values ('customers', $1, 1)`,
    [{ name: 'customers', kind: 'sqs', queueUrl }],
  );
});

afterAll(async () => {
  await sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
  sqs.destroy();
  await db.end();
  await database.drop();
});

beforeEach(async () => {
  await db.query('truncate reefline.delivery, reefline.data_event cascade');
});

const DAY = 86_400;
let made = 0;

/** Owes the endpoint an event of each named dataset, in this order. Returns their ids. */
async function owe(datasets: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const dataset of datasets) {
    made += 1;
    // Longer than SQS takes as an id, and with letters that it refuses.
    const eventId = `${'ü'.repeat(150)}-${String(made)}`;
    const event = { event_type: 'data', eventId, dataset, outcome: 'SUCCESS', number: made };
    await db.query(
      `with event as (
         insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, router, body)
         values ($1, 'data', $2, '20010101000000', $3, 'p', $4) returning event_id, seq, dataset)
       insert into reefline.delivery (endpoint, seq, event_id, dataset) select 'customers', seq, event_id, dataset from event`,
      [eventId, dataset, made, event],
    );
    ids.push(eventId);
  }
  return ids;
}

const claim = async (limit = 100): Promise<string[]> =>
  (await claimInOrder(db, 'customers', limit, 60)).map(({ eventId }) => eventId);

describe('the outbox of an endpoint that keeps an order', () => {
  test('gives the messages of a dataset to one publisher at a time, and those of others meanwhile', async () => {
    const [a1, a2, b1] = await owe(['a.b.c', 'a.b.c', 'a.b.d']);
    const claims = await Promise.all([claim(1), claim(1), claim(1)]);
    expect(claims.map((ids) => ids.length).sort()).toEqual([0, 1, 1]);
    expect(claims.flat().sort()).toEqual([a1, b1].sort());
    await releaseDeliveries(db, 'customers', [a1 ?? '']);
    expect(await claim()).toEqual([a1, a2]);
  });

  test('holds a dataset back while its oldest message waits for its next attempt, and says when that is', async () => {
    const [a1, a2, b1] = await owe(['a.b.c', 'a.b.c', 'a.b.d']);
    expect(await nextDueInOrder(db, 'customers')).toBe(0);
    expect(await claim()).toEqual([a1, a2, b1]);
    await releaseDeliveries(db, 'customers', [a2 ?? '']);
    const error = { failureClass: 'unavailable', message: 'the queue is away' } as const;
    const away = { replay: null, messageId: null, error };
    await settleDeliveries(
      db,
      'customers',
      [
        { ...away, eventId: a1 ?? '', retryIn: 1000 },
        { eventId: b1 ?? '', replay: null, messageId: 'm', error: null, retryIn: null },
      ],
      DAY,
    );
    expect(await claim()).toEqual([]);
    expect(await nextDueInOrder(db, 'customers')).toBeGreaterThan(900);
    // Given up: what stands behind it goes on.
    await settleDeliveries(db, 'customers', [{ ...away, eventId: a1 ?? '', retryIn: null }], DAY);
    expect(await claim()).toEqual([a2]);
    await settleDeliveries(
      db,
      'customers',
      [{ eventId: a2 ?? '', replay: null, messageId: 'm', error: null, retryIn: null }],
      DAY,
    );
    expect(await nextDueInOrder(db, 'customers')).toBeNull();
  });

  test('takes the oldest of every dataset before a second one of any', async () => {
    const ids = await owe([...Array.from({ length: 20 }, () => 'a.b.c'), 'a.b.d', 'a.b.e']);
    expect(new Set(await claim(3))).toEqual(new Set([ids[0], ids[20], ids[21]]));
  });
});

/** Owes once more everything that is in the log. */
async function replayAll(id: string): Promise<void> {
  const request = { from: new Date(0), to: new Date('2100-01-01T00:00:00Z') };
  await openReplay(db, id, 'customers', request, 'ada');
  await replayStep(db, id, request, () => true);
}

describe('forwarding to a receiver that is not well', () => {
  const sent: OutgoingMessage[] = [];
  const forwardTo = (answer: (id: string) => Partial<SendResult> | undefined): Promise<Forwarded> => {
    const send: Sender['send'] = (messages) => {
      sent.push(...messages);
      const results = messages.flatMap(({ id }): SendResult[] => {
        const said = answer(id);
        return said === undefined ? [] : [{ id, messageId: null, error: null, ...said }];
      });
      return Promise.resolve(new Map(results.map((result) => [result.id, result])));
    };
    const forwarding = { db, sender: () => ({ ordered: false, send }), redact: (text: string) => text };
    const environment = new MockActivityEnvironment(undefined, { logger: QUIET });
    return environment.run(() => forwardEvents(forwarding, 'customers'));
  };
  const error = { failureClass: 'throttled', message: 'slow down' } as const;

  test('leaves it alone for as long as it asks, and owes as before what was not tried', async () => {
    const [tried] = await owe(['a.b.c', 'a.b.d']);
    const { delivered, failed, nextDueSeconds } = await forwardTo((id) =>
      id === tried ? { error, retryAfter: 600 } : undefined,
    );
    expect({ delivered, failed, nextDueSeconds }).toEqual({ delivered: 0, failed: 1, nextDueSeconds: 600 });
    const found = await db.query<{ attempts: number; later: boolean }>(
      `select attempts, next_attempt_at > clock_timestamp() + interval '9 minutes' as later from reefline.delivery order by seq`,
    );
    expect(found.rows).toEqual([
      { attempts: 1, later: true },
      { attempts: 0, later: false },
    ]);
  });

  test('rests a moment when it takes nothing, and listens again soon when one message fails for long', async () => {
    const [bad] = await owe(['a.b.c', 'a.b.d', 'a.b.e']);
    const nothing = await forwardTo((id) => (id === bad ? { error } : undefined));
    expect(nothing.nextDueSeconds).toBeGreaterThan(0.5);
    await db.query(`update reefline.delivery set attempts = 50, next_attempt_at = clock_timestamp()`);
    const others = await forwardTo((id) => (id === bad ? { error } : {}));
    expect(others).toMatchObject({ delivered: 2, failed: 1, nextDueSeconds: 10 });
  });

  test('sends and claims nothing more once it is paused or the activity is cancelled, and owes the rest as before', async () => {
    const owed = 450;
    await db.query(
      `with event as (
         insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, router, body)
         select 'p' || n, 'data', 'a.b.c', '20010101000000', n, 'p', '{"event_type": "data"}' from generate_series(1, $1::int) n
         returning event_id, seq, dataset)
       insert into reefline.delivery (endpoint, seq, event_id, dataset) select 'customers', seq, event_id, dataset from event`,
      [owed],
    );
    const untouched = async (): Promise<number | null> => {
      const text = `select from reefline.delivery where status = 'owed' and attempts = 0 and claimed_until is null`;
      return (await db.query(text)).rowCount;
    };
    const environment = new MockActivityEnvironment(undefined, { logger: QUIET });
    let calls = 0;
    const queue = { send: ({ input }: { input: SendMessageBatchCommandInput }) => during(input) };
    let during = async ({ Entries = [] }: SendMessageBatchCommandInput): Promise<object> => {
      calls += 1;
      if (calls === 20) await pauseEndpoint(db, 'customers', 'ada', 'a move');
      return { Successful: Entries.map(({ Id }) => ({ Id, MessageId: 'm' })) };
    };
    const sender = createQueueSender({
      client: queue as unknown as SQSClient,
      queueUrl: 'https://sqs/standard',
    });
    const forward = (): Promise<Forwarded> =>
      environment.run(() => forwardEvents({ db, sender: () => sender, redact: (text) => text }, 'customers'));
    expect(await forward()).toMatchObject({ delivered: 200, failed: 0, nextDueSeconds: 0 });
    expect(await forward()).toMatchObject({ delivered: 0, nextDueSeconds: null });
    expect(await untouched()).toBe(owed - 200);
    await resumeEndpoint(db, 'customers');
    const sent = during;
    during = async (input) => {
      await Promise.resolve();
      environment.cancel();
      return sent(input);
    };
    // The calls that are under way go on.
    expect(await forward()).toMatchObject({ delivered: 40, failed: 0, nextDueSeconds: 0 });
    expect(await untouched()).toBe(owed - 240);
  });

  test('does not try again what it wants no more', async () => {
    await owe(['a.b.c']);
    const gone = await forwardTo(() => ({ error: { ...error, failureClass: 'not_found' }, final: true }));
    expect(gone).toMatchObject({ failed: 1, nextDueSeconds: null });
  });

  test('sends a replayed message as such in body, attributes and id, the same at each attempt', async () => {
    const [eventId = ''] = await owe(['a.b.c']);
    await forwardTo(() => ({}));
    await replayAll('mended');
    sent.length = 0;
    await forwardTo(() => ({ error }));
    await db.query(`update reefline.delivery set next_attempt_at = clock_timestamp()`);
    expect(await forwardTo(() => ({}))).toMatchObject({ delivered: 1, nextDueSeconds: null });
    expect(sent).toHaveLength(2);
    for (const { id, body, attributes } of sent) {
      expect(id).toBe(`${eventId}#mended`);
      expect(JSON.parse(body)).toMatchObject({ eventId, replayed: true });
      expect(attributes).toEqual({ eventId, event_type: 'data', replayed: 'true' });
    }
  });
});

/** What becomes of each entry, call and mark is for `fails` to decide. */
const forwardOnce = (fails: () => Mishap): Promise<Forwarded | undefined> =>
  forwardWithMishaps(db, 'customers', queueUrl, fails);

interface Received {
  readonly dataset: string;
  readonly number: number;
}

describe('a FIFO queue', () => {
  let customer: Consumer<Received>;

  beforeAll(() => {
    customer = startConsumer(queueUrl);
  });

  afterAll(async () => {
    await customer.stop();
  });

  test('takes a replay at once, in order and marked, though it drops what has the id of a message of the last minutes', async () => {
    await owe(['a.b.c', 'a.b.d', 'a.b.c']);
    await forwardOnce(() => 'no');
    const first = await customer.drain();
    await replayAll('at-once');
    await forwardOnce(() => 'no');
    const again = await customer.drain();
    const ofOne = (messages: typeof first): typeof first =>
      messages.filter(({ dataset }) => dataset === 'a.b.c');
    expect(again).toHaveLength(3);
    expect(ofOne(again)).toEqual(ofOne(first).map((message) => ({ ...message, replayed: true })));
    // Nothing of it is left, and the same replay again owes nothing.
    await replayAll('at-once');
    expect(await forwardOnce(() => 'no')).toMatchObject({ delivered: 0, nextDueSeconds: null });
  });

  test('gets the messages of each dataset in order and each once, whatever fails and whenever a publisher dies', async () => {
    const mishaps = fc.infiniteStream(fc.constantFrom('no', 'no', 'no', 'no', 'entry', 'call', 'crash'));
    const datasets = fc.array(fc.constantFrom('a.b.c', 'a.b.d', 'ö.b.e', 'a.b.f'), {
      minLength: 25,
      maxLength: 50,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(datasets, mishaps, async (named, stream) => {
        const first = made + 1;
        await owe(named);
        let calls = 0;
        const fails = (): Mishap =>
          calls < 60 ? ((stream.next().value as Mishap | undefined) ?? 'no') : 'no';
        for (;;) {
          calls += 1;
          const forwarded = await forwardOnce(fails);
          if (forwarded?.nextDueSeconds === null) break;
          // A minute later, when claims of the dead have ended and pauses are over.
          await db.query(
            `update reefline.delivery set claimed_until = null, next_attempt_at = clock_timestamp() where status = 'owed'`,
          );
        }
        const received = await customer.drain();
        for (const dataset of new Set(named)) {
          const numbers = received
            .filter((message) => message.dataset === dataset)
            .map(({ number }) => number);
          const expected = named.flatMap((name, at) => (name === dataset ? [first + at] : []));
          expect(numbers).toEqual(expected);
        }
      }),
      { numRuns: 8 },
    );
  });

  test('and a standard one get all messages though the worker is killed (SIGKILL); only what it had not marked comes twice', async () => {
    const [owed, datasets] = [400, 2];
    const standard = await freshQueue('killed');
    const other = startConsumer<Received>(standard.url);
    const program = fileURLToPath(new URL('../support/forwarder-process.ts', import.meta.url));
    const forwarder = (): ReturnType<typeof spawn> =>
      spawn(process.execPath, [program, database.url, 'customers', 'alerts'], { stdio: 'ignore' });
    const byDataset = (messages: readonly Received[]): unknown =>
      Map.groupBy(messages, ({ dataset }) => dataset);
    try {
      await db.query(
        `insert into reefline.endpoint (name, definition, config_version) values ('alerts', $1, 1)`,
        [{ name: 'alerts', kind: 'sqs', queueUrl: standard.url }],
      );
      await db.query(
        `insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, router, body)
         select id, 'data', dataset, '20010101000000', n, 'p', jsonb_build_object('event_type', 'data', 'eventId', id, 'dataset', dataset, 'number', n)
           from generate_series(1, $1::int) n cross join lateral (select 'killed-' || n as id, 'k.b.' || n % $2 as dataset) made`,
        [owed, datasets],
      );
      await db.query(
        `insert into reefline.delivery (endpoint, seq, event_id, dataset)
         select name, seq, event_id, dataset from reefline.data_event, (values ('customers'), ('alerts')) e(name)`,
      );
      await Promise.all([customer.drain(), other.drain()]);
      const begun = customer.received.length;
      const killed = forwarder();
      const gone = once(killed, 'exit');
      await eventually(() => {
        expect(other.received.length).toBeGreaterThan(0);
        expect(customer.received.length).toBeGreaterThan(begun);
        return Promise.resolve();
      });
      killed.kill('SIGKILL');
      await gone;
      // A minute later, when the claims of the dead have ended.
      const unmarked = await db.query<{ id: string }>(
        `update reefline.delivery set claimed_until = null where status = 'owed' returning endpoint || ' ' || event_id as id`,
      );
      expect(unmarked.rows.length).toBeGreaterThan(0);
      expect(await once(forwarder(), 'exit')).toEqual([0, null]);
      const all = Array.from({ length: owed }, (_, at) => ({
        dataset: `k.b.${String((at + 1) % datasets)}`,
        number: at + 1,
      }));
      const onlyNumbers = (messages: readonly Received[]): Received[] =>
        messages.map(({ dataset, number }) => ({ dataset, number }));
      // SQS itself drops what comes twice within five minutes; the order of each dataset holds.
      expect(byDataset(onlyNumbers(await customer.drain()))).toEqual(byDataset(all));
      const numbers = (await other.drain()).map(({ number }) => number);
      expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual(all.map(({ number }) => number));
      const twice = numbers.filter((number, at) => numbers.indexOf(number) !== at);
      const allowed = new Set(unmarked.rows.map(({ id }) => id));
      expect(twice.filter((number) => !allowed.has(`alerts killed-${String(number)}`))).toEqual([]);
    } finally {
      await other.stop();
      await standard.drop();
    }
  });
});

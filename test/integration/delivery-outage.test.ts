import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CreateQueueCommand, DeleteQueueCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { migrateCatalog } from '../../catalog/migrate.ts';
import { openReplay, replayStep } from '../../catalog/replays.ts';
import { createSqsClient } from '../../connectors/sqs/client.ts';
import { startConsumer } from '../support/consumer.ts';
import { eventually } from '../support/eventually.ts';
import { freshDatabase, type FreshDatabase } from '../support/local-cloud.ts';

const FORWARDER = fileURLToPath(new URL('../support/forwarder-process.ts', import.meta.url));

interface Received {
  readonly dataset: string;
  readonly number: number;
  readonly replayed?: boolean;
}

let database: FreshDatabase;
let db: pg.Pool;
let sqs: SQSClient;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  database = await freshDatabase('outage');
  await migrateCatalog(database.url);
  db = new pg.Pool({ connectionString: database.url, max: 2 });
  db.on('error', () => undefined);
  sqs = createSqsClient({});
  await db.query(
    `insert into reefline.config_version (applied_by, checksum, project) values ('test', 'c', '{}')`,
  );
});

afterEach(() => {
  for (const worker of workers.splice(0)) worker.kill('SIGKILL');
});

afterAll(async () => {
  sqs.destroy();
  await db.end();
  await database.drop();
});

/** A worker in a process of its own that forwards what the endpoints are owed, until they are owed nothing. */
function startForwarder(...endpoints: readonly string[]): ChildProcess {
  const worker = spawn(process.execPath, [FORWARDER, database.url, ...endpoints], { stdio: 'ignore' });
  workers.push(worker);
  return worker;
}

async function createQueue(label: string): Promise<string> {
  const fifo = label.endsWith('.fifo');
  const QueueName = `${database.name.replaceAll('_', '-')}-${label}`;
  const Attributes = fifo ? { FifoQueue: 'true' } : {};
  return (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? '';
}

async function defineEndpoint(name: string, definition: object): Promise<void> {
  await db.query('insert into reefline.endpoint (name, definition, config_version) values ($1, $2, 1)', [
    name,
    { name, kind: 'sqs', ...definition },
  ]);
}

/** Owes the endpoints events with these numbers, of three datasets in turn. */
async function owe(from: number, to: number, ...endpoints: readonly string[]): Promise<void> {
  await db.query(
    `with event as (
       insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, router, body)
       select id, 'data', dataset, '20010101000000', n, 'p', jsonb_build_object('event_type', 'data', 'eventId', id, 'dataset', dataset, 'number', n)
         from generate_series($1::int, $2::int) n cross join lateral (select 'o/' || n as id, 'o.b.' || n % 3 as dataset) made
       returning event_id, seq, dataset)
     insert into reefline.delivery (endpoint, seq, event_id, dataset)
     select name, seq, event_id, dataset from event, unnest($3::text[]) e(name)`,
    [from, to, endpoints],
  );
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);
const numbersOf = (messages: readonly Received[]): number[] => messages.map(({ number }) => number);
const sorted = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);

function expectOrderOfEachDataset(messages: readonly Received[]): void {
  for (const ofOne of Map.groupBy(messages, ({ dataset }) => dataset).values())
    expect(numbersOf(ofOne)).toEqual(sorted(numbersOf(ofOne)));
}

describe('a queue that is deleted while messages flow', () => {
  test('and created again gets the rest in order and each once; what it took with it comes by a replay, and nothing is missing', async () => {
    const [early, all] = [300, 330];
    const queueUrl = await createQueue('flow.fifo');
    await defineEndpoint('customers', { queueUrl });
    await owe(1, early, 'customers');
    const before = startConsumer<Received>(queueUrl);
    const forwarder = startForwarder('customers');
    await eventually(() => {
      expect(before.received.length).toBeGreaterThan(0);
    });
    await before.stop();
    await sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
    await owe(early + 1, all, 'customers');
    await eventually(async () => {
      const failed = await db.query(
        `select from reefline.delivery where status = 'owed' and error_class = 'not_found'`,
      );
      expect(failed.rowCount).toBeGreaterThan(0);
    });
    expect(await createQueue('flow.fifo')).toBe(queueUrl);
    const after = startConsumer<Received>(queueUrl);
    try {
      expect(await once(forwarder, 'exit')).toEqual([0, null]);
      const rest = await after.drain();
      for (const part of [before.received, rest]) expectOrderOfEachDataset(part);
      const seen = numbersOf([...before.received, ...rest]);
      expect(new Set(seen).size).toBe(seen.length);
      // SQS had taken all of these; they were in the queue and went with it.
      const gone = upTo(all).filter((number) => !seen.includes(number));
      expect(gone.length).toBeGreaterThan(0);
      expect(Math.max(...gone)).toBeLessThanOrEqual(early);
      const request = { from: new Date(0), to: new Date('2100-01-01T00:00:00Z') };
      await openReplay(db, 'after-deletion', 'customers', request, 'ada');
      expect(await replayStep(db, 'after-deletion', request, () => true)).toMatchObject({ owed: all });
      expect(await once(startForwarder('customers'), 'exit')).toEqual([0, null]);
      const again = await after.drain();
      expect(again.every(({ replayed }) => replayed === true)).toBe(true);
      expectOrderOfEachDataset(again);
      expect(sorted(numbersOf(again))).toEqual(upTo(all));
    } finally {
      await after.stop();
      await sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
    }
  });
});

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CreateQueueCommand, DeleteQueueCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { readDeliveries } from '../../catalog/dead-letters.ts';
import { migrateCatalog } from '../../catalog/migrate.ts';
import { openReplay, replayStep } from '../../catalog/replays.ts';
import { createSqsClient } from '../../connectors/sqs/client.ts';
import type { SqsEndpoint } from '../../pipeline/endpoint.ts';
import { openGate } from '../../chaos/gate.ts';
import { startConsumer } from '../support/consumer.ts';
import { eventually } from '../support/eventually.ts';
import { freshDatabase, fromEnvironment, type FreshDatabase } from '../support/local-cloud.ts';
import { projectOf } from '../support/project.ts';

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
function startForwarder(endpoints: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const worker = spawn(process.execPath, [FORWARDER, database.url, ...endpoints], {
    stdio: 'ignore',
    env: { ...process.env, ...env },
  });
  workers.push(worker);
  return worker;
}

async function createQueue(label: string): Promise<string> {
  const fifo = label.endsWith('.fifo');
  const QueueName = `${database.name.replaceAll('_', '-')}-${label}`;
  const Attributes = fifo ? { FifoQueue: 'true' } : {};
  return (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? '';
}

/** Puts a configuration with these endpoints into force. */
async function configure(...endpoints: readonly SqsEndpoint[]): Promise<void> {
  const project = projectOf([{ name: 'priced', period: '1d' }], endpoints);
  await db.query('truncate reefline.endpoint, reefline.data_event cascade');
  await db.query(
    `with version as (
       insert into reefline.config_version (applied_by, checksum, project) values ('test', md5($1), $1::jsonb) returning version)
     insert into reefline.endpoint (name, definition, config_version)
     select e->>'name', e, version from version, jsonb_array_elements($1::jsonb->'endpoints') e`,
    [JSON.stringify(project)],
  );
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
    await configure({ name: 'customers', kind: 'sqs', queueUrl });
    await owe(1, early, 'customers');
    const before = startConsumer<Received>(queueUrl);
    const forwarder = startForwarder(['customers']);
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
      expect(await once(startForwarder(['customers']), 'exit')).toEqual([0, null]);
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

/** An hour in three seconds: an endpoint whose pauses and limits are shorter by the configuration. */
const COMPRESSED = {
  kind: 'sqs',
  retry: { firstSeconds: 0.05, longestSeconds: 0.25, takeOverSeconds: 1 },
  health: { failedCalls: 1, failingSeconds: 1, wellSeconds: 0.5 },
} as const;

interface HealthTold {
  readonly endpoint: string;
  readonly previous: string;
  readonly health: string;
  readonly error: { readonly class: string } | null;
}

describe('an outage of an hour in which workers are killed (SIGKILL)', () => {
  test('ends with everything delivered in order, or dead with its reason where the age was too short, and the others are told how it went', async () => {
    const [early, all] = [30, 60];
    // The SDK calls a connection that is reset a timeout.
    const away: unknown = expect.stringMatching(/^(unavailable|timeout)$/);
    const [ordered, plain, news] = await Promise.all(['hour.fifo', 'hour', 'news'].map(createQueue));
    const gate = await openGate(new URL(fromEnvironment('AWS_ENDPOINT_URL_SQS')).host);
    const behindGate = { AWS_ENDPOINT_URL_SQS: `http://${gate.address}`, AWS_MAX_ATTEMPTS: '1' };
    const sent = { queueUrl: ordered ?? '', events: ['data'] } as const;
    await configure(
      { ...COMPRESSED, ...sent, name: 'customers', giveUpSeconds: 600 },
      { ...COMPRESSED, ...sent, name: 'impatient', queueUrl: plain ?? '', giveUpSeconds: 1 },
      { kind: 'sqs', name: 'audit', queueUrl: news ?? '', events: ['endpoint'] },
    );
    const customer = startConsumer<Received>(ordered ?? '');
    const auditor = startConsumer<HealthTold>(news ?? '');
    const untilHealthIs = (health: string): Promise<void> =>
      eventually(async () => {
        const text = `select from reefline.endpoint_health where endpoint = 'customers' and health = $1`;
        expect((await db.query(text, [health])).rowCount).toBe(1);
      });
    /** Kills the worker while it waits for an answer. */
    const kill = async (worker: ChildProcess): Promise<void> => {
      gate.set('silent');
      await eventually(async () => {
        const text = `select from reefline.delivery where endpoint = 'customers' and claimed_until > clock_timestamp()`;
        expect((await db.query(text)).rowCount).toBeGreaterThan(0);
      });
      worker.kill('SIGKILL');
      await once(worker, 'exit');
    };
    try {
      gate.set('failing');
      await owe(1, early, 'customers', 'impatient');
      const first = startForwarder(['customers', 'impatient'], behindGate);
      await untilHealthIs('degraded');
      await kill(first);
      gate.set('refusing');
      await owe(early + 1, all, 'customers', 'impatient');
      const second = startForwarder(['customers', 'impatient'], behindGate);
      await untilHealthIs('failing');
      await eventually(async () => {
        const dead = await readDeliveries(db, { endpoint: 'impatient', status: 'dead' }, all);
        expect(dead).toHaveLength(all);
      });
      await kill(second);
      gate.set('open');
      expect(await once(startForwarder(['customers', 'impatient'], behindGate), 'exit')).toEqual([0, null]);
      const received = await customer.drain();
      expectOrderOfEachDataset(received);
      expect(sorted(numbersOf(received))).toEqual(upTo(all));
      expect(await readDeliveries(db, { endpoint: 'customers', status: 'delivered' }, 2 * all)).toHaveLength(
        all,
      );
      const dead = await readDeliveries(db, { endpoint: 'impatient' }, 2 * all);
      expect(dead).toHaveLength(all);
      for (const { status, errorClass, lastError, attempts, firstAttemptAt, lastAttemptAt } of dead) {
        expect({ status, errorClass }).toEqual({ status: 'dead', errorClass: away });
        expect(lastError).not.toBe('');
        expect(attempts).toBeGreaterThan(0);
        expect(Number(lastAttemptAt)).toBeGreaterThanOrEqual(Number(firstAttemptAt));
      }
      expect(await once(startForwarder(['audit']), 'exit')).toEqual([0, null]);
      const told = (await auditor.drain()).filter(({ endpoint }) => endpoint === 'customers');
      const [fell, failed, ...rose] = told.map(({ previous, health, error }) => [
        previous,
        health,
        error?.class,
      ]);
      expect([fell, failed]).toEqual([
        ['healthy', 'degraded', away],
        ['degraded', 'failing', away],
      ]);
      // It is degraded in between when it takes messages again and the first in line still waits long.
      const ways = rose.length === 1 ? ['failing', 'healthy'] : ['failing', 'degraded', 'healthy'];
      expect(rose).toEqual(ways.slice(1).map((health, at) => [ways[at], health, undefined]));
    } finally {
      await Promise.all([customer.stop(), auditor.stop(), gate.close()]);
      for (const QueueUrl of [ordered, plain, news]) await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    }
  });
});

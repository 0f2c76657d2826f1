import { execFile } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import pg from 'pg';
import { migrateCatalog } from '../catalog/migrate.ts';
import { localAws } from '../examples/flights/local-aws.ts';
import { createDatabase } from '../local/database.ts';
import { atLeast, percentile, rounded, type Figure } from './figure.ts';
import type { ForwardReport, ForwardRequest } from './forward-mover.ts';
import type { Stack } from './stack.ts';

const PAIRS = 5;
const MESSAGES = 6_000;
/** Datasets of the events; a FIFO queue gets as many messages at once. */
const DATASETS = 20;
const MOVER = fileURLToPath(new URL('./forward-mover.ts', import.meta.url));

/**
 * Events per second that a publisher forwards to a standard queue, against the same bodies sent with the AWS SDK alone, in full
 * batches and with as many calls at once. A process of its own for each, on the same SQS; the order alternates.
 */
export async function forward(stack: Stack): Promise<Figure[]> {
  const bench = await ForwardBench.open(stack);
  try {
    await bench.log(MESSAGES);
    const pairs: { ours: ForwardReport; raw: ForwardReport }[] = [];
    for (let pair = 0; pair <= PAIRS; pair += 1) {
      const first = pair % 2 === 0 ? await bench.raw() : undefined;
      const ours = await bench.forwarded('forwarded');
      const raw = first ?? (await bench.raw());
      // The first pair warms the servers.
      if (pair > 0) pairs.push({ ours, raw });
    }
    const fifo = await bench.forwarded('forwarded.fifo');
    const ratios = pairs.map(({ ours, raw }) => perSecond(ours) / perSecond(raw));
    const median = (of: (pair: (typeof pairs)[number]) => number): number =>
      Math.round(percentile(pairs.map(of), 0.5));
    return [
      atLeast('sqs_forward_ratio', percentile(ratios, 0.5), 0.6, {
        messages: MESSAGES,
        ratios: ratios.map(rounded),
        forwardedPerSecond: median(({ ours }) => perSecond(ours)),
        rawPerSecond: median(({ raw }) => perSecond(raw)),
        forwardCpuMs: median(({ ours }) => ours.cpu),
        rawCpuMs: median(({ raw }) => raw.cpu),
        rssMb: Math.max(...pairs.map(({ ours }) => ours.rss)),
        fifoPerSecond: Math.round(perSecond(fifo)),
        loadAverage: rounded(loadavg()[0] ?? 0),
      }),
    ];
  } finally {
    await bench.close();
  }
}

function perSecond({ messages, milliseconds }: ForwardReport): number {
  return (messages / milliseconds) * 1000;
}

class ForwardBench {
  readonly #db: pg.Client;
  readonly #catalogUrl: string;
  readonly #env: Stack['env'];
  readonly #sqs: SQSClient;

  private constructor(db: pg.Client, catalogUrl: string, env: Stack['env']) {
    this.#db = db;
    this.#catalogUrl = catalogUrl;
    this.#env = env;
    this.#sqs = new SQSClient(localAws(env, 'SQS'));
  }

  /** A catalog of its own, of which the workers of the stack know nothing. */
  static async open({ postgresUrl, env }: Stack): Promise<ForwardBench> {
    const url = await createDatabase(postgresUrl, 'bench_forward');
    await migrateCatalog(url);
    const db = new pg.Client({ connectionString: url });
    await db.connect();
    await db.query(
      `insert into reefline.config_version (applied_by, checksum, project) values ('bench', 'c', '{}')`,
    );
    return new ForwardBench(db, url, env);
  }

  /** Fills the log with events of loads. */
  async log(count: number): Promise<void> {
    await this.#db.query(
      `insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, router, body)
       select id, 'data', dataset, label, n, 'bench',
              jsonb_build_object('event_type', 'data', 'type', 'redshift', 'schema', 'analytics', 'table', 'orders', 'timelabel', label,
                'status', 'SUCCESS', 'startTime', at, 'updateTime', at, 'endTime', at, 'eventId', id, 'dataset', dataset, 'revision', n,
                'pipeline', 'bench', 'stage', 'bench.load_orders', 'runId', md5(id)::uuid, 'causedBy', jsonb_build_array('bench.fetch_' || id),
                'rows', n, 'bytes', n * 100, 'uri', null, 'error', null, 'configVersion', 1, 'outcome', 'SUCCESS')
         from generate_series(1, $1::int) n cross join lateral (
           select 'bench.load_orders/20010101000000/r' || n as id, 'warehouse.analytics.orders_' || n % $2 as dataset,
                  '20010101000000' as label, '2001-01-01 00:00:00:000 +00:00' as at) made`,
      [count, DATASETS],
    );
  }

  /** Owes a new queue everything that is in the log, and forwards it. */
  async forwarded(name: string): Promise<ForwardReport> {
    return this.#withQueue(name, async (queueUrl) => {
      await this.#db.query('truncate reefline.delivery, reefline.replay, reefline.endpoint');
      await this.#db.query(
        'insert into reefline.endpoint (name, definition, config_version) values ($1, $2, 1)',
        [name, { name, kind: 'sqs', queueUrl }],
      );
      await this.#db.query(
        `insert into reefline.delivery (endpoint, seq, event_id, dataset)
         select $1, seq, event_id, dataset from reefline.data_event order by seq`,
        [name],
      );
      return this.#move({ catalogUrl: this.#catalogUrl, queueUrl, endpoint: name });
    });
  }

  /** Sends the same bodies to a new queue. */
  async raw(): Promise<ForwardReport> {
    return this.#withQueue('raw', (queueUrl) => this.#move({ catalogUrl: this.#catalogUrl, queueUrl }));
  }

  async close(): Promise<void> {
    await this.#db.end();
    this.#sqs.destroy();
  }

  async #withQueue<T>(name: string, work: (queueUrl: string) => Promise<T>): Promise<T> {
    const Attributes = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
    const { QueueUrl = '' } = await this.#sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    try {
      return await work(QueueUrl);
    } finally {
      await this.#sqs.send(new DeleteQueueCommand({ QueueUrl }));
    }
  }

  async #move(request: ForwardRequest): Promise<ForwardReport> {
    const env = { ...process.env, ...this.#env };
    const { stdout } = await promisify(execFile)(process.execPath, [MOVER, JSON.stringify(request)], { env });
    return JSON.parse(stdout) as ForwardReport;
  }
}

import { execFile } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { localAws } from '../examples/flights/local-aws.ts';
import { atLeast, percentile, rounded, type Figure } from './figure.ts';
import type { ForwardReport, ForwardRequest } from './forward-mover.ts';
import { OwedCatalog } from './owed-catalog.ts';
import type { Stack } from './stack.ts';

const PAIRS = 5;
const MESSAGES = 6_000;
const MOVER = fileURLToPath(new URL('./forward-mover.ts', import.meta.url));

/**
 * Events per second that a publisher forwards to a standard queue, against the same bodies sent with the AWS SDK alone, in full
 * batches and with as many calls at once. A process of its own for each, on the same SQS; the order alternates.
 */
export async function forward(stack: Stack): Promise<Figure[]> {
  const catalog = await OwedCatalog.open(stack.postgresUrl, 'bench_forward', MESSAGES);
  const bench = new ForwardBench(catalog, stack.env);
  try {
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
    bench.close();
    await catalog.close();
  }
}

function perSecond({ messages, milliseconds }: ForwardReport): number {
  return (messages / milliseconds) * 1000;
}

class ForwardBench {
  readonly #catalog: OwedCatalog;
  readonly #env: Stack['env'];
  readonly #sqs: SQSClient;

  constructor(catalog: OwedCatalog, env: Stack['env']) {
    this.#catalog = catalog;
    this.#env = env;
    this.#sqs = new SQSClient(localAws(env, 'SQS'));
  }

  /** Owes a new queue everything that is in the log, and forwards it. */
  async forwarded(name: string): Promise<ForwardReport> {
    return this.#withQueue(name, async (queueUrl) => {
      await this.#catalog.owe(MESSAGES, { name, queueUrl });
      return this.#move({ catalogUrl: this.#catalog.url, queueUrl, endpoint: name });
    });
  }

  /** Sends the same bodies to a new queue. */
  async raw(): Promise<ForwardReport> {
    return this.#withQueue('raw', (queueUrl) => this.#move({ catalogUrl: this.#catalog.url, queueUrl }));
  }

  close(): void {
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

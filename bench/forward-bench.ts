import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateQueueCommand, DeleteQueueCommand, PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { localAws } from '../examples/flights/local-aws.ts';
import type { ForwardReport, ForwardRequest } from './forward-mover.ts';
import type { OwedCatalog } from './owed-catalog.ts';
import type { Stack } from './stack.ts';

const MOVER = fileURLToPath(new URL('./forward-mover.ts', import.meta.url));
/** SQS purges a queue once a minute at most (AWS, "Amazon SQS API reference", PurgeQueue). */
const PURGE_MS = 60_000;

/** Messages of a report in a second. */
export function perSecond({ messages, milliseconds }: ForwardReport): number {
  return (messages / milliseconds) * 1000;
}

/** Sends what is in a catalog to queues of the embedded SQS, each time in a process of its own. */
export class ForwardBench {
  readonly #catalog: OwedCatalog;
  readonly #env: Stack['env'];
  readonly #sqs: SQSClient;

  constructor(catalog: OwedCatalog, env: Stack['env']) {
    this.#catalog = catalog;
    this.#env = env;
    this.#sqs = new SQSClient(localAws(env, 'SQS'));
  }

  /** Owes a new queue so many events of the log, and forwards them. */
  async forwarded(name: string, messages: number): Promise<ForwardReport> {
    return this.#withQueue(name, async (queueUrl) => {
      await this.#catalog.owe(messages, { name, queueUrl });
      return this.#move({ catalogUrl: this.#catalog.url, queueUrl, endpoint: name });
    });
  }

  /** Sends the bodies of so many events to a new queue. */
  async raw(messages: number): Promise<ForwardReport> {
    return this.#withQueue('raw', (queueUrl) =>
      this.#move({ catalogUrl: this.#catalog.url, queueUrl, messages }),
    );
  }

  close(): void {
    this.#sqs.destroy();
  }

  async #withQueue<T>(name: string, work: (queueUrl: string) => Promise<T>): Promise<T> {
    const Attributes = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
    const { QueueUrl = '' } = await this.#sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    // The queue's own memory is not what is measured.
    const purge = setInterval(() => {
      this.#sqs.send(new PurgeQueueCommand({ QueueUrl })).catch(() => undefined);
    }, PURGE_MS);
    try {
      return await work(QueueUrl);
    } finally {
      clearInterval(purge);
      await this.#sqs.send(new DeleteQueueCommand({ QueueUrl }));
    }
  }

  async #move(request: ForwardRequest): Promise<ForwardReport> {
    const env = { ...process.env, ...this.#env };
    const { stdout } = await promisify(execFile)(process.execPath, [MOVER, JSON.stringify(request)], { env });
    return JSON.parse(stdout) as ForwardReport;
  }
}

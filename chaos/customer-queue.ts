import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** The customer: takes every message from the queue and remembers whose it was. */
export class CustomerQueue {
  readonly received = new Set<string>();
  duplicates = 0;
  readonly #sqs: SQSClient;
  readonly #url: string;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();
  #problem: unknown;

  constructor(sqs: SQSClient, url: string) {
    this.#sqs = sqs;
    this.#url = url;
  }

  start(): void {
    this.#loop = this.#drain().catch((error: unknown) => {
      this.#problem = error;
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  /** Waits for all of these, at most for `patience` milliseconds. */
  async until(ids: readonly string[], patience: number): Promise<void> {
    const end = Date.now() + patience;
    while (Date.now() < end && !ids.every((id) => this.received.has(id))) {
      if (this.#problem !== undefined) throw this.#problem as Error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async #drain(): Promise<void> {
    while (!this.#stopped) {
      const { Messages: messages = [] } = await this.#sqs.send(
        new ReceiveMessageCommand({ QueueUrl: this.#url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      for (const { Body = '{}' } of messages) {
        const { eventId } = JSON.parse(Body) as { eventId: string };
        if (this.received.has(eventId)) this.duplicates += 1;
        this.received.add(eventId);
      }
      if (messages.length === 0) continue;
      await this.#sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: this.#url,
          Entries: messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle })),
        }),
      );
    }
  }
}

import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** The fields of an event that the demo counts by. */
interface QueuedEvent {
  readonly eventId: string;
  readonly event_type: string;
  readonly type: string;
  readonly dataset: string;
  readonly timelabel: string;
  readonly status?: string;
  readonly change?: string;
  readonly error?: { readonly class: string; readonly message: string } | null;
  readonly checks?: readonly {
    readonly name: string;
    readonly severity: string;
    readonly violations: number;
  }[];
}

export interface MessageCount {
  readonly what: string;
  readonly outcome: string;
  readonly count: number;
}

/** Plays the customer: takes every message from the queue and keeps one of each event. */
export class EventQueue {
  readonly #sqs: SQSClient;
  readonly #url: string;
  readonly #events = new Map<string, QueuedEvent>();
  #duplicates = 0;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();
  #problem: Error | undefined;

  constructor(sqs: SQSClient, url: string) {
    this.#sqs = sqs;
    this.#url = url;
  }

  start(): void {
    this.#loop = this.#drain().catch((error: unknown) => {
      this.#problem = error instanceof Error ? error : new Error(String(error));
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  /** Messages that repeated an event that had already been taken. */
  get duplicates(): number {
    return this.#duplicates;
  }

  get events(): readonly QueuedEvent[] {
    return [...this.#events.values()];
  }

  /** True when each of these events has arrived. */
  holds(eventIds: readonly string[]): boolean {
    return eventIds.every((id) => this.#events.has(id));
  }

  get size(): number {
    return this.#events.size;
  }

  counts(): readonly MessageCount[] {
    const counts = new Map<string, MessageCount>();
    for (const event of this.#events.values()) {
      const what = event.event_type === 'data' ? event.type : event.event_type;
      const outcome = event.status ?? event.change ?? '';
      const key = `${what} ${outcome}`;
      counts.set(key, { what, outcome, count: (counts.get(key)?.count ?? 0) + 1 });
    }
    return [...counts.values()].sort((a, b) =>
      `${a.what} ${a.outcome}` < `${b.what} ${b.outcome}` ? -1 : 1,
    );
  }

  /** Waits until `done` holds of the taken events; false when it does not within `seconds`. */
  async until(done: (events: readonly QueuedEvent[]) => boolean, seconds = 30): Promise<boolean> {
    const end = Date.now() + seconds * 1000;
    while (!done(this.events)) {
      if (this.#problem !== undefined) throw this.#problem;
      if (Date.now() > end) return false;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return true;
  }

  async #drain(): Promise<void> {
    while (!this.#stopped) {
      const received = await this.#sqs.send(
        new ReceiveMessageCommand({ QueueUrl: this.#url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      const messages = received.Messages ?? [];
      for (const { Body = '{}' } of messages) this.#take(JSON.parse(Body) as QueuedEvent);
      if (messages.length === 0) continue;
      await this.#sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: this.#url,
          Entries: messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle })),
        }),
      );
    }
  }

  #take(event: QueuedEvent): void {
    if (this.#events.has(event.eventId)) this.#duplicates += 1;
    else this.#events.set(event.eventId, event);
  }
}

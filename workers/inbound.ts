import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { ConfigStore } from '../catalog/config-store.ts';
import { readFailure } from '../client/call-failure.ts';
import { createEmitter } from '../client/index.ts';
import { NO_METER, type Meter } from '../activities/metrics.ts';
import type { Queue } from '../connectors/sqs/client.ts';
import { canonicalJson } from '../pipeline/canonical.ts';
import { inboundRouter } from '../pipeline/ids.ts';
import type { InboundSource } from '../pipeline/inbound.ts';
import type { Project } from '../pipeline/project.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import { consumeInbound } from './consume-inbound.ts';
import { deadLetterSettings, openQueue, queueAccess } from './queue-access.ts';
import { redactFields } from './redaction.ts';
import { resolveFields } from './secrets.ts';
import type { InboundTools } from './take-inbound.ts';
import type { Say } from './until-reachable.ts';

/** The consumers of this process. Any number of processes may consume the same sources. */
export interface Inbound {
  /** Consumes what the configuration names: new and changed sources begin, others end. */
  follow(project: Project): void;
  /** Takes nothing new and ends when the batches under way are done. */
  stop(): Promise<void>;
}

export interface InboundOptions {
  readonly db: pg.Pool;
  readonly client: Client;
  readonly environment: NodeJS.ProcessEnv;
  readonly say: Say;
  readonly meter?: Meter;
  /** Milliseconds for which a batch is handed to Temporal before it goes back into the queue. */
  readonly patience?: number;
}

interface Consumer {
  readonly definition: string;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** Below the visibility timeout that SQS gives a queue, 30 s: what takes longer is delivered to somebody else meanwhile. */
const PATIENCE = 20_000;
/** Milliseconds for a call that only asks whether somebody is there. */
const ANSWER = 5_000;

export function startInbound(options: InboundOptions): Inbound {
  const { db, environment, say } = options;
  const consumers = new Map<string, Consumer>();
  const configs = new ConfigStore();
  const begin = (source: InboundSource, before: Consumer | undefined): void => {
    const stop = new AbortController();
    const { open, close } = toolsOf(options, source);
    const consume = async (): Promise<void> => {
      await before?.done;
      const current = (): Promise<RoutingTable> => configs.current(db);
      const ready = (): Promise<void> => bothAnswer(options);
      const redact = (text: string): string => redactFields(text, source, environment);
      await consumeInbound({ db, source, tools: open, current, ready, say, redact, signal: stop.signal });
      close();
    };
    consumers.set(source.name, { definition: canonicalJson(source), stop, done: consume() });
    say(`Consuming inbound source ${source.name}.`);
  };
  let stopped = false;
  return {
    follow: ({ inbound: sources = [] }) => {
      if (stopped) return;
      for (const [name, { stop, definition }] of consumers) {
        const source = sources.find((each) => each.name === name);
        if (source === undefined || canonicalJson(source) !== definition) stop.abort();
      }
      for (const source of sources) {
        const before = consumers.get(source.name);
        if (before === undefined || before.stop.signal.aborted) begin(source, before);
      }
    },
    stop: async () => {
      stopped = true;
      for (const { stop } of consumers.values()) stop.abort();
      await Promise.all([...consumers.values()].map(({ done }) => done));
    },
  };
}

/** The clients of the queues are made when they are first asked for. */
function toolsOf(
  { db, client, environment, meter = NO_METER, patience = PATIENCE }: InboundOptions,
  source: InboundSource,
): { open: () => Omit<InboundTools, 'table'>; close: () => void } {
  let queues: { readonly queue: Queue; readonly deadLetters: Queue | undefined } | undefined;
  const emitter = createEmitter({ client, router: inboundRouter(source.name), timeout: patience });
  return {
    open: () => {
      queues ??= openQueues(resolveFields(source, environment));
      return {
        db,
        meter,
        emit: async (events) => {
          await emitter.emit(events);
        },
        ...queues,
      };
    },
    close: () => {
      queues?.queue.client.destroy();
      queues?.deadLetters?.client.destroy();
    },
  };
}

/** `source`: its references resolved. */
function openQueues(source: InboundSource): { queue: Queue; deadLetters: Queue | undefined } {
  const dead = deadLetterSettings(source);
  return {
    queue: openQueue(queueAccess(source)),
    deadLetters: dead === undefined ? undefined : openQueue(queueAccess(dead)),
  };
}

/** @throws an error that says which of the two is away. */
async function bothAnswer({ db, client, patience = ANSWER }: InboundOptions): Promise<void> {
  await db.query('select 1').catch((error: unknown) => {
    throw new Error(
      `The catalog does not answer: ${error instanceof Error ? error.message : String(error)}.`,
    );
  });
  const deadline = Date.now() + Math.min(ANSWER, patience);
  await client
    .withDeadline(deadline, () => client.workflowService.getSystemInfo({}))
    .catch((error: unknown) => {
      throw new Error(`Temporal does not answer: ${readFailure(error).reason}.`);
    });
}

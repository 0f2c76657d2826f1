import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { recordInboundError } from '../catalog/inbound-health.ts';
import { backOff } from '../client/back-off.ts';
import { receiveMessages } from '../connectors/sqs/receive.ts';
import { canonicalJson } from '../pipeline/canonical.ts';
import { sourceRate } from '../pipeline/inbound-limits.ts';
import type { InboundSource } from '../pipeline/inbound.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import { storableText } from '../pipeline/storable.ts';
import { takeMessages, type InboundTools } from './take-inbound.ts';
import type { Say } from './until-reachable.ts';

export interface Consuming {
  readonly db: pg.Pool;
  readonly source: InboundSource;
  /** @throws StageFailure when a reference is not set. */
  readonly tools: () => Omit<InboundTools, 'table'>;
  /** The configuration in force. What was declared a moment ago must not be refused because nobody looked. */
  readonly current: () => Promise<RoutingTable>;
  /**
   * Fails while Temporal or the catalog is away. Each message that is received and not taken counts as a failed delivery
   * in its queue, so none is received before both answer again.
   */
  readonly ready: () => Promise<unknown>;
  readonly say: Say;
  /** Takes the secrets that the source refers to out of a text. */
  readonly redact: (text: string) => string;
  readonly signal: AbortSignal;
}

/** Milliseconds to wait where the configuration has changed and this consumer has not been told. */
const CHANGING = 1_000;

/** Takes messages until the signal aborts, and goes on after failures. Ends when the batch under way is done. */
export async function consumeInbound(consuming: Consuming): Promise<void> {
  const { db, source, tools, current, ready, say, redact, signal } = consuming;
  let failures = 0;
  let told = '';
  let slowed = false;
  while (!signal.aborted) {
    try {
      if (failures > 0) await ready();
      const open = tools();
      const messages = await receiveMessages(open.queue, signal);
      const table = await current();
      if (isNamed(source, table)) {
        const wait = await takeMessages({ ...open, table }, source, messages);
        if (wait > 0 && !slowed) say(slowedText(source, wait));
        slowed = wait > 0;
        if (slowed) await pause(wait, undefined, { signal }).catch(() => undefined);
      }
      // Its messages wait in the queue for the consumer by the new definition, which is on its way.
      else await pause(CHANGING, undefined, { signal }).catch(() => undefined);
      if (failures > 0) say(`Inbound source ${source.name} is consumed again.`);
      failures = 0;
      told = '';
    } catch (error) {
      failures += 1;
      const reason = storableText(redact(error instanceof Error ? error.message : String(error)), 2_000);
      if (reason !== told)
        say(`Inbound source ${source.name}: ${sentence(reason)} Nothing is lost; trying again.`);
      told = reason;
      await recordInboundError(db, source.name, reason).catch(() => undefined);
      await pause(backOff(failures, Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }
}

function slowedText(source: InboundSource, wait: number): string {
  return `Inbound source ${source.name} brings more than ${String(sourceRate(source))} events a second (maxEventsPerSecond): it is asked again in ${String(Math.ceil(wait / 1_000))} s, and its messages wait in the queue.`;
}

/** True when the configuration still has the source as this consumer knows it. */
function isNamed(source: InboundSource, { project }: RoutingTable): boolean {
  const definition = canonicalJson(source);
  return (project.inbound ?? []).some((each) => canonicalJson(each) === definition);
}

/** Texts of SQS and of drivers end without a full stop. */
function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

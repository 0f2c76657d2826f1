import type pg from 'pg';
import { measureInbound } from '../activities/measurements.ts';
import type { Meter } from '../activities/metrics.ts';
import { keptRejection } from '../activities/read-messages.ts';
import { recordPoll } from '../catalog/inbound-health.ts';
import type { OutgoingEvent } from '../client/index.ts';
import type { Queue } from '../connectors/sqs/client.ts';
import { deleteMessages, type ReceivedMessage } from '../connectors/sqs/receive.ts';
import { inboundRouter } from '../pipeline/ids.ts';
import type { InboundSource } from '../pipeline/inbound.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import { storableText } from '../pipeline/storable.ts';
import { readInbound, type ReadInbound } from './read-inbound.ts';
import { sendDeadLetters } from './send-dead-letters.ts';

/** What a batch of messages is taken with. */
export interface InboundTools {
  readonly db: pg.Pool;
  readonly meter: Meter;
  readonly table: RoutingTable;
  /** Ends well when the Temporal server has stored all events. */
  readonly emit: (events: readonly OutgoingEvent[]) => Promise<void>;
  readonly queue: Queue;
  /** Where messages go that cannot be taken. */
  readonly deadLetters: Queue | undefined;
}

/** Most problems of one message that are spelt out. */
const SPELT_OUT = 3;

/**
 * Takes a batch: events go to the router, what cannot be taken is recorded and set aside, and only then are the messages
 * deleted. Whatever fails before, or a process that dies on the way, leaves the rest in the queue; it is delivered
 * again, and its events have the same ids. Returns for how many milliseconds the source is not asked, because of its rate. @throws EmitFailure,
 * StageFailure, or what the catalog throws.
 */
export async function takeMessages(
  { db, meter, table, emit, queue, deadLetters }: InboundTools,
  source: InboundSource,
  messages: readonly ReceivedMessage[],
): Promise<number> {
  const read = messages.map((message) => ({
    message,
    ...readInbound(source, table, message.body, message.attributes),
  }));
  const events = read.flatMap((each) => each.events);
  if (events.length > 0) await emit(events);
  const refused = read
    .filter(({ problems }) => problems.length > 0)
    .map(({ message, problems }) => ({ message, ...reasonOf(problems) }));
  const accepted = events.length;
  const ignored = read.reduce((sum, each) => sum + each.ignored, 0);
  const wait = await recordPoll(db, source, {
    messages: messages.length,
    accepted,
    ignored,
    rejections: refused.map(({ message: { body }, field, reason }) =>
      keptRejection(body, field, reason, `${inboundRouter(source.name)} ${body}`),
    ),
    lagSeconds: lagOf(messages),
  });
  measureInbound(meter, source.name, { accepted, rejected: refused.length, ignored });
  const sent =
    deadLetters === undefined
      ? { kept: new Set<ReceivedMessage>(), failure: undefined }
      : await sendDeadLetters(deadLetters, source.name, refused);
  await deleteMessages(
    queue,
    messages.filter((message) => !sent.kept.has(message)),
  );
  if (sent.failure !== undefined) throw sent.failure;
  return wait;
}

function reasonOf(problems: ReadInbound['problems']): { readonly field: string; readonly reason: string } {
  const reasons = [...new Set(problems.map(({ reason }) => reason))];
  const more = reasons.length - SPELT_OUT;
  const text = reasons.slice(0, SPELT_OUT).join(' ');
  return {
    field: problems[0]?.field ?? '',
    reason: storableText(more > 0 ? `${text} And ${String(more)} more.` : text),
  };
}

/** Seconds that the oldest of them had waited. */
function lagOf(messages: readonly ReceivedMessage[]): number {
  const now = Date.now();
  const sent = messages.flatMap(({ sentAt }) => (sentAt === null ? [] : [sentAt]));
  return Math.max(0, Math.round((now - Math.min(now, ...sent)) / 1000));
}

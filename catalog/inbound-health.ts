import type pg from 'pg';
import { inboundRouter } from '../pipeline/ids.ts';
import { sourceRate } from '../pipeline/inbound-limits.ts';
import type { InboundSource } from '../pipeline/inbound.ts';
import { pace } from '../pipeline/pace.ts';
import { inTransaction } from './connect.ts';
import { appendRejections, type RejectedMessage } from './event-log.ts';

/** What one poll of a source brought. */
export interface PolledBatch {
  readonly messages: number;
  /** Events that the source's router was handed. */
  readonly accepted: number;
  readonly ignored: number;
  readonly rejections: readonly RejectedMessage[];
  /** Seconds that the oldest message had waited. */
  readonly lagSeconds: number;
}

/**
 * Keeps what could not be taken, what the poll brought, and what the source is ahead of its rate: all or nothing. A poll that succeeds ends
 * an error. Returns for how many milliseconds whoever polled shall wait: the rate is one for all workers, and polls of a source take turns here.
 */
export async function recordPoll(db: pg.Pool, source: InboundSource, batch: PolledBatch): Promise<number> {
  const { messages, accepted, ignored, rejections, lagSeconds } = batch;
  return inTransaction(db, async (client) => {
    await appendRejections(client, rejections, inboundRouter(source.name));
    const recorded = await client.query<{ unpaid: number; elapsed: number }>({
      name: 'record-inbound-poll',
      text: `insert into reefline.inbound_source as s
               (name, last_poll_at, last_message_at, last_event_at, lag_seconds, accepted, rejected, ignored)
             values ($1, clock_timestamp(), case when $2::int > 0 then clock_timestamp() end,
                     case when $3::int > 0 then clock_timestamp() end, $6, $3, $4, $5)
             on conflict (name) do update
               set last_poll_at = excluded.last_poll_at,
                   last_message_at = coalesce(excluded.last_message_at, s.last_message_at),
                   last_event_at = coalesce(excluded.last_event_at, s.last_event_at),
                   lag_seconds = excluded.lag_seconds, accepted = s.accepted + excluded.accepted,
                   rejected = s.rejected + excluded.rejected, ignored = s.ignored + excluded.ignored,
                   error = null, error_at = null
             returning s.unpaid, coalesce(extract(epoch from clock_timestamp() - s.unpaid_at) * 1000, 0)::float8 as elapsed`,
      values: [source.name, messages, accepted, rejections.length, ignored, lagSeconds],
    });
    const { unpaid, elapsed } = recorded.rows[0] ?? { unpaid: 0, elapsed: 0 };
    const brought = accepted + rejections.length + ignored;
    const paced = pace(sourceRate(source), brought, unpaid, elapsed);
    if (brought > 0)
      await client.query({
        name: 'charge-inbound-source',
        text: 'update reefline.inbound_source set unpaid = $2, unpaid_at = clock_timestamp() where name = $1',
        values: [source.name, paced.unpaid],
      });
    return paced.wait;
  });
}

/** Keeps why a source cannot be consumed, until a poll succeeds. */
export async function recordInboundError(db: pg.Pool, source: string, error: string): Promise<void> {
  await db.query({
    name: 'record-inbound-error',
    text: `insert into reefline.inbound_source as s (name, error, error_at) values ($1, $2, clock_timestamp())
           on conflict (name) do update set error = excluded.error, error_at = excluded.error_at`,
    values: [source, error],
  });
}

/** How a source fares. */
export interface InboundHealth {
  readonly name: string;
  readonly lastPollAt: Date | null;
  readonly lastMessageAt: Date | null;
  readonly lastEventAt: Date | null;
  readonly lagSeconds: number | null;
  readonly accepted: number;
  readonly rejected: number;
  readonly ignored: number;
  readonly error: string | null;
  readonly errorAt: Date | null;
}

/** What is known of each of these sources, in their order; one that nobody has polled has only its name. */
export async function readInboundHealth(
  db: pg.Pool,
  sources: readonly string[],
): Promise<readonly InboundHealth[]> {
  const found = await db.query<InboundHealth>(
    `select n.name, s.last_poll_at as "lastPollAt", s.last_message_at as "lastMessageAt", s.last_event_at as "lastEventAt",
            s.lag_seconds as "lagSeconds", coalesce(s.accepted, 0)::float8 as accepted,
            coalesce(s.rejected, 0)::float8 as rejected, coalesce(s.ignored, 0)::float8 as ignored,
            s.error, s.error_at as "errorAt"
       from unnest($1::text[]) with ordinality n(name, position)
       left join reefline.inbound_source s on s.name = n.name order by n.position`,
    [sources],
  );
  return found.rows;
}

import type pg from 'pg';
import type { EndpointDefinition } from '../pipeline/endpoint.ts';
import type { FailureClass } from '../pipeline/failure.ts';
import type { ReeflineEvent } from '../pipeline/data-event.ts';

export interface ClaimedDelivery {
  readonly eventId: string;
  /** Place of the event in the log. */
  readonly seq: number;
  readonly attempts: number;
  readonly event: ReeflineEvent;
  /** Id of the replay that owes it once more; null for the first sending. */
  readonly replay: string | null;
}

export interface OutboxEndpoint {
  readonly definition: EndpointDefinition;
  readonly paused: boolean;
  /** False when the configuration in force lacks it: it gets what it is owed and is owed nothing new. */
  readonly active: boolean;
}

export async function readEndpoint(db: pg.Pool, name: string): Promise<OutboxEndpoint | undefined> {
  const found = await db.query<OutboxEndpoint>(
    'select definition, paused_at is not null as paused, active from reefline.endpoint where name = $1',
    [name],
  );
  return found.rows[0];
}

/*
 * A backlog may be a million rows, and grow so fast that the planner knows nothing of it yet. No plan may read all of it:
 * limits are part of the text, because a plan for any limit expects a tenth of the rows; what is claimed is found by its place
 * in the table, and its event by a look-up each; what is settled, by an answer of which the planner expects one row.
 */

/**
 * The end of a statement that claims for `$2` seconds: the deliveries at `places`, a query for their ctid, with their events in the
 * order of the log. It goes on behind `with`, or behind a comma of it.
 */
export function claimedAt(places: string): string {
  return `claimed as (
            update reefline.delivery
               set claimed_until = clock_timestamp() + make_interval(secs => $2), attempts = attempts + 1
             where ctid = any(array(${places}))
            returning event_id, attempts, seq, replay)
          select c.event_id as "eventId", c.seq::float8 as seq, c.attempts, c.replay, e.body as event
            from claimed c cross join lateral (
              select body from reefline.data_event where event_id = c.event_id limit 1) e
           order by c.seq`;
}

/** True unless a person paused the endpoint meanwhile: it is asked once for each claim. */
export const NOT_PAUSED = `exists (select 1 from reefline.endpoint where name = $1 and paused_at is null)`;

/**
 * Takes the oldest owed deliveries of an endpoint that is not paused for `seconds`; another forwarder skips them meanwhile. When the
 * process dies they are owed again after that time.
 */
export async function claimDeliveries(
  db: pg.Pool,
  endpoint: string,
  limit: number,
  seconds: number,
): Promise<readonly ClaimedDelivery[]> {
  const found = await db.query<ClaimedDelivery>({
    name: `claim-deliveries-${String(limit)}`,
    text: `with ${claimedAt(`
             select ctid from reefline.delivery
              where endpoint = $1 and status = 'owed' and next_attempt_at <= clock_timestamp()
                and (claimed_until is null or claimed_until < clock_timestamp()) and ${NOT_PAUSED}
              order by seq limit ${String(limit)} for update skip locked`)}`,
    values: [endpoint, seconds],
  });
  return found.rows;
}

export interface DeliveryOutcome {
  readonly eventId: string;
  /** That of the claim; what was owed once more since then is not marked. */
  readonly replay: string | null;
  readonly messageId: string | null;
  readonly error: { readonly failureClass: FailureClass; readonly message: string } | null;
  /** Seconds until the next attempt of one that failed; null makes it dead. */
  readonly retryIn: number | null;
}

/**
 * Marks each claimed delivery as delivered, owed again later, or dead: also one that is owed for `giveUpSeconds`; and counts the
 * call for the endpoint's health. Returns how many are dead.
 */
export async function settleDeliveries(
  db: pg.Pool,
  endpoint: string,
  outcomes: readonly DeliveryOutcome[],
  giveUpSeconds: number,
): Promise<number> {
  const failures = outcomes.flatMap(({ error }) => error ?? []);
  const settled = await db.query<{ dead: number }>({
    name: 'settle-deliveries',
    text: `with settled as (
           update reefline.delivery d
              set status = case when o.error is null then 'delivered'
                                when o.retry_in is null or owed_at + make_interval(secs => $3) < clock_timestamp() then 'dead'
                                else 'owed' end,
                  delivered_at = case when o.error is null then clock_timestamp() end,
                  first_attempt_at = coalesce(first_attempt_at, clock_timestamp()), last_attempt_at = clock_timestamp(),
                  message_id = o.message_id, last_error = o.error, error_class = o.class, claimed_until = null,
                  next_attempt_at = clock_timestamp() + make_interval(secs => coalesce(o.retry_in, 0))
             from jsonb_to_recordset($2::jsonb)
               as o(endpoint text, "eventId" text, replay text, message_id text, error text, class text, retry_in double precision)
               -- A look-up for each, which no plan can turn round: where statistics say that nobody is owed anything, the planner would read
               -- all of it for each message of the answer.
               cross join lateral (
                 select ctid as place from reefline.delivery where endpoint = o.endpoint and event_id = o."eventId" limit 1) found
            -- Always true, and one row of the answer to the planner, so that the place of each is what leads to it.
            where o.endpoint || '' = $1 and d.ctid = found.place and d.event_id || '' = o."eventId" and d.replay is not distinct from o.replay
           returning d.status),
           called as (
             insert into reefline.endpoint_health as h (endpoint, failed_calls, failing_since, last_success_at, last_failure_at, last_error, error_class)
             select $1, case when $4::int > 0 then 0 else 1 end, case when $4 = 0 then clock_timestamp() end, case when $4 > 0 then clock_timestamp() end,
                    case when $5 > 0 then clock_timestamp() end, $6::text, $7::text
              where $4::int + $5::int > 0
             on conflict (endpoint) do update
                set failed_calls = case when $4 > 0 then 0 else h.failed_calls + 1 end,
                    failing_since = case when $4 = 0 then coalesce(h.failing_since, excluded.failing_since) end,
                    last_success_at = coalesce(excluded.last_success_at, h.last_success_at),
                    last_failure_at = coalesce(excluded.last_failure_at, h.last_failure_at),
                    last_error = coalesce(excluded.last_error, h.last_error), error_class = coalesce(excluded.error_class, h.error_class)
              -- A busy endpoint that is well need not say so with each call.
              where $5 > 0 or h.failed_calls > 0 or h.last_success_at is null or h.last_success_at < clock_timestamp() - interval '1 second')
           select count(*)::int as dead from settled where status = 'dead'`,
    values: [
      endpoint,
      JSON.stringify(
        outcomes.map((o) => ({
          endpoint,
          eventId: o.eventId,
          replay: o.replay,
          message_id: o.messageId,
          error: o.error?.message,
          class: o.error?.failureClass,
          retry_in: o.retryIn,
        })),
      ),
      giveUpSeconds,
      outcomes.length - failures.length,
      failures.length,
      failures.at(-1)?.message ?? null,
      failures.at(-1)?.failureClass ?? null,
    ],
  });
  return settled.rows[0]?.dead ?? 0;
}

/** Seconds until the endpoint next owes something: 0 for now, null when it owes nothing. */
export async function nextDue(db: pg.Pool, endpoint: string): Promise<number | null> {
  const found = await db.query<{ seconds: number | null }>({
    name: 'next-due',
    // The first that is due answers; only when all that is owed waits is all of it read.
    text: `select coalesce(
             (select 0 from reefline.delivery
               where endpoint = $1 and status = 'owed' and next_attempt_at <= clock_timestamp()
                 and (claimed_until is null or claimed_until < clock_timestamp())
               order by seq limit 1),
             (select greatest(0, extract(epoch from min(greatest(next_attempt_at, coalesce(claimed_until, next_attempt_at))) - clock_timestamp()))
                from reefline.delivery where endpoint = $1 and status = 'owed'
              -- Without rows there is no time, but greatest(0, null) is 0.
              having count(*) > 0))::float8 as seconds`,
    values: [endpoint],
  });
  return found.rows[0]?.seconds ?? null;
}

import type pg from 'pg';
import { withoutSorting } from './connect.ts';
import { claimedAt, NOT_PAUSED, type ClaimedDelivery } from './outbox.ts';

/*
 * The outbox of endpoints that keep an order. The oldest owed message of each dataset is its head: while it is claimed or
 * waits for its next attempt, nothing of its dataset is taken. What concerns other datasets goes on.
 */

/** The head of each dataset, by hopping from one dataset to the next: the cost is that of the datasets, not of the messages. */
const HEADS = `with recursive head as (
  (select dataset, seq, next_attempt_at, claimed_until from reefline.delivery
    where endpoint = $1 and status = 'owed' order by dataset, seq limit 1)
  union all
  select next.* from head cross join lateral (
    select dataset, seq, next_attempt_at, claimed_until from reefline.delivery
     where endpoint = $1 and status = 'owed' and dataset > head.dataset order by dataset, seq limit 1) next)`;

/** Messages of one dataset that one claim takes at most, so that a long backlog of one leaves room for others. */
const OF_ONE_DATASET = 50;

/**
 * Takes owed messages of an endpoint that is not paused for `seconds`, of each dataset the oldest without a gap: first the heads of all datasets, then what
 * stands behind them. When the process dies they are owed again after that time. Claims of one endpoint run one after the other: two
 * that saw the same heads would otherwise both take what follows.
 */
export async function claimInOrder(
  db: pg.Pool,
  endpoint: string,
  limit: number,
  seconds: number,
): Promise<readonly ClaimedDelivery[]> {
  return withoutSorting(db, async (client) => {
    await client.query({
      name: 'lock-claim',
      text: 'select pg_advisory_xact_lock(hashtextextended($1, 7))',
      values: [endpoint],
    });
    // By "between", because of an equal dataset the planner may walk the whole backlog in the order of seq.
    const found = await client.query<ClaimedDelivery>({
      name: `claim-in-order-${String(limit)}`,
      text: `${HEADS},
             ready as (
               select dataset from head
                where next_attempt_at <= clock_timestamp() and (claimed_until is null or claimed_until < clock_timestamp())
                  and ${NOT_PAUSED}
                order by seq limit ${String(limit)}),
             ${claimedAt(`
               select d.place from ready cross join lateral (
                 select ctid as place, seq, row_number() over (order by dataset, seq) as turn from reefline.delivery
                  where endpoint = $1 and status = 'owed' and dataset between ready.dataset and ready.dataset
                   order by dataset, seq limit ${String(OF_ONE_DATASET)}) d
                order by d.turn, d.seq limit ${String(limit)}`)}`,
      values: [endpoint, seconds],
    });
    return found.rows;
  });
}

/** Gives back what was claimed and not sent, because something before it failed. */
export async function releaseDeliveries(
  db: pg.Pool,
  endpoint: string,
  eventIds: readonly string[],
): Promise<void> {
  if (eventIds.length === 0) return;
  await db.query({
    name: 'release-deliveries',
    text: `update reefline.delivery d set claimed_until = null, attempts = attempts - 1
             from (select $1::text as endpoint, unnest($2::text[]) as event_id) given
            where d.endpoint = given.endpoint and d.event_id = given.event_id and d.claimed_until is not null`,
    values: [endpoint, eventIds],
  });
}

/** Seconds until a head is due: 0 for now, null when nothing is owed. */
export async function nextDueInOrder(db: pg.Pool, endpoint: string): Promise<number | null> {
  const found = await withoutSorting(db, (client) =>
    client.query<{ seconds: number | null }>({
      name: 'next-due-in-order',
      text: `${HEADS}
             select greatest(0, extract(epoch from min(greatest(next_attempt_at, coalesce(claimed_until, next_attempt_at))) - clock_timestamp()))::float8 as seconds
               from head having count(*) > 0`,
      values: [endpoint],
    }),
  );
  return found.rows[0]?.seconds ?? null;
}

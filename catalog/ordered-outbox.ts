import type pg from 'pg';
import type { ClaimedDelivery } from './outbox.ts';

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
 * Takes owed messages for `seconds`, of each dataset the oldest without a gap: first the heads of all datasets, then what
 * stands behind them. When the process dies they are owed again after that time. Claims of one endpoint run one after the other: two
 * that saw the same heads would otherwise both take what follows.
 */
export async function claimInOrder(
  db: pg.Pool,
  endpoint: string,
  limit: number,
  seconds: number,
): Promise<readonly ClaimedDelivery[]> {
  const client = await db.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    await client.query({
      name: 'lock-claim',
      text: 'select pg_advisory_xact_lock(hashtextextended($1, 7))',
      values: [endpoint],
    });
    const found = await client.query<ClaimedDelivery>({
      name: 'claim-in-order',
      text: `${HEADS},
             ready as (
               select dataset from head
                where next_attempt_at <= clock_timestamp() and (claimed_until is null or claimed_until < clock_timestamp())
                order by seq limit $2),
             due as (
               select d.event_id from ready cross join lateral (
                 select event_id, seq, row_number() over (order by seq) as place from reefline.delivery
                  where endpoint = $1 and status = 'owed' and dataset = ready.dataset order by seq limit ${String(OF_ONE_DATASET)}) d
                order by d.place, d.seq limit $2),
             claimed as (
               update reefline.delivery d
                  set claimed_until = clock_timestamp() + make_interval(secs => $3), attempts = attempts + 1
                 from due where d.endpoint = $1 and d.event_id = due.event_id
               returning d.event_id, d.attempts, d.seq, d.replay)
             select c.event_id as "eventId", c.seq::float8 as seq, c.attempts, c.replay, e.body as event
               from claimed c join reefline.data_event e using (event_id) order by c.seq`,
      values: [endpoint, limit, seconds],
    });
    await client.query('commit');
    return found.rows;
  } catch (error) {
    broken = error as Error;
    throw error;
  } finally {
    // A connection that failed inside a transaction is closed: nobody else may find the transaction in it.
    client.release(broken);
  }
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
    text: `update reefline.delivery set claimed_until = null, attempts = attempts - 1
            where endpoint = $1 and event_id = any($2::text[]) and status = 'owed'`,
    values: [endpoint, eventIds],
  });
}

/** Seconds until a head is due: 0 for now, null when nothing is owed. */
export async function nextDueInOrder(db: pg.Pool, endpoint: string): Promise<number | null> {
  const found = await db.query<{ seconds: number | null }>({
    name: 'next-due-in-order',
    text: `${HEADS}
           select greatest(0, extract(epoch from min(greatest(next_attempt_at, coalesce(claimed_until, next_attempt_at))) - clock_timestamp()))::float8 as seconds
             from head having count(*) > 0`,
    values: [endpoint],
  });
  return found.rows[0]?.seconds ?? null;
}

import type pg from 'pg';
import { betweenDecisions } from './connect.ts';

/** Events that one step looks at; rejections that it removes at most. */
const STEP = 500;
/** Name of the mark of how far the round has come; the marks of the sweep are kinds of findings. */
const MARK = 'retention';

/** What a step found of one event. */
interface OldEvent {
  readonly seq: string;
  readonly eventId: string;
  /** False when it is too young; so are those behind it, give or take the length of a transaction. */
  readonly old: boolean;
  /** True when something of it is to be removed. */
  readonly work: boolean;
}

/**
 * The moment before which events are removed. What the sweep has not seen reported yet stays, whatever its age: it is compared with
 * the log.
 */
const CUTOFF = `least(clock_timestamp() - make_interval(secs => $1), coalesce(
  (select nullif(mark, '')::timestamptz from reefline.sweep_mark where kind = 'unreported-event'), '-infinity'))`;

/** A delivery that is over and was so before the cutoff. */
const SETTLED = `d.status in ('delivered', 'discarded') and coalesce(d.decided_at, d.delivered_at, d.owed_at) < c.cutoff`;
const DELIVERIES = `reefline.endpoint p join reefline.delivery d on d.endpoint = p.name and d.event_id = e.event_id`;

/**
 * An event that nothing is decided by. Of each label the newest event of each outcome stays, and the newest of those that others
 * heard of, so that every question for the newest of some outcomes has the answer that it had.
 */
const SPARE = `(e.event_type <> 'data' or exists (
  select 1 from reefline.data_event l
   where l.dataset = e.dataset and l.timelabel = e.timelabel and l.event_type = 'data' and l.revision > e.revision
     and l.outcome is not distinct from e.outcome and (l.propagates or not e.propagates)))`;

/**
 * Removes what is older than `seconds` of the next events of the log, in one short transaction: their verdicts, their
 * deliveries that are over, and the events that nothing is decided by. The step looks at so many rows by their place in the log,
 * however long that is. Returns whether more may be old; a round that has ended begins anew, for what was needed
 * then may be spare by now.
 */
export async function purgeStep(db: pg.Pool, seconds: number): Promise<boolean> {
  await purgeRejections(db, seconds);
  const found = await db.query<OldEvent>({
    name: 'retention-page',
    text: `with page as (
             select e.seq, e.event_id, e.event_type, e.dataset, e.timelabel, e.revision, e.outcome, e.propagates, e.received_at
               from reefline.data_event e
              where e.seq > coalesce((select mark::bigint from reefline.sweep_mark where kind = '${MARK}'), 0) order by e.seq limit ${String(STEP)})
           select e.seq::text as seq, e.event_id as "eventId", e.received_at < c.cutoff as old,
                  e.received_at < c.cutoff and (
                    exists (select 1 from reefline.verdict v where v.event_id = e.event_id)
                    or exists (select 1 from ${DELIVERIES} where ${SETTLED})
                    or (${SPARE} and not exists (select 1 from ${DELIVERIES}))) as work
             from page e cross join (select ${CUTOFF} as cutoff) c order by e.seq`,
    values: [seconds],
  });
  const last = found.rows.at(-1);
  const more = found.rows.length === STEP && last?.old === true;
  const ids = found.rows.filter(({ work }) => work).map(({ eventId }) => eventId);
  // Between decisions nobody reads, repeats or replays the events that go.
  if (ids.length > 0) await betweenDecisions(db, (client) => purge(client, ids, seconds));
  await db.query({
    name: 'write-retention-mark',
    text: `insert into reefline.sweep_mark (kind, mark) values ('${MARK}', $1)
           on conflict (kind) do update set mark = excluded.mark where sweep_mark.mark <> excluded.mark`,
    values: [more ? last.seq : '0'],
  });
  return more;
}

async function purge(client: pg.PoolClient, ids: readonly string[], seconds: number): Promise<void> {
  await client.query({
    name: 'purge-verdicts',
    text: 'delete from reefline.verdict where event_id = any($1::text[])',
    values: [ids],
  });
  await client.query({
    name: 'purge-deliveries',
    text: `delete from reefline.delivery d using reefline.endpoint p, (select ${CUTOFF} as cutoff) c
            where d.endpoint = p.name and d.event_id = any($2::text[]) and ${SETTLED}`,
    values: [seconds, ids],
  });
  await client.query({
    name: 'purge-events',
    text: `delete from reefline.data_event e
            where e.event_id = any($1::text[]) and ${SPARE} and not exists (select 1 from ${DELIVERIES})`,
    values: [ids],
  });
}

async function purgeRejections(db: pg.Pool, seconds: number): Promise<void> {
  await db.query({
    name: 'purge-rejections',
    text: `delete from reefline.rejected_event where fingerprint in (
             select fingerprint from reefline.rejected_event
              where last_received_at < ${CUTOFF} order by last_received_at limit ${String(STEP)})`,
    values: [seconds],
  });
}

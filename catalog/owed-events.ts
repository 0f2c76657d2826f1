import type pg from 'pg';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';

/** A ledger row that owes events, and those of them that the log lacks. */
export interface OwedEvents {
  readonly pipeline: string;
  readonly stage: string;
  readonly timelabel: Timelabel;
  readonly revision: number;
  /** When it began to owe them, as the database writes it, and how many seconds ago that was. */
  readonly since: string;
  readonly age: number;
  readonly events: readonly ReeflineEvent[];
}

/** A transaction may write a row that is this much older than its commit, in seconds. */
const SLOWEST_COMMIT = 600;

/**
 * Rows whose events are not all in the log, of those that ended since `mark` (the beginning, when absent) and are old
 * enough, the oldest first. `next` goes on after the last of them when there may be more; `upTo` is the mark from which
 * to look the next time when all of these have been reported.
 */
export async function readOwedEvents(
  db: pg.Pool,
  mark: string | undefined,
  age: number,
  limit: number,
): Promise<{ readonly rows: readonly OwedEvents[]; readonly next: string | null; readonly upTo: string }> {
  const found = await db.query<{ up_to: string; row: OwedEvents | null }>({
    name: 'read-owed-events',
    text: `with bounds as (
             select coalesce($1::timestamptz, '-infinity') as low, clock_timestamp() - make_interval(secs => $2) as high),
           ended as (
             select r.pipeline, r.stage, r.timelabel, r.revision, r.closed_at as since, r.events
               from bounds b join reefline.stage_run r on r.closed_at >= b.low and r.closed_at < b.high
              where r.events is not null
             union all
             select r.pipeline, r.stage, r.timelabel, r.revision, r.late_at, jsonb_build_array(r.late_event)
               from bounds b join reefline.stage_run r on r.late_at >= b.low and r.late_at < b.high
              where r.late_event is not null),
           owed as (
             select e.pipeline, e.stage, e.timelabel, e.revision, e.since::text as since,
                    extract(epoch from clock_timestamp() - e.since)::float8 as age, e.events
               from ended e
              where exists (select 1 from jsonb_array_elements(e.events) one
                             where not exists (select 1 from reefline.data_event d where d.event_id = one->>'eventId'))
              order by e.since limit $3)
           select (b.high - make_interval(secs => $4))::text as up_to, to_jsonb(o) as row from bounds b left join owed o on true order by o.since::timestamptz`,
    values: [mark ?? null, age, limit, SLOWEST_COMMIT],
  });
  const rows = found.rows.flatMap(({ row }) => row ?? []);
  const next = rows.length < limit ? null : (rows.at(-1)?.since ?? null);
  return { rows, next, upTo: next ?? found.rows[0]?.up_to ?? '-infinity' };
}

/** Which of these ids are in the log, and which of these fingerprints among what was rejected. */
export async function readReceived(
  db: pg.Pool,
  ids: readonly string[],
  fingerprints: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length + fingerprints.length === 0) return new Set();
  const found = await db.query<{ key: string }>({
    name: 'read-received',
    text: `select event_id as key from reefline.data_event where event_id = any($1::text[])
           union all select fingerprint from reefline.rejected_event where fingerprint = any($2::text[])`,
    values: [ids, fingerprints],
  });
  return new Set(found.rows.map(({ key }) => key));
}

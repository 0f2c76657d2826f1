import type pg from 'pg';
import type { MissingInput } from '../pipeline/completeness.ts';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import type { LabelPair } from '../pipeline/number-events.ts';
import type { Trigger } from '../pipeline/opening.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';

/*
 * What looks as if it had been left undone. Each query is bounded and walks an index; whether it is a finding is decided
 * by who asks, who also looks at Temporal. Ages are in seconds, on the clock of the database.
 */

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

/** A run that is open in the ledger. */
export interface OpenRun {
  readonly stage: string;
  readonly timelabel: Timelabel;
  readonly revision: number;
  readonly status: 'WAITING' | 'RUNNING';
  readonly trigger: Trigger;
  readonly configVersion: number;
  /** True when the label is held by a pause or a limit. */
  readonly held: boolean;
  /** Of a waiting run, what it lacked when it last looked. */
  readonly missing: readonly MissingInput[] | null;
}

const OPEN_RUN = `r.stage, r.timelabel, r.revision, r.status, r.trigger, r.config_version as "configVersion", r.missing,
                  exists (select 1 from reefline.held_run h where h.stage = r.stage and h.timelabel = r.timelabel) as held`;

/** The next open runs after a (stage, label), in that order, that have been open for some time. */
export async function readOpenRuns(
  db: pg.Pool | pg.PoolClient,
  after: { readonly stage: string; readonly timelabel: string },
  statuses: readonly OpenRun['status'][],
  age: number,
  limit: number,
): Promise<readonly OpenRun[]> {
  const found = await db.query<OpenRun>({
    name: 'read-open-runs',
    text: `select ${OPEN_RUN} from reefline.stage_run r
            where r.status in ('WAITING', 'RUNNING') and (r.stage, r.timelabel) > ($1, $2) and r.status = any($3::text[])
              and r.opened_at < clock_timestamp() - make_interval(secs => $4)
            order by r.stage, r.timelabel limit $5`,
    values: [after.stage, after.timelabel, statuses, age, limit],
  });
  return found.rows;
}

/** Which of the labels have an event in the log, of whatever outcome: their positions. */
export async function loggedLabels(db: pg.Pool, labels: readonly LabelPair[]): Promise<ReadonlySet<number>> {
  if (labels.length === 0) return new Set();
  const found = await db.query<{ position: number }>({
    name: 'logged-labels',
    text: `select w.position::int as position
             from unnest($1::text[], $2::text[]) with ordinality w(dataset, timelabel, position)
            where exists (select 1 from reefline.data_event e
                           where e.dataset = w.dataset and e.timelabel = w.timelabel and e.event_type = 'data')`,
    values: [labels.map(({ dataset }) => dataset), labels.map(({ timelabel }) => timelabel)],
  });
  return new Set(found.rows.map(({ position }) => position - 1));
}

/** Those of the given runs that are in the ledger as they were: what ended meanwhile is left out. */
export async function stillOpen<Run extends Pick<OpenRun, 'stage' | 'timelabel' | 'revision' | 'status'>>(
  db: pg.Pool,
  runs: readonly Run[],
): Promise<readonly Run[]> {
  if (runs.length === 0) return [];
  const found = await db.query<{ position: number }>({
    name: 'still-open',
    text: `select w.position::int as position
             from unnest($1::text[], $2::text[], $3::int[], $4::text[]) with ordinality w(stage, timelabel, revision, status, position)
             join reefline.stage_run r using (stage, timelabel, revision, status)`,
    values: [
      runs.map(({ stage }) => stage),
      runs.map(({ timelabel }) => timelabel),
      runs.map(({ revision }) => revision),
      runs.map(({ status }) => status),
    ],
  });
  const open = new Set(found.rows.map(({ position }) => position));
  return runs.filter((_, at) => open.has(at + 1));
}

/** When the newest of the given events came, as an age in seconds; null when none is in the log. */
export async function ageOfNewest(db: pg.Pool, eventIds: readonly string[]): Promise<number | null> {
  const found = await db.query<{ age: number | null }>({
    name: 'age-of-newest-event',
    text: `select extract(epoch from clock_timestamp() - max(received_at))::float8 as age
             from reefline.data_event where event_id = any($1::text[])`,
    values: [eventIds],
  });
  return found.rows[0]?.age ?? null;
}

/** A label that a pause held, and that no pause holds any more. */
export interface FreeHold {
  readonly stage: string;
  readonly timelabel: Timelabel;
  readonly trigger: Trigger;
  readonly request: string | null;
}

export async function readFreeHolds(db: pg.Pool, age: number, limit: number): Promise<readonly FreeHold[]> {
  const found = await db.query<FreeHold>({
    name: 'read-free-holds',
    text: `select h.stage, h.timelabel, h.trigger, h.request from reefline.held_run h
            where h.cause = 'paused' and h.held_at < clock_timestamp() - make_interval(secs => $1)
              and not exists (select 1 from reefline.pause p where p.scope in (h.stage, split_part(h.stage, '.', 1)))
            order by h.timelabel, h.stage limit $2`,
    values: [age, limit],
  });
  return found.rows;
}

/** A hold of a pause becomes one of the limit of restated labels, for a person to release. */
export async function holdByLimit(client: pg.PoolClient, hold: FreeHold): Promise<void> {
  await client.query({
    name: 'hold-by-limit',
    text: `update reefline.held_run set cause = 'storm' where stage = $1 and timelabel = $2`,
    values: [hold.stage, hold.timelabel],
  });
}

/** How many deliveries are counted at most. */
const COUNTED = 1_000;

/** Endpoints with deliveries that have been due for some time and are with no forwarder. */
export async function readDueEndpoints(
  db: pg.Pool,
  age: number,
): Promise<readonly { readonly endpoint: string; readonly due: number }[]> {
  const found = await db.query<{ endpoint: string; due: number }>({
    name: 'read-due-endpoints',
    text: `select e.name as endpoint, d.due from reefline.endpoint e
            cross join lateral (select count(*)::int as due from (
              select 1 from reefline.delivery
               where endpoint = e.name and status = 'owed'
                 and next_attempt_at < clock_timestamp() - make_interval(secs => $1)
                 and (claimed_until is null or claimed_until < clock_timestamp())
               limit $2) owed) d
            where d.due > 0 order by e.name`,
    values: [age, COUNTED],
  });
  return found.rows;
}

/** Backfills that have not ended, and the turn that their items were last started in. */
export async function readUnfinishedBackfills(
  db: pg.Pool,
  age: number,
  limit: number,
): Promise<readonly { readonly id: string; readonly status: string; readonly turn: number }[]> {
  const found = await db.query<{ id: string; status: string; turn: number }>({
    name: 'read-unfinished-backfills',
    text: `select b.id, b.status, coalesce((select max(i.turn) from reefline.backfill_item i where i.backfill = b.id), 0) as turn
             from reefline.backfill b
            where b.status in ('running', 'paused', 'cancelling')
              and b.created_at < clock_timestamp() - make_interval(secs => $1)
            order by b.id limit $2`,
    values: [age, limit],
  });
  return found.rows;
}

/** Those of the (stage, label) pairs that neither a pause nor a limit holds. */
export async function withoutHeld<Label extends { readonly stage: string; readonly timelabel: string }>(
  db: pg.Pool,
  labels: readonly Label[],
): Promise<readonly Label[]> {
  if (labels.length === 0) return [];
  const found = await db.query<{ position: number }>({
    name: 'labels-that-are-held',
    text: `select w.position::int as position
             from unnest($1::text[], $2::text[]) with ordinality w(stage, timelabel, position)
             join reefline.held_run h using (stage, timelabel)`,
    values: [labels.map(({ stage }) => stage), labels.map(({ timelabel }) => timelabel)],
  });
  const held = new Set(found.rows.map(({ position }) => position));
  return labels.filter((_, at) => !held.has(at + 1));
}

/** How many seconds ago the configuration in force was applied. */
export async function ageOfConfig(db: pg.Pool): Promise<number> {
  const found = await db.query<{ age: number }>({
    name: 'age-of-config',
    text: `select extract(epoch from clock_timestamp() - applied_at)::float8 as age
             from reefline.config_version order by version desc limit 1`,
  });
  return found.rows[0]?.age ?? 0;
}

import type pg from 'pg';
import type { MissingInput } from '../pipeline/completeness.ts';
import type { LabelPair } from '../pipeline/number-events.ts';
import type { Trigger } from '../pipeline/opening.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';

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

/** A run that waited, and that waits no more although its inputs have not come. */
export interface GivenUpRun extends Pick<OpenRun, 'stage' | 'timelabel' | 'revision'> {
  /** True when a person skipped it, false when a config version closed it. */
  readonly skipped: boolean;
}

/** Waiting runs that ended within the last hour without having run, and that nothing newer of their label followed. */
export async function readGivenUpLately(
  db: pg.Pool,
  age: number,
  limit: number,
): Promise<readonly GivenUpRun[]> {
  const found = await db.query<GivenUpRun>({
    name: 'read-given-up-lately',
    // What was skipped without having waited opened as it ended.
    text: `select r.stage, r.timelabel, r.revision, r.status = 'SKIPPED' as skipped from reefline.stage_run r
            where (r.status = 'CLOSED' or (r.status = 'SKIPPED' and r.events is not null and r.opened_at < r.closed_at))
              and r.closed_at > clock_timestamp() - interval '1 hour'
              and r.closed_at < clock_timestamp() - make_interval(secs => $1)
              and not exists (select 1 from reefline.stage_run n
                               where n.stage = r.stage and n.timelabel = r.timelabel and n.revision > r.revision)
            order by r.stage, r.timelabel limit $2`,
    values: [age, limit],
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

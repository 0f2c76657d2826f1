import type pg from 'pg';
import type { Column } from '../pipeline/column.ts';
import type { MissingInput } from '../pipeline/completeness.ts';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import type { RunStatus } from '../pipeline/opening.ts';
import type { Outcome } from '../pipeline/outcome.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';
import type { TraceContext } from '../pipeline/traceparent.ts';
import { CATALOG_TIME } from './clock.ts';
import { CAUSES_OF_RUN } from './run-causes.ts';

/** Names one revision of one (stage, label) in the ledger. */
export interface RunKey {
  readonly stage: string;
  readonly timelabel: string;
  readonly revision: number;
}

export interface BegunRun {
  readonly configVersion: number;
  readonly inputs: readonly { dataset: string; timelabel: Timelabel; revision: number; uri: string | null }[];
  readonly knownColumns: readonly Column[] | null;
  /** Seconds since an event opened the run, at its first attempt; null otherwise, and for runs of a backfill. */
  readonly openedSeconds: number | null;
}

/**
 * Claims an open run for one attempt, and returns what was fixed when it opened. Returns undefined when the run is not
 * open any more: it ended, and this call is a late repetition.
 */
export async function beginRun(
  db: pg.Pool,
  key: RunKey,
  attempt: number,
  temporalRunId: string,
): Promise<BegunRun | undefined> {
  const found = await db.query<{
    config_version: number;
    inputs: BegunRun['inputs'];
    columns: readonly Column[] | null;
    opened: number | null;
  }>({
    name: 'begin-run',
    text: `with begun as (
             update reefline.stage_run set started_at = coalesce(started_at, clock_timestamp()), attempt = $4, temporal_run_id = $5
              where stage = $1 and timelabel = $2 and revision = $3 and status = 'RUNNING'
             returning config_version, dataset,
                       case when $4 = 1 and trigger = 'event' and backfill is null
                            then extract(epoch from clock_timestamp() - opened_at)::float8 end as opened)
           select b.config_version, b.opened,
                  (select coalesce(jsonb_agg(jsonb_build_object('dataset', i.dataset, 'timelabel', i.input_label,
                            'revision', i.input_revision, 'uri', e.body->>'uri') order by i.dataset, i.input_label), '[]')
                     from reefline.run_input i left join reefline.data_event e on e.event_id = i.event_id
                    where i.stage = $1 and i.timelabel = $2 and i.revision = $3) as inputs,
                  (select columns from reefline.dataset_schema s where s.dataset = b.dataset order by version desc limit 1) as columns
             from begun b`,
    values: [key.stage, key.timelabel, key.revision, attempt, temporalRunId],
  });
  const [row] = found.rows;
  return row === undefined
    ? undefined
    : {
        configVersion: row.config_version,
        inputs: row.inputs,
        knownColumns: row.columns,
        openedSeconds: row.opened,
      };
}

export interface LedgerRun {
  readonly status: RunStatus;
  readonly configVersion: number;
  readonly causedBy: readonly string[];
  readonly trigger: string;
  readonly openedAt: Date;
  readonly startedAt: Date | null;
  /** The attempt that began last, and the execution that it is of; null before the first. */
  readonly attempt: number | null;
  readonly temporalRunId: string | null;
  readonly events: readonly ReeflineEvent[] | null;
  readonly knownColumns: readonly Column[] | null;
  /** `PARTIAL` when it opened with less than all its inputs, which are then in `missing`. */
  readonly outcome: Outcome | null;
  readonly missing: readonly MissingInput[] | null;
  /** True when the label was reported late, missing or partial before. */
  readonly late: boolean;
  readonly propagates: boolean;
  readonly backfill: string | null;
  /** True when somebody else reported a newer revision of the label since the run opened. */
  readonly overtaken: boolean;
  /** That of the event that brought the run about; null without one. */
  readonly context: TraceContext | null;
  /** When this was read, by the clock of the catalog. Milliseconds since the Unix epoch. */
  readonly readAt: number;
}

/** Reads a run and locks its row until the transaction ends. */
export async function lockRun(client: pg.PoolClient, key: RunKey): Promise<LedgerRun | undefined> {
  const found = await client.query<{
    status: RunStatus;
    config_version: number;
    caused_by: string[];
    trigger: string;
    opened_at: Date;
    started_at: Date | null;
    attempt: number | null;
    temporal_run_id: string | null;
    events: ReeflineEvent[] | null;
    columns: readonly Column[] | null;
    outcome: Outcome | null;
    missing: readonly MissingInput[] | null;
    late: boolean;
    propagates: boolean;
    backfill: string | null;
    overtaken: boolean;
    context: TraceContext | null;
    read_at: number;
  }>({
    name: 'lock-run',
    text: `select status, config_version, caused_by, trigger, opened_at, started_at, attempt, temporal_run_id, events, outcome, missing, late_at is not null as late,
                  propagates, backfill, ${CATALOG_TIME} as read_at,
                  exists (select 1 from reefline.data_event e where e.dataset = r.dataset and e.timelabel = r.timelabel
                             and e.event_type = 'data' and e.revision > r.revision) as overtaken,
                  (select jsonb_strip_nulls(jsonb_build_object('traceparent', body->'traceparent', 'tracestate', body->'tracestate'))
                     from reefline.data_event
                    where event_id = (select e.event_id ${CAUSES_OF_RUN} order by e.seq desc limit 1)) as context,
                  (select columns from reefline.dataset_schema s where s.dataset = r.dataset order by version desc limit 1) as columns
             from reefline.stage_run r where stage = $1 and timelabel = $2 and revision = $3 for update`,
    values: [key.stage, key.timelabel, key.revision],
  });
  const [row] = found.rows;
  if (row === undefined) return undefined;
  return {
    status: row.status,
    configVersion: row.config_version,
    causedBy: row.caused_by,
    trigger: row.trigger,
    openedAt: row.opened_at,
    startedAt: row.started_at,
    attempt: row.attempt,
    temporalRunId: row.temporal_run_id,
    events: row.events,
    knownColumns: row.columns,
    outcome: row.outcome,
    missing: row.missing,
    late: row.late,
    propagates: row.propagates,
    backfill: row.backfill,
    overtaken: row.overtaken,
    context: row.context,
    readAt: row.read_at,
  };
}

export interface LatestRun {
  readonly revision: number;
  readonly status: RunStatus;
  readonly outcome: Outcome | null;
  readonly vector: string;
  readonly events: readonly ReeflineEvent[] | null;
  /** Config version whose definition a waiting run keeps. */
  readonly pinned: number | null;
  /** The one that it opened under. */
  readonly configVersion: number;
}

/** The newest revision of a (stage, label), whatever became of it. */
export async function latestRun(
  client: pg.PoolClient,
  stage: string,
  timelabel: string,
): Promise<LatestRun | undefined> {
  const found = await client.query<LatestRun>({
    name: 'latest-run',
    text: `select revision, status, outcome, vector, events, pinned, config_version as "configVersion" from reefline.stage_run
            where stage = $1 and timelabel = $2 order by revision desc limit 1`,
    values: [stage, timelabel],
  });
  return found.rows[0];
}

/** Ends a run with the events that it owes. They stay in the ledger, so that they can be sent again. */
export async function endRun(
  client: pg.PoolClient,
  key: RunKey,
  status: 'SUCCESS' | 'FAILURE' | 'SUPERSEDED',
  outcome: Outcome | null,
  events: readonly ReeflineEvent[],
): Promise<void> {
  await client.query({
    name: 'end-run',
    text: `update reefline.stage_run set status = $4, outcome = $5, closed_at = clock_timestamp(), events = $6::jsonb
            where stage = $1 and timelabel = $2 and revision = $3`,
    values: [key.stage, key.timelabel, key.revision, status, outcome, JSON.stringify(events)],
  });
}

/** Reports that a waiting run is late. It goes on waiting, and what it will make is newer than the report. */
export async function markLate(client: pg.PoolClient, key: RunKey, event: ReeflineEvent): Promise<void> {
  await client.query({
    name: 'mark-late',
    text: `update reefline.stage_run set late_at = clock_timestamp(), late_event = $4::jsonb, revision = revision + 1
            where stage = $1 and timelabel = $2 and revision = $3 and status = 'WAITING'`,
    values: [key.stage, key.timelabel, key.revision, JSON.stringify(event)],
  });
}

/** What was reported when the newest run of the label became late, or null. */
export async function lateEvent(
  client: pg.PoolClient,
  stage: string,
  timelabel: string,
): Promise<ReeflineEvent | null> {
  const found = await client.query<{ late_event: ReeflineEvent | null }>({
    name: 'late-event',
    text: `select late_event from reefline.stage_run
            where stage = $1 and timelabel = $2 order by revision desc limit 1`,
    values: [stage, timelabel],
  });
  return found.rows[0]?.late_event ?? null;
}

/**
 * The newest columns of a dataset, locked until the transaction ends, so that of several labels that see a change at
 * once the first one reports it and the others find it known.
 */
export async function lockColumns(client: pg.PoolClient, dataset: string): Promise<readonly Column[] | null> {
  // Two statements: one that waits for the lock still sees what was committed before it began to wait.
  await client.query({
    name: 'lock-columns',
    text: 'select pg_advisory_xact_lock(hashtextextended($1, 1))',
    values: [dataset],
  });
  const found = await client.query<{ columns: readonly Column[] }>({
    name: 'newest-columns',
    text: 'select columns from reefline.dataset_schema where dataset = $1 order by version desc limit 1',
    values: [dataset],
  });
  return found.rows[0]?.columns ?? null;
}

/** Records the columns of a dataset as its newest schema version. The caller holds `lockColumns`. */
export async function recordColumns(
  client: pg.PoolClient,
  dataset: string,
  columns: readonly Column[],
  seen: RunKey,
): Promise<void> {
  await client.query({
    name: 'record-columns',
    text: `insert into reefline.dataset_schema (dataset, version, columns, timelabel, revision)
           select $1, coalesce(max(version), 0) + 1, $2::jsonb, $3, $4 from reefline.dataset_schema where dataset = $1`,
    values: [dataset, JSON.stringify(columns), seen.timelabel, seen.revision],
  });
}

import type pg from 'pg';
import type { EventError } from '../pipeline/data-event.ts';

/** One revision of a (stage, label) as people see it. */
export interface RunView {
  readonly stage: string;
  readonly pipeline: string;
  readonly dataset: string;
  readonly timelabel: string;
  readonly revision: number;
  readonly status: string;
  /** Finer than the status; null while the run is open. */
  readonly outcome: string | null;
  readonly trigger: string;
  readonly backfill: string | null;
  /** False when its event starts no dependents. */
  readonly propagates: boolean;
  readonly configVersion: number;
  readonly attempt: number;
  readonly openedAt: Date;
  readonly startedAt: Date | null;
  readonly closedAt: Date | null;
  readonly deadline: Date | null;
  readonly lateAt: Date | null;
  readonly rows: number | null;
  readonly error: EventError | null;
}

/** Columns of RunView, of the table `reefline.stage_run r`. */
const RUN_COLUMNS = `r.stage, r.pipeline, r.dataset, r.timelabel, r.revision, r.status, coalesce(r.outcome, ended.event->>'outcome') as outcome,
  r.trigger, r.backfill, r.propagates, r.config_version as "configVersion", r.attempt,
  r.opened_at as "openedAt", r.started_at as "startedAt", r.closed_at as "closedAt", r.deadline, r.late_at as "lateAt",
  (ended.event->>'rows')::float8 as rows, nullif(ended.event->'error', 'null') as error`;

/** The data event that the run itself reported. */
const ENDED = `left join lateral (select e as event from jsonb_array_elements(r.events) e where e->>'event_type' = 'data' limit 1) ended on true`;

export interface RunFilter {
  readonly stage?: string;
  readonly pipeline?: string;
  /** A status or an outcome. */
  readonly status?: string;
  readonly label?: string;
  /** First label, inclusive, and last label, exclusive. */
  readonly from?: string;
  readonly to?: string;
}

/** The newest runs that fit, the last one opened first. */
export async function listRuns(db: pg.Pool, filter: RunFilter, limit: number): Promise<readonly RunView[]> {
  const found = await db.query<RunView>({
    name: 'list-runs',
    text: `select ${RUN_COLUMNS} from reefline.stage_run r ${ENDED}
            where ($1::text is null or r.stage = $1) and ($2::text is null or r.pipeline = $2)
              and ($3::text is null or r.status = $3 or coalesce(r.outcome, ended.event->>'outcome') = $3)
              and ($4::text is null or r.timelabel = $4)
              and ($5::text is null or r.timelabel >= $5) and ($6::text is null or r.timelabel < $6)
            order by r.opened_at desc, r.stage, r.timelabel desc, r.revision desc limit $7`,
    values: [
      filter.stage ?? null,
      filter.pipeline ?? null,
      filter.status ?? null,
      filter.label ?? null,
      filter.from ?? null,
      filter.to ?? null,
      limit,
    ],
  });
  return found.rows;
}

export interface RunInputView {
  readonly dataset: string;
  readonly timelabel: string;
  readonly revision: number;
  readonly eventId: string;
}

/** What a waiting run lacks, as the ledger keeps it for people. */
export interface MissingView {
  readonly dataset: string;
  readonly timelabel: string;
  readonly why?: string;
}

export interface RunDetail extends RunView {
  readonly inputs: readonly RunInputView[];
  readonly missing: readonly MissingView[];
  /** Events that led to the opening. */
  readonly causedBy: readonly string[];
  readonly temporalRunId: string | null;
}

/** All revisions of a (stage, label), the first one first. */
export async function readRun(db: pg.Pool, stage: string, timelabel: string): Promise<readonly RunDetail[]> {
  const found = await db.query<RunDetail>({
    name: 'read-run',
    text: `select ${RUN_COLUMNS}, r.caused_by as "causedBy", r.temporal_run_id as "temporalRunId",
                  coalesce(r.missing, '[]'::jsonb) as missing,
                  (select coalesce(jsonb_agg(jsonb_build_object('dataset', i.dataset, 'timelabel', i.input_label,
                            'revision', i.input_revision, 'eventId', i.event_id) order by i.dataset, i.input_label), '[]')
                     from reefline.run_input i
                    where i.stage = r.stage and i.timelabel = r.timelabel and i.revision = r.revision) as inputs
             from reefline.stage_run r ${ENDED}
            where r.stage = $1 and r.timelabel = $2 order by r.revision`,
    values: [stage, timelabel],
  });
  return found.rows;
}

/** What was decided about a (stage, label), and by whom. */
export interface RunNote {
  readonly revision: number | null;
  readonly decision: string;
  readonly reason: string;
  readonly actor: string | null;
  readonly configVersion: number | null;
  readonly notedAt: Date;
}

/** The notes of a (stage, label), the oldest first. */
export async function readRunNotes(
  db: pg.Pool,
  stage: string,
  timelabel: string,
): Promise<readonly RunNote[]> {
  const found = await db.query<RunNote>({
    name: 'read-run-notes',
    text: `select revision, decision, reason, actor, config_version as "configVersion", noted_at as "notedAt"
             from reefline.run_note where stage = $1 and timelabel = $2 order by seq`,
    values: [stage, timelabel],
  });
  return found.rows;
}

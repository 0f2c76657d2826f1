import type pg from 'pg';
import type { LedgerState, RunStatus } from '../pipeline/opening.ts';
import type { Outcome } from '../pipeline/outcome.ts';
import type { Target } from '../pipeline/routing.ts';
import { CATALOG_TIME } from './clock.ts';

/** What the ledger says of a target before it is decided. */
export interface TargetState extends LedgerState {
  /** True when a worker has begun the open run. */
  readonly begun: boolean;
  /** Config version whose definition a waiting run keeps. */
  readonly pinned: number | null;
  /** True when a pause or a limit holds the label. */
  readonly held: boolean;
  /** When this was read, by the clock of the catalog. Milliseconds since the Unix epoch. */
  readonly readAt: number;
}

/** Reads the newest run of each target, what was last taken up, and whether a pause or a limit concerns it. */
export async function readLedgers(
  client: pg.PoolClient,
  targets: readonly Target[],
): Promise<readonly TargetState[]> {
  const found = await client.query<{
    revision: number | null;
    status: RunStatus | null;
    outcome: Outcome | null;
    vector: string | null;
    request: string | null;
    deadline: Date | null;
    late: boolean | null;
    propagates: boolean | null;
    overtaken: boolean;
    begun: boolean | null;
    pinned: number | null;
    accepted_vector: string | null;
    highest: number;
    pause: { scope: string; by: string; reason: string; since: string } | null;
    restated: number | null;
    held: boolean;
    read_at: number;
  }>({
    name: 'read-ledgers',
    text: `select r.revision, r.status, r.outcome, r.vector, r.request, r.deadline, r.late_at is not null as late, r.propagates,
                  coalesce(e.revision > r.revision, false) and exists (select 1 from reefline.run_note n
                    where n.stage = t.stage and n.timelabel = t.timelabel and n.revision = r.revision and n.decision = 'overtaken') as overtaken,
                  r.started_at is not null as begun, r.pinned, s.vector as accepted_vector,
                  greatest(coalesce(r.revision, 0), coalesce(e.revision, 0)) as highest, p.pause, c.restated,
                  h.stage is not null as held, ${CATALOG_TIME} as read_at
             from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[])
                  with ordinality t(stage, timelabel, output, pipeline, limited, position)
             left join lateral (select * from reefline.stage_run
               where stage = t.stage and timelabel = t.timelabel order by revision desc limit 1) r on true
             left join lateral (select vector from reefline.stage_run
               where stage = t.stage and timelabel = t.timelabel and status in ('SUCCESS', 'SKIPPED')
               order by revision desc limit 1) s on true
             left join lateral (select revision from reefline.data_event
               where dataset = t.output and timelabel = t.timelabel and event_type = 'data'
               order by revision desc limit 1) e on true
             left join lateral (select jsonb_build_object('scope', scope, 'by', paused_by, 'reason', reason, 'since',
                 to_char(paused_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) as pause
               from reefline.pause where scope in (t.stage, t.pipeline) order by length(scope) desc limit 1) p on true
             left join lateral (select count(distinct timelabel)::int as restated from reefline.stage_run
               where t.limited and stage = t.stage and timelabel <> t.timelabel and restates and opened_at > clock_timestamp() - interval '24 hours') c on true
             left join reefline.held_run h on h.stage = t.stage and h.timelabel = t.timelabel
            order by t.position`,
    values: [
      targets.map((t) => t.stage.id),
      targets.map((t) => t.timelabel),
      targets.map((t) => t.stage.output),
      targets.map((t) => t.stage.pipeline),
      targets.map((t) => t.stage.maxRestatedLabels !== undefined),
    ],
  });
  return found.rows.map((row): TargetState => ({
    latest:
      row.revision === null || row.status === null
        ? null
        : {
            revision: row.revision,
            status: row.status,
            outcome: row.outcome,
            vector: row.vector ?? '',
            request: row.request,
            deadline: row.deadline?.getTime() ?? null,
            late: row.late === true,
            only: row.propagates === false,
            overtaken: row.overtaken,
          },
    acceptedVector: row.accepted_vector,
    highestRevision: row.highest,
    paused: row.pause,
    restatedLabels: row.restated,
    begun: row.begun === true,
    pinned: row.status === 'WAITING' ? row.pinned : null,
    held: row.held,
    readAt: row.read_at,
  }));
}

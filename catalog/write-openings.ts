import type pg from 'pg';
import type { OpeningRequest } from '../pipeline/opening.ts';
import type { Target } from '../pipeline/routing.ts';
import { inputsThere, labelCount } from '../pipeline/verdict.ts';
import type { OpenedTarget } from './opened-target.ts';

/** What whoever asked for the openings wants to be remembered with them. */
export interface OpeningMarks {
  /** False when the run's event must not start dependents. */
  readonly propagates: boolean;
  readonly backfill: string | null;
  readonly actor: string | null;
  readonly reason: string | null;
}

/** Where a target comes from. */
export interface OpeningOrigin {
  /** Event ids that brought the target here. */
  readonly causes: (target: Target) => readonly string[];
  /** True of an event that had been logged before: a run that waits already is not there because of it. */
  readonly isRepeated?: (eventId: string) => boolean;
  /** The backfill that all these events belong to. */
  readonly backfillOf?: (target: Target) => string | undefined;
}

export const NO_MARKS: OpeningMarks = { propagates: true, backfill: null, actor: null, reason: null };

/** Gives waiting runs the revision after one that somebody else reported meanwhile. */
export async function moveReservations(
  client: pg.PoolClient,
  opened: readonly OpenedTarget[],
): Promise<void> {
  for (const { stage, timelabel, opening, state } of opened) {
    const { latest } = state;
    if (latest?.status !== 'WAITING' || latest.revision === opening.revision) continue;
    await client.query({
      name: 'move-reservation',
      text: `update reefline.stage_run set revision = $4
              where stage = $1 and timelabel = $2 and revision = $3 and status = 'WAITING'`,
      values: [stage.id, timelabel, latest.revision, opening.revision],
    });
  }
}

/** Writes what was decided: runs and waiting runs, labels that are held, and a note of each that is new. */
export async function writeOpenings(
  client: pg.PoolClient,
  opened: readonly OpenedTarget[],
  request: OpeningRequest,
  marks: OpeningMarks,
  origin: OpeningOrigin,
): Promise<void> {
  const rows = opened.flatMap((target) => rowOf(target, origin, request, marks));
  if (rows.length === 0) return;
  const written = await client.query<{ count: number }>({
    name: 'write-openings',
    text: `with decided as (
             select * from jsonb_to_recordset($1::jsonb)
               as r(stage text, timelabel text, revision int, status text, held text, free boolean, note text, reason text, asking text, pipeline text, dataset text,
                    vector text, config_version int, restates boolean, outcome text, deadline timestamptz, late boolean,
                    missing jsonb, caused_by jsonb, inputs jsonb, backfill text)),
           notes as (
             insert into reefline.run_note (stage, timelabel, revision, decision, reason, actor, config_version)
             select stage, timelabel, revision, note, reason, $5, config_version from decided d
              where note is not null
                and (held is null or not exists (select 1 from reefline.held_run h
                  where h.stage = d.stage and h.timelabel = d.timelabel and h.cause = d.held))
                and (note <> 'asked' or not exists (select 1 from (
                  select n.actor, n.reason from reefline.run_note n
                   where n.stage = d.stage and n.timelabel = d.timelabel and n.decision in ('asked', 'waiting')
                   order by n.seq desc limit 1) n where n.actor is not distinct from $5 and right(n.reason, length(asking)) = asking))),
           holding as (
             insert into reefline.held_run (stage, timelabel, cause, trigger, request)
             select stage, timelabel, held, $2, $3 from decided where held is not null
             on conflict (stage, timelabel) do update set cause = excluded.cause where held_run.cause <> excluded.cause),
           freed as (
             delete from reefline.held_run h using decided d
              where d.free and h.stage = d.stage and h.timelabel = d.timelabel),
           runs as (
             insert into reefline.stage_run (stage, timelabel, revision, status, pipeline, dataset, vector, caused_by, config_version,
                                             trigger, request, propagates, backfill, restates, outcome, deadline, late_at, missing)
             select stage, timelabel, revision, status, pipeline, dataset, vector,
                    array(select jsonb_array_elements_text(caused_by)), config_version, $2, $3, $4, backfill, restates, outcome, deadline,
                    case when late then clock_timestamp() end, missing
               from decided where status is not null
             on conflict (stage, timelabel, revision) do update
               set status = excluded.status, vector = excluded.vector, config_version = excluded.config_version,
                   caused_by = array(select distinct c from unnest(stage_run.caused_by || excluded.caused_by) c order by c),
                   request = coalesce(excluded.request, stage_run.request),
                   propagates = case when $2 = 'event' then stage_run.propagates else excluded.propagates end,
                   backfill = coalesce(excluded.backfill, stage_run.backfill),
                   restates = excluded.restates, outcome = excluded.outcome, missing = excluded.missing,
                   opened_at = case when excluded.status = 'RUNNING' then clock_timestamp() else stage_run.opened_at end
               where stage_run.status = 'WAITING'
             returning 1),
           inputs as (
             insert into reefline.run_input (stage, timelabel, revision, dataset, input_label, input_revision, event_id)
             select o.stage, o.timelabel, o.revision, i->>'dataset', i->>'timelabel', (i->>'revision')::int, i->>'eventId'
               from decided o, jsonb_array_elements(o.inputs) i
             on conflict do nothing)
           select count(*)::int as count from runs`,
    values: [JSON.stringify(rows), request.trigger, request.rerun, marks.propagates, marks.actor],
  });
  // An apply that closes waiting runs does not take the labels' locks. What was decided from a row that it has closed
  // meanwhile is decided again: whoever called tries again.
  const meant = rows.filter((row) => 'status' in row).length;
  if (written.rows[0]?.count !== meant)
    throw new Error('A configuration was applied while these runs were opened; they are looked at again.');
}

function rowOf(
  target: OpenedTarget,
  origin: OpeningOrigin,
  { trigger }: OpeningRequest,
  marks: OpeningMarks,
): object[] {
  const { stage, timelabel, opening, state, configVersion } = target;
  const waits = state.latest?.status === 'WAITING';
  const causes = origin.causes(target).filter((id) => !(waits && origin.isRepeated?.(id) === true));
  const base = {
    stage: stage.id,
    timelabel,
    revision: opening.revision,
    pipeline: stage.pipeline,
    dataset: stage.output,
    config_version: configVersion,
    vector: '',
    caused_by: causes,
    backfill: marks.backfill ?? origin.backfillOf?.(target) ?? null,
    inputs: [],
    restates: false,
    late: false,
    // Whatever is decided of a held label but to hold it on ends the holding.
    free: state.held && opening.kind !== 'paused' && opening.kind !== 'held',
  };
  const because = marks.reason === null ? '' : `: ${marks.reason}`;
  switch (opening.kind) {
    case 'nothing-new':
      return base.free ? [base] : [];
    case 'paused': {
      const { scope, reason } = opening.pause;
      return [{ ...base, held: 'paused', note: 'paused', reason: `${scope} is paused: ${reason}` }];
    }
    case 'held': {
      const reason = `events have restated ${labelCount(opening.limit)} of the stage within 24 hours (max_restated_labels)`;
      return [{ ...base, held: 'storm', note: 'held', reason }];
    }
    case 'waiting': {
      const row = {
        ...base,
        status: 'WAITING',
        deadline: opening.deadline === null ? null : new Date(opening.deadline).toISOString(),
        late: wasLate(state),
        missing: opening.missing,
      };
      const asking = `(${trigger})${because}`;
      const reason = `${inputsThere(opening)} ${asking}`;
      const asked = marks.actor !== null || marks.reason !== null;
      if (waits && !asked) return [row];
      // A run that looks again carries the request that it waits with: only another one is noted.
      return [{ ...row, note: waits ? 'asked' : 'waiting', reason, asking }];
    }
    case 'run': {
      if (opening.alreadyOpen) return [];
      const { vector, inputs, partial } = opening;
      const restates = opening.restates && trigger === 'event' && !target.ordered;
      const missing = partial ? opening.missing : null;
      const row = { ...base, status: 'RUNNING', vector, inputs, restates, missing, late: wasLate(state) };
      const reason = `${trigger}, ${partial ? 'with the inputs that were there at the deadline' : 'with all its inputs'}${because}`;
      return [{ ...row, outcome: partial ? 'PARTIAL' : null, note: 'opened', reason }];
    }
  }
}

/** True when the label was reported late, missing or partial and has not been made whole since. */
export function wasLate({ latest }: OpenedTarget['state']): boolean {
  if (latest === null) return false;
  if (latest.outcome === 'MISSING' || latest.outcome === 'PARTIAL') return true;
  return latest.late && latest.status !== 'SUCCESS';
}

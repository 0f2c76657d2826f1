import type pg from 'pg';
import type {
  BackfillFact,
  CheckFact,
  HeldFact,
  NoteFact,
  ProducerRun,
} from '../pipeline/explanation-facts.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import { isOnGrid, type Timelabel } from '../pipeline/timelabel.ts';
import { readPauses } from './pauses.ts';
import type { Pause } from '../pipeline/opening.ts';
import { runOf } from './why-heads.ts';

const BACKFILLS = 5;

/** Every pause that is in force. */
export async function readPauseFacts(client: pg.PoolClient): Promise<readonly Pause[]> {
  return (await readPauses(client)).map(({ scope, pausedBy, reason, since }) => ({
    scope,
    by: pausedBy,
    reason,
    since,
  }));
}

export async function readHeld(
  client: pg.PoolClient,
  stage: string,
  timelabel: string,
): Promise<HeldFact | null> {
  const found = await client.query<HeldFact>({
    name: 'why-held',
    text: `select cause, held_at as since from reefline.held_run where stage = $1 and timelabel = $2`,
    values: [stage, timelabel],
  });
  return found.rows[0] ?? null;
}

/** Backfills that a run of the label was part of, and those that have not finished it; newest first. */
export async function readBackfillFacts(
  client: pg.PoolClient,
  stage: string,
  timelabel: string,
): Promise<readonly BackfillFact[]> {
  const found = await client.query<BackfillFact>({
    name: 'why-backfills',
    text: `with open as (
             select backfill, state from reefline.backfill_item
              where stage = $1 and timelabel = $2 and state in ('planned', 'running', 'waiting')),
           ids as (
             select backfill as id from open
             union select backfill from reefline.stage_run where stage = $1 and timelabel = $2 and backfill is not null)
           select b.id, b.status, b.created_by as "createdBy", b.created_at as "createdAt", b.reason, o.state as item
             from ids join reefline.backfill b using (id) left join open o on o.backfill = b.id
            order by b.created_at desc limit $3`,
    values: [stage, timelabel, BACKFILLS],
  });
  return found.rows;
}

type CheckRow = Partial<ProducerRun> & {
  readonly stage: string;
  readonly judgement: (Omit<NoteFact, 'notedAt'> & { readonly notedAt: string }) | null;
};

/** How the blocking checks of a dataset see a label. */
export async function readCheckFacts(
  client: pg.PoolClient,
  table: RoutingTable,
  dataset: string,
  timelabel: Timelabel,
): Promise<readonly CheckFact[]> {
  const checks = [...table.stages.values()].filter(
    ({ work, period }) =>
      work.kind === 'check' && work.blocking && work.from === dataset && isOnGrid(period, timelabel),
  );
  if (checks.length === 0) return [];
  const found = await client.query<CheckRow>({
    name: 'why-checks',
    text: `select c.stage, r.revision, r.status, coalesce(r.outcome, ended.event->>'outcome') as outcome, r.opened_at as "openedAt",
                  r.started_at as "startedAt", r.closed_at as "closedAt", r.late_at as "lateAt", r.attempt,
                  nullif(ended.event->'error', 'null') as error, n.note as judgement
             from unnest($1::text[]) c(stage)
             left join lateral (select * from reefline.stage_run
               where stage = c.stage and timelabel = $2 order by revision desc limit 1) r on true
             left join lateral (select e as event from jsonb_array_elements(r.events) e
               where e->>'event_type' = 'data' limit 1) ended on true
             left join lateral (select jsonb_build_object('revision', revision, 'decision', decision, 'reason', reason, 'actor', actor,
                 'configVersion', config_version, 'notedAt', to_char(noted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as note
               from reefline.run_note where stage = c.stage and timelabel = $2 and revision = r.revision
                and decision in ('released', 'rejected') order by seq desc limit 1) n on true
            order by c.stage`,
    values: [checks.map(({ id }) => id), timelabel],
  });
  return found.rows.map(({ stage, judgement, ...row }) => ({
    stage,
    run: runOf(row),
    judgement: judgement === null ? null : { ...judgement, notedAt: new Date(judgement.notedAt) },
  }));
}

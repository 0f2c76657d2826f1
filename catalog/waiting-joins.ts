import type pg from 'pg';
import { deadlineOf } from '../pipeline/deadline.ts';
import { changesJoin, joinEffect, type JoinEffect, type WaitingPolicy } from '../pipeline/join-effect.ts';
import type { Trigger } from '../pipeline/opening.ts';
import type { Project } from '../pipeline/project.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';
import { readTime } from './clock.ts';
import { readVersionInForce } from './config-history.ts';
import { betweenDecisions } from './connect.ts';

/** From one config version to the next, and what the waiting joins between them shall do. */
export interface ConfigStep {
  readonly before: Project;
  readonly after: Project;
  readonly policy: WaitingPolicy;
}

/** A waiting join that a config step concerns, and what becomes of it. */
export interface AffectedJoin {
  readonly stage: string;
  readonly timelabel: Timelabel;
  readonly revision: number;
  /** Version whose definition it keeps from an earlier step. */
  readonly pinned: number | null;
  readonly trigger: Trigger;
  readonly effect: JoinEffect;
}

/**
 * The waiting joins that the step concerns, sorted by stage and label: those of stages that the new project lacks or
 * whose conditions it changes. With `lock` they stay as they are until the transaction ends.
 */
export async function readAffectedJoins(
  db: pg.Pool | pg.PoolClient,
  step: ConfigStep,
  lock: 'lock' | 'look',
): Promise<readonly AffectedJoin[]> {
  const before = new Map(step.before.stages.map((stage) => [stage.id, stage]));
  const after = new Map(step.after.stages.map((stage) => [stage.id, stage]));
  const changed = step.after.stages.filter((stage) => {
    const old = before.get(stage.id);
    return old !== undefined && changesJoin(old, stage);
  });
  const found = await db.query<Omit<AffectedJoin, 'effect'>>({
    name: `${lock}-affected-joins`,
    text: `select stage, timelabel, revision, pinned, trigger from reefline.stage_run
            where status = 'WAITING' and (stage = any($1::text[]) or stage <> all($2::text[]))
            order by stage, timelabel, revision ${lock === 'lock' ? 'for update' : ''}`,
    values: [changed.map(({ id }) => id), [...after.keys()]],
  });
  return found.rows.flatMap((row) => {
    const effect = joinEffect(row.timelabel, before.get(row.stage), after.get(row.stage), step.policy);
    return effect === undefined ? [] : [{ ...row, effect }];
  });
}

export interface SettledJoins {
  readonly closed: number;
  readonly kept: number;
  readonly reEvaluated: number;
}

/**
 * Closes, pins or frees the waiting joins that a step from `base` to `version` concerns, each with a note. Calling it
 * again finds only joins that a transaction under the older version has opened meanwhile.
 */
export async function settleJoins(
  client: pg.PoolClient,
  step: ConfigStep,
  base: number,
  version: number,
  actor: string,
): Promise<SettledJoins> {
  const affected = await readAffectedJoins(client, step, 'lock');
  const stages = new Map(step.after.stages.map((stage) => [stage.id, stage]));
  if (affected.length === 0) return { closed: 0, kept: 0, reEvaluated: 0 };
  const now = await readTime(client);
  const rows = affected.map((join) => settledRow(join, stages.get(join.stage), { base, version, now }));
  const effects = await writeSettled(client, rows, base, version, actor);
  const count = (effect: JoinEffect): number => effects.filter((settled) => settled === effect).length;
  return { closed: count('closed'), kept: count('kept'), reEvaluated: count('re-evaluated') };
}

/**
 * Closes waiting joins of stages that are not in force: a transaction that began under an older version can open one
 * right after a newer version was stored. Returns how many.
 */
export async function closeRemovedJoins(pool: pg.Pool, actor: string): Promise<number> {
  return betweenDecisions(pool, async (client) => {
    const inForce = await readVersionInForce(client);
    if (inForce === undefined) return 0;
    const { project, version } = inForce;
    const step: ConfigStep = { before: project, after: project, policy: 're-evaluate' };
    return (await settleJoins(client, step, version, version, actor)).closed;
  });
}

function settledRow(
  { stage, timelabel, revision, trigger, effect }: AffectedJoin,
  after: StageDefinition | undefined,
  { base, version, now }: { readonly base: number; readonly version: number; readonly now: number },
): object {
  const row = { stage, timelabel, revision, effect };
  const since = `config version ${String(version)}`;
  switch (effect) {
    case 'closed':
      return {
        ...row,
        reason:
          after === undefined
            ? `stage ${stage} was removed by ${since}`
            : `${timelabel} is not the start of an interval of ${stage}, whose labels cover ${after.period} each since ${since}`,
      };
    case 'kept':
      return {
        ...row,
        reason: `${since} changed what ${stage} waits for; this label keeps version ${String(base)}`,
      };
    case 're-evaluated': {
      const deadline = after === undefined ? null : deadlineOf(after, timelabel, trigger, now);
      return {
        ...row,
        reason: `${since} changed what ${stage} waits for; this label looks again`,
        dataset: after?.output,
        deadline: deadline === null ? null : new Date(deadline).toISOString(),
      };
    }
  }
}

/** A join that keeps an older definition already is left alone, and so is one that has looked under the new version. */
async function writeSettled(
  client: pg.PoolClient,
  rows: readonly object[],
  base: number,
  version: number,
  actor: string,
): Promise<readonly JoinEffect[]> {
  const written = await client.query<{ effect: JoinEffect }>({
    name: 'settle-joins',
    text: `with settled as (
             select s.* from jsonb_to_recordset($1::jsonb)
                      as s(stage text, timelabel text, revision int, effect text, reason text, dataset text, deadline timestamptz)
               join reefline.stage_run r using (stage, timelabel, revision)
              where r.status = 'WAITING'
                and (s.effect = 'closed' or r.config_version <= $2)
                and (s.effect <> 'kept' or r.pinned is null)
                and not exists (select 1 from reefline.run_note n
                                 where n.stage = s.stage and n.timelabel = s.timelabel and n.revision = s.revision
                                   and n.decision = s.effect and n.config_version = $3)),
           notes as (
             insert into reefline.run_note (stage, timelabel, revision, decision, reason, actor, config_version)
             select stage, timelabel, revision, effect, reason, $4, $3 from settled)
           update reefline.stage_run r
              set status = case when s.effect = 'closed' then 'CLOSED' else r.status end,
                  closed_at = case when s.effect = 'closed' then clock_timestamp() else r.closed_at end,
                  pinned = case when s.effect = 'kept' then $2::int end,
                  dataset = coalesce(s.dataset, r.dataset),
                  deadline = case when s.effect = 're-evaluated' and r.late_at is null then s.deadline else r.deadline end
             from settled s
            where r.stage = s.stage and r.timelabel = s.timelabel and r.revision = s.revision
           returning s.effect`,
    values: [JSON.stringify(rows), base, version, actor],
  });
  return written.rows.map(({ effect }) => effect);
}

import type pg from 'pg';
import type { Project } from '../pipeline/project.ts';
import { isOnGrid, type Timelabel } from '../pipeline/timelabel.ts';

/** Held labels and pauses that a project has no use for. */
export interface LeftBehind {
  readonly held: readonly { readonly stage: string; readonly timelabel: Timelabel }[];
  /** `orders` or `orders.load_orders` */
  readonly pauses: readonly string[];
}

/** What `removeLeftBehind` would remove now. */
export async function readLeftBehind(db: pg.Pool, project: Project): Promise<LeftBehind> {
  const held = await db.query<LeftBehind['held'][number]>({
    name: 'read-held-runs',
    text: 'select stage, timelabel from reefline.held_run order by stage, timelabel',
  });
  const pauses = await db.query<{ scope: string }>({
    name: 'read-pauses-left-behind',
    text: 'select scope from reefline.pause where scope <> all($1::text[]) order by scope',
    values: [scopesOf(project)],
  });
  return { held: withoutStage(held.rows, project), pauses: pauses.rows.map(({ scope }) => scope) };
}

/**
 * Removes held labels and pauses that mean nothing under the new version: of stages and pipelines that it lacks, and
 * labels that are no interval of a stage any more. Each leaves a note; the one of a pause has no timelabel.
 */
export async function removeLeftBehind(
  client: pg.PoolClient,
  project: Project,
  version: number,
  actor: string,
): Promise<void> {
  await removeHeld(client, project, version, actor);
  await client.query({
    name: 'remove-pauses-left-behind',
    text: `with removed as (
             delete from reefline.pause where scope <> all($1::text[]) returning scope, reason)
           insert into reefline.run_note (stage, timelabel, decision, reason, actor, config_version)
           select scope, '', 'pause removed',
                  'the pause (' || reason || ') went with ' || scope || ', which config version ' || $2::int || ' does not have', $3, $2
             from removed`,
    values: [scopesOf(project), version, actor],
  });
}

async function removeHeld(
  client: pg.PoolClient,
  project: Project,
  version: number,
  actor: string,
): Promise<void> {
  const held = await client.query<LeftBehind['held'][number]>({
    name: 'lock-held-runs',
    text: 'select stage, timelabel from reefline.held_run order by stage, timelabel for update',
  });
  const gone = withoutStage(held.rows, project);
  if (gone.length === 0) return;
  await client.query({
    name: 'remove-held-left-behind',
    text: `with gone as (
             select * from jsonb_to_recordset($1::jsonb) as g(stage text, timelabel text)),
           removed as (
             delete from reefline.held_run h using gone g
              where h.stage = g.stage and h.timelabel = g.timelabel returning h.stage, h.timelabel, h.cause)
           insert into reefline.run_note (stage, timelabel, decision, reason, actor, config_version)
           select stage, timelabel, 'dropped',
                  'it was held (' || cause || ') and is no label of a stage in config version ' || $2::int, $3, $2 from removed`,
    values: [JSON.stringify(gone), version, actor],
  });
}

/** Every scope that can be paused. */
function scopesOf(project: Project): readonly string[] {
  return [...project.pipelines, ...project.stages.map(({ id }) => id)];
}

function withoutStage(held: LeftBehind['held'], project: Project): LeftBehind['held'] {
  const stages = new Map(project.stages.map((stage) => [stage.id, stage]));
  return held.filter(({ stage, timelabel }) => {
    const definition = stages.get(stage);
    return definition === undefined || !isOnGrid(definition.period, timelabel);
  });
}

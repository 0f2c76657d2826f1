import type pg from 'pg';
import type { Trigger } from '../pipeline/opening.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';

/** A label that would have run, and what keeps it. */
export interface HeldRun {
  readonly stage: string;
  readonly timelabel: Timelabel;
  readonly cause: 'paused' | 'storm';
  readonly trigger: Trigger;
  readonly request: string | null;
  /** ISO instant. */
  readonly since: string;
}

/** What a scope, `pipeline` or `pipeline.stage`, holds, oldest label first. */
export async function readHeldRuns(
  db: pg.Pool | pg.PoolClient,
  scope: string,
  cause: HeldRun['cause'],
): Promise<readonly HeldRun[]> {
  const found = await db.query<Omit<HeldRun, 'since'> & { held_at: Date }>(
    `select stage, timelabel, cause, trigger, request, held_at from reefline.held_run
      where cause = $2 and (stage = $1 or starts_with(stage, $1 || '.')) order by timelabel, stage`,
    [scope, cause],
  );
  return found.rows.map(({ held_at: at, ...run }) => ({ ...run, since: at.toISOString() }));
}

/** Forgets held labels whose fate is decided. */
export async function dropHeldRuns(
  client: pg.PoolClient,
  runs: readonly { readonly stage: string; readonly timelabel: string }[],
): Promise<void> {
  await client.query({
    name: 'drop-held-runs',
    text: `delete from reefline.held_run h using unnest($1::text[], $2::text[]) d(stage, timelabel)
            where h.stage = d.stage and h.timelabel = d.timelabel`,
    values: [runs.map(({ stage }) => stage), runs.map(({ timelabel }) => timelabel)],
  });
}

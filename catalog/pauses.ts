import type pg from 'pg';

export interface PausedScope {
  readonly scope: string;
  readonly pausedBy: string;
  readonly reason: string;
  /** ISO instant. */
  readonly since: string;
}

/** Pauses a pipeline or a stage. One that is paused stays paused as it was: the first reason is the one that counts. */
export async function pauseScope(
  db: pg.Pool,
  scope: string,
  by: string,
  reason: string,
): Promise<{ readonly paused: PausedScope; readonly already: boolean }> {
  const inserted = await db.query(
    `insert into reefline.pause (scope, paused_by, reason) values ($1, $2, $3) on conflict (scope) do nothing`,
    [scope, by, reason],
  );
  const [paused] = (await readPauses(db)).filter((one) => one.scope === scope);
  // Between the two statements somebody may have resumed it; then it is as if that came after.
  const now = paused ?? { scope, pausedBy: by, reason, since: new Date().toISOString() };
  return { paused: now, already: inserted.rowCount === 0 };
}

export async function readPauses(db: pg.Pool | pg.PoolClient): Promise<readonly PausedScope[]> {
  const found = await db.query<{ scope: string; paused_by: string; reason: string; paused_at: Date }>(
    'select scope, paused_by, reason, paused_at from reefline.pause order by scope',
  );
  return found.rows.map(({ scope, paused_by: pausedBy, reason, paused_at: at }) => ({
    scope,
    pausedBy,
    reason,
    since: at.toISOString(),
  }));
}

/** Ends a pause; false when there was none. */
export async function endPause(client: pg.PoolClient, scope: string): Promise<boolean> {
  const deleted = await client.query('delete from reefline.pause where scope = $1', [scope]);
  return deleted.rowCount === 1;
}

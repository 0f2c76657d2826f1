import type pg from 'pg';

/** A pause of an endpoint, as it was asked for first. */
export interface EndpointPause {
  readonly pausedBy: string;
  readonly pausedAt: Date;
  readonly reason: string;
}

/** Pauses an endpoint. One that is paused stays paused as it was: the first reason is the one that counts. */
export async function pauseEndpoint(
  db: pg.Pool | pg.PoolClient,
  endpoint: string,
  by: string,
  reason: string,
): Promise<{ readonly pause: EndpointPause; readonly already: boolean }> {
  const found = await db.query<EndpointPause & { already: boolean }>(
    `with before as (select name, paused_at is not null as already from reefline.endpoint where name = $1 for no key update)
     update reefline.endpoint e
        set paused_at = coalesce(e.paused_at, clock_timestamp()), paused_by = coalesce(e.paused_by, $2), pause_reason = coalesce(e.pause_reason, $3)
       from before b where e.name = b.name
     returning e.paused_by as "pausedBy", e.paused_at as "pausedAt", e.pause_reason as reason, b.already`,
    [endpoint, by, reason],
  );
  const [row] = found.rows;
  if (row === undefined) throw new Error(`There is no endpoint "${endpoint}".`);
  const { already, ...pause } = row;
  return { pause, already };
}

/** Ends a pause; false when there was none. */
export async function resumeEndpoint(db: pg.Pool | pg.PoolClient, endpoint: string): Promise<boolean> {
  const ended = await db.query(
    `update reefline.endpoint set paused_at = null, paused_by = null, pause_reason = null where name = $1 and paused_at is not null`,
    [endpoint],
  );
  return ended.rowCount === 1;
}

/** How many messages an endpoint is owed. */
export async function countOwed(db: pg.Pool, endpoint: string): Promise<number> {
  const found = await db.query<{ count: number }>(
    `select count(*)::int as count from reefline.delivery where endpoint = $1 and status = 'owed'`,
    [endpoint],
  );
  return found.rows[0]?.count ?? 0;
}

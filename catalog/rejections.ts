import type pg from 'pg';

export interface Rejection {
  readonly receivedAt: Date;
  readonly router: string;
  readonly field: string;
  readonly reason: string;
  readonly raw: string;
}

/** The newest messages that were no event, newest first. */
export async function readRejections(db: pg.Pool, limit: number): Promise<readonly Rejection[]> {
  const found = await db.query<{
    last_received_at: Date;
    router: string;
    field: string;
    reason: string;
    raw: string;
  }>(
    `select last_received_at, router, field, reason, raw from reefline.rejected_event order by last_received_at desc limit $1`,
    [limit],
  );
  return found.rows.map(({ last_received_at, ...row }) => ({ receivedAt: last_received_at, ...row }));
}

import type pg from 'pg';

/** More than an event names. */
const CAUSES = 100;

/** Ids of the newest events that count for a label and came after it was last opened: what would have it made again. */
export async function readHeldCauses(
  client: pg.PoolClient,
  stage: string,
  timelabel: string,
): Promise<readonly string[]> {
  const found = await client.query<{ event_id: string }>({
    name: 'held-causes',
    text: `select event_id from reefline.verdict
            where stage = $1 and timelabel = $2 and verdict in ('held', 'joined')
              and decided_at > coalesce((select max(opened_at) from reefline.stage_run
                where stage = $1 and timelabel = $2 and status <> 'WAITING'), '-infinity')
            order by decided_at desc, event_id limit $3`,
    values: [stage, timelabel, CAUSES],
  });
  return found.rows.map(({ event_id: id }) => id);
}

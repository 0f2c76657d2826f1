import type pg from 'pg';
import type { TracedEvent } from '../pipeline/happening.ts';
import { traceContext } from '../pipeline/traceparent.ts';

/** More than an event names. */
const CAUSES = 100;

/** The newest events that count for a label and came after it was last opened: what would have it made again. */
export async function readHeldCauses(
  client: pg.PoolClient,
  stage: string,
  timelabel: string,
): Promise<readonly TracedEvent[]> {
  const found = await client.query<{
    event_id: string;
    traceparent: string | null;
    tracestate: string | null;
  }>({
    name: 'held-causes',
    text: `select v.event_id, e.body->>'traceparent' as traceparent, e.body->>'tracestate' as tracestate
             from reefline.verdict v join reefline.data_event e using (event_id)
            where v.stage = $1 and v.timelabel = $2 and v.verdict in ('held', 'joined')
              and v.decided_at > coalesce((select max(opened_at) from reefline.stage_run
                where stage = $1 and timelabel = $2 and status <> 'WAITING'), '-infinity')
            order by v.decided_at desc, v.event_id limit $3`,
    values: [stage, timelabel, CAUSES],
  });
  return found.rows.map(({ event_id: eventId, ...context }) => ({ eventId, ...traceContext(context) }));
}

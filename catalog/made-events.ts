import type pg from 'pg';
import type { RunKey } from './run-ledger.ts';

/** An event that says which run made it. */
export interface ClaimedEvent extends RunKey {
  readonly eventId: string;
}

/** Of these events those that the ledger has with the run that they name, and the config version of that run. */
export async function readMadeEvents(
  client: pg.PoolClient,
  events: readonly ClaimedEvent[],
): Promise<ReadonlyMap<string, number>> {
  if (events.length === 0) return new Map();
  const found = await client.query<{ event_id: string; config_version: number }>({
    name: 'read-made-events',
    text: `select c.event_id, r.config_version
             from unnest($1::text[], $2::text[], $3::text[], $4::int[]) c(event_id, stage, timelabel, revision)
            cross join lateral (select config_version, events, late_event from reefline.stage_run
              where stage = c.stage and timelabel = c.timelabel and revision = c.revision limit 1) r
            where r.events @> jsonb_build_array(jsonb_build_object('eventId', c.event_id)) or r.late_event->>'eventId' = c.event_id`,
    values: [
      events.map(({ eventId }) => eventId),
      events.map(({ stage }) => stage),
      events.map(({ timelabel }) => timelabel),
      events.map(({ revision }) => revision),
    ],
  });
  return new Map(found.rows.map((row) => [row.event_id, row.config_version]));
}

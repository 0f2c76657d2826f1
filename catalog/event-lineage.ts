import type pg from 'pg';
import type { EventLineage } from '../pipeline/open-lineage.ts';

/**
 * What is known of these data events beyond what they say themselves, by event id: the datasets that their runs read, the period of
 * their stages, and the columns that their datasets had when they arrived.
 */
export async function readEventLineage(
  db: pg.Pool | pg.PoolClient,
  eventIds: readonly string[],
): Promise<ReadonlyMap<string, EventLineage>> {
  const found = await db.query<EventLineage & { readonly eventId: string }>({
    name: 'event-lineage',
    text: `select e.event_id as "eventId", s.period,
                  (select d.columns from reefline.dataset_schema d
                    where d.dataset = e.dataset and d.seen_at <= e.received_at
                    order by d.version desc limit 1) as columns,
                  coalesce(
                    (select jsonb_agg(jsonb_build_object('dataset', dataset,
                              'labels', jsonb_build_object('first', first, 'last', last, 'count', count)) order by dataset)
                       from (select i.dataset, min(i.input_label) as first, max(i.input_label) as last, count(*)
                               from reefline.run_input i
                              where i.stage = e.stage and i.timelabel = e.timelabel and i.revision = e.revision
                              group by i.dataset) read),
                    case when s.kind = 'extract'
                         then jsonb_build_array(jsonb_build_object('dataset', s.definition->'work'->>'from')) end,
                    '[]') as inputs
             from reefline.data_event e
             left join reefline.stage s
                    on s.id = e.stage and s.config_version = (e.body->>'configVersion')::bigint
            where e.event_id = any($1) and e.event_type = 'data'`,
    values: [eventIds],
  });
  return new Map(found.rows.map(({ eventId, ...lineage }) => [eventId, lineage]));
}

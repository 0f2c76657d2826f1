import type pg from 'pg';
import type { RefusedFact } from '../pipeline/explanation-facts.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import type { RunKey } from './run-ledger.ts';

/** Refused labels that are read; the first of them are told. */
const REFUSED = 20;

/**
 * What a run was made of, directly or through other runs, in exactly the revision that the newest run of a blocking
 * check quarantined or a person rejected since.
 */
export async function readRefusedFacts(
  client: pg.PoolClient,
  table: RoutingTable,
  { stage, timelabel, revision }: RunKey,
): Promise<readonly RefusedFact[]> {
  const checks = [...table.stages.values()].flatMap(({ id, work }) =>
    work.kind === 'check' && work.blocking && id !== stage ? [{ id, from: work.from }] : [],
  );
  if (checks.length === 0) return [];
  const found = await client.query<RefusedFact>({
    name: 'why-refused',
    text: `with recursive made as (
             select dataset, input_label, input_revision, event_id
               from reefline.run_input where stage = $1 and timelabel = $2 and revision = $3
             union
             select i.dataset, i.input_label, i.input_revision, i.event_id
               from made m
               join reefline.data_event e on e.event_id = m.event_id
               join reefline.run_input i on i.stage = e.stage and i.timelabel = e.timelabel and i.revision = e.revision)
           select m.dataset, m.input_label as timelabel, m.input_revision as revision, c.stage as check,
                  r.outcome = 'REJECTED' as rejected, n.actor, n.reason, nullif(r.event->'error', 'null') as error,
                  coalesce(r.closed_at, r.opened_at) as at
             from unnest($4::text[], $5::text[]) c(stage, dataset)
             join made m using (dataset)
            cross join lateral (
              select s.revision, s.opened_at, s.closed_at, ended.event, coalesce(s.outcome, ended.event->>'outcome') as outcome
                from reefline.stage_run s
                left join lateral (select e as event from jsonb_array_elements(s.events) e
                  where e->>'event_type' = 'data' limit 1) ended on true
               where s.stage = c.stage and s.timelabel = m.input_label order by s.revision desc limit 1) r
             join reefline.run_input seen on seen.stage = c.stage and seen.timelabel = m.input_label and seen.revision = r.revision
               and seen.dataset = m.dataset and seen.input_label = m.input_label and seen.input_revision = m.input_revision
             left join lateral (select actor, reason from reefline.run_note
               where stage = c.stage and timelabel = m.input_label and revision = r.revision and decision = 'rejected'
               order by seq desc limit 1) n on true
            where r.outcome in ('QUARANTINED', 'REJECTED')
            order by m.dataset, m.input_label, c.stage limit $6`,
    values: [stage, timelabel, revision, checks.map(({ id }) => id), checks.map(({ from }) => from), REFUSED],
  });
  return found.rows;
}

import type pg from 'pg';
import { itemKey, type LabelFacts } from '../pipeline/backfill-choice.ts';
import { needKey, type OutsideNeed } from '../pipeline/backfill-needs.ts';
import type { RunStatus } from '../pipeline/opening.ts';

/** (stage, label) pairs. */
export interface Pair {
  readonly stage: string;
  readonly timelabel: string;
}

/** The newest run of each pair that has one, and whether its inputs have moved on since; one statement for any number. */
export async function readLabelFacts(
  client: pg.PoolClient,
  configVersion: number,
  pairs: readonly Pair[],
): Promise<ReadonlyMap<string, LabelFacts>> {
  const found = await client.query<Pair & { revision: number; status: RunStatus; stale: boolean }>({
    name: 'backfill-label-facts',
    text: `select p.stage, p.timelabel, r.revision, r.status,
                  r.status = 'SUCCESS' and exists (
                    select 1 from reefline.run_input i
                      join reefline.dependency d
                        on d.config_version = $3 and d.stage = i.stage and d.dataset = i.dataset and d.follows
                      join reefline.data_event e
                        on e.dataset = i.dataset and e.timelabel = i.input_label and e.event_type = 'data'
                       and e.revision > i.input_revision and e.outcome = any(d.outcomes) and e.propagates
                     where i.stage = p.stage and i.timelabel = p.timelabel and i.revision = r.revision) as stale
             from unnest($1::text[], $2::text[]) p(stage, timelabel)
            cross join lateral (select revision, status from reefline.stage_run
              where stage = p.stage and timelabel = p.timelabel order by revision desc limit 1) r`,
    values: [pairs.map(({ stage }) => stage), pairs.map(({ timelabel }) => timelabel), configVersion],
  });
  return new Map(
    found.rows.map(({ stage, timelabel, ...facts }) => [itemKey(stage, timelabel), facts] as const),
  );
}

/** Keys of the needs that the event log satisfies. */
export async function readPresentNeeds(
  client: pg.PoolClient,
  needs: readonly OutsideNeed[],
): Promise<ReadonlySet<string>> {
  const unique = [...new Map(needs.map((need) => [needKey(need), need])).entries()];
  if (unique.length === 0) return new Set();
  const found = await client.query<{ key: string }>({
    name: 'backfill-present-needs',
    text: `select n.key
             from unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::text[]) n(key, dataset, timelabel, newest, outcomes)
            where (not n.newest and exists (
                     select 1 from reefline.data_event e
                      where e.dataset = n.dataset and e.timelabel = n.timelabel and e.event_type = 'data'
                        and e.outcome = any(string_to_array(n.outcomes, ','))))
               or (n.newest and exists (
                     select 1 from reefline.data_event e
                      where e.dataset = n.dataset and e.timelabel <= n.timelabel and e.event_type = 'data'
                        and e.outcome = any(string_to_array(n.outcomes, ','))))`,
    values: [
      unique.map(([key]) => key),
      unique.map(([, { dataset }]) => dataset),
      unique.map(([, { timelabel }]) => timelabel),
      unique.map(([, { newest }]) => newest),
      unique.map(([, { outcomes }]) => outcomes.join(',')),
    ],
  });
  return new Set(found.rows.map(({ key }) => key));
}

export interface HeldLabels {
  readonly backfill: string;
  readonly stage: string;
  readonly labels: number;
  readonly example: string;
}

/** Labels among the pairs that another backfill has not finished, per backfill and stage. */
export async function readHeldLabels(
  client: pg.PoolClient,
  self: string,
  pairs: readonly Pair[],
): Promise<readonly HeldLabels[]> {
  const found = await client.query<HeldLabels>({
    name: 'backfill-held-labels',
    text: `select i.backfill, i.stage, count(*)::int as labels, min(i.timelabel) as example
             from unnest($2::text[], $3::text[]) p(stage, timelabel)
             join reefline.backfill_item i on i.stage = p.stage and i.timelabel = p.timelabel
              and i.state in ('planned', 'running', 'waiting')
             join reefline.backfill b on b.id = i.backfill and b.status in ('running', 'paused', 'cancelling')
            where i.backfill <> $1
            group by i.backfill, i.stage order by i.backfill, i.stage`,
    values: [self, pairs.map(({ stage }) => stage), pairs.map(({ timelabel }) => timelabel)],
  });
  return found.rows;
}

/** Which of the stages a pause holds, with its scope. */
export async function readPausedStages(
  db: pg.Pool | pg.PoolClient,
  stages: readonly string[],
): Promise<readonly { readonly stage: string; readonly scope: string }[]> {
  const found = await db.query<{ stage: string; scope: string }>({
    name: 'backfill-paused-stages',
    text: `select s.stage, p.scope
             from unnest($1::text[]) with ordinality s(stage, position)
             join reefline.pause p on p.scope in (s.stage, split_part(s.stage, '.', 1))
            order by s.position, p.scope`,
    values: [stages],
  });
  return found.rows;
}

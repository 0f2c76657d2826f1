import type pg from 'pg';
import type { Head, InputState } from '../pipeline/completeness.ts';
import { selectedOutcomes } from '../pipeline/outcome.ts';
import type { Target } from '../pipeline/routing.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';
import { inputNeed } from '../pipeline/window.ts';

interface Need {
  readonly target: number;
  readonly dataset: string;
  readonly timelabel: string;
  readonly newest: boolean;
  readonly outcomes: string;
}

function needsOf(stage: StageDefinition, timelabel: Timelabel, target: number): Need[] {
  return stage.inputs.flatMap((input): Need[] => {
    const need = inputNeed(input.window, stage.period, input.period, timelabel);
    const base = { target, dataset: input.dataset, outcomes: selectedOutcomes(input.on).join(',') };
    return need.kind === 'newest'
      ? [{ ...base, timelabel: need.atOrBefore, newest: true }]
      : need.labels.map((label) => ({ ...base, timelabel: label, newest: false }));
  });
}

/** The newest event of every label that the targets' windows ask for, in the order of the targets. */
export async function readInputs(
  client: pg.PoolClient,
  targets: readonly Target[],
): Promise<readonly InputState[][]> {
  const needs = targets.flatMap((target, index) => needsOf(target.stage, target.timelabel, index));
  const states: InputState[][] = targets.map(() => []);
  if (needs.length === 0) return states;
  const found = await client.query<{
    target: number;
    dataset: string;
    timelabel: Timelabel;
    revision: number;
    event_id: string;
  }>({
    name: 'read-heads',
    text: `select n.target, n.dataset, h.timelabel, h.revision, h.event_id
             from unnest($1::int[], $2::text[], $3::text[], $4::boolean[], $5::text[]) n(target, dataset, timelabel, newest, outcomes)
            cross join lateral (
              (select e.timelabel, e.revision, e.event_id from reefline.data_event e
                where not n.newest and e.dataset = n.dataset and e.timelabel = n.timelabel and e.event_type = 'data'
                  and e.outcome = any(string_to_array(n.outcomes, ',')) order by e.revision desc limit 1)
              union all
              (select e.timelabel, e.revision, e.event_id from reefline.data_event e
                where n.newest and e.dataset = n.dataset and e.timelabel <= n.timelabel and e.event_type = 'data'
                  and e.outcome = any(string_to_array(n.outcomes, ',')) order by e.timelabel desc, e.revision desc limit 1)
            ) h`,
    values: [
      needs.map((n) => n.target),
      needs.map((n) => n.dataset),
      needs.map((n) => n.timelabel),
      needs.map((n) => n.newest),
      needs.map((n) => n.outcomes),
    ],
  });
  const heads = new Map<string, Head[]>();
  for (const row of found.rows) {
    const key = `${String(row.target)} ${row.dataset}`;
    const head = { timelabel: row.timelabel, revision: row.revision, eventId: row.event_id };
    const list = heads.get(key);
    if (list === undefined) heads.set(key, [head]);
    else list.push(head);
  }
  for (const [index, target] of targets.entries()) {
    for (const { dataset } of target.stage.inputs)
      states[index]?.push({ dataset, heads: heads.get(`${String(index)} ${dataset}`) ?? [] });
  }
  return states;
}

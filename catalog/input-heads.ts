import type pg from 'pg';
import { isThere, type Head, type InputState } from '../pipeline/completeness.ts';
import { selectedOutcomes, type Outcome } from '../pipeline/outcome.ts';
import type { Target } from '../pipeline/routing.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';
import { inputNeed } from '../pipeline/window.ts';

interface Need {
  readonly target: number;
  readonly stage: string;
  /** The label of the stage that the need is of. */
  readonly own: string;
  readonly dataset: string;
  readonly timelabel: string;
  readonly newest: boolean;
  readonly outcomes: string;
}

function needsOf(stage: StageDefinition, timelabel: Timelabel, target: number): Need[] {
  return stage.inputs.flatMap((input): Need[] => {
    const need = inputNeed(input.window, stage.period, input.period, timelabel);
    const outcomes = selectedOutcomes(input.on).join(',');
    const base = { target, stage: stage.id, own: timelabel, dataset: input.dataset, outcomes };
    return need.kind === 'newest'
      ? [{ ...base, timelabel: need.atOrBefore, newest: true }]
      : need.labels.map((label) => ({ ...base, timelabel: label, newest: false }));
  });
}

/**
 * The newest event of every label that the targets' windows ask for, in the order of the targets. A label that was only
 * ever run on its own (--only) has been reported to nobody: it is there for who `asked`, a person or a backfill, and for a
 * stage that has taken it up since.
 */
export async function readInputs(
  client: pg.PoolClient,
  targets: readonly Target[],
  asked: boolean,
): Promise<readonly InputState[][]> {
  const needs = targets.flatMap((target, index) => needsOf(target.stage, target.timelabel, index));
  const heads = await readHeads(client, needs, asked);
  const gated = targets.flatMap((target, index) => gatedNewest(target, index, heads));
  const shared = gated.length === 0 ? new Map<string, Head[]>() : await readShared(client, gated, asked);
  return targets.map(({ stage }, index) =>
    stage.inputs.map(({ dataset }) => {
      const key = headKey(index, dataset);
      return { dataset, heads: [...(heads.get(key) ?? []), ...(shared.get(key) ?? [])] };
    }),
  );
}

function headKey(target: number, dataset: string): string {
  return `${String(target)} ${dataset}`;
}

/**
 * True of an event that somebody has heard of. `offset 0` keeps the planner from answering it for all events at once: it would read
 * and hash the whole log where it expects many rows, and one is asked for.
 */
const HEARD = `(e.propagates or $8
                    or exists (select 1 from reefline.data_event p
                         where p.dataset = e.dataset and p.timelabel = e.timelabel and p.event_type = 'data' and p.propagates
                           and p.outcome = any(string_to_array(n.outcomes, ',')) offset 0)
                    or exists (select 1 from reefline.run_input i
                         where i.stage = n.stage and i.timelabel = n.own and i.dataset = e.dataset and i.input_label = e.timelabel offset 0))`;

async function readHeads(
  client: pg.PoolClient,
  needs: readonly Need[],
  asked: boolean,
): Promise<Map<string, Head[]>> {
  const heads = new Map<string, Head[]>();
  if (needs.length === 0) return heads;
  const found = await client.query<{
    target: number;
    dataset: string;
    timelabel: Timelabel;
    revision: number;
    event_id: string;
    outcome: Outcome;
  }>({
    name: 'read-heads',
    text: `select n.target, n.dataset, h.timelabel, h.revision, h.event_id, h.outcome
             from unnest($1::int[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::text[], $7::text[])
                  n(target, dataset, timelabel, newest, outcomes, stage, own)
            cross join lateral (
              (select e.timelabel, e.revision, e.event_id, e.outcome from reefline.data_event e
                where not n.newest and e.dataset = n.dataset and e.timelabel = n.timelabel and e.event_type = 'data'
                  and e.outcome = any(string_to_array(n.outcomes, ',')) and ${HEARD} order by e.revision desc limit 1)
              union all
              (select e.timelabel, e.revision, e.event_id, e.outcome from reefline.data_event e
                where n.newest and e.dataset = n.dataset and e.timelabel <= n.timelabel and e.event_type = 'data'
                  and e.outcome = any(string_to_array(n.outcomes, ',')) and ${HEARD}
                order by e.timelabel desc, e.revision desc limit 1)
            ) h`,
    values: [
      needs.map((n) => n.target),
      needs.map((n) => n.dataset),
      needs.map((n) => n.timelabel),
      needs.map((n) => n.newest),
      needs.map((n) => n.outcomes),
      needs.map((n) => n.stage),
      needs.map((n) => n.own),
      asked,
    ],
  });
  for (const row of found.rows) {
    const key = headKey(row.target, row.dataset);
    const { timelabel, revision, event_id: eventId, outcome } = row;
    const head = { timelabel, revision, eventId, outcome };
    const list = heads.get(key);
    if (list === undefined) heads.set(key, [head]);
    else list.push(head);
  }
  return heads;
}

/** An input of which the newest label will do, with gates whose newest labels are other ones. */
interface GatedNewest {
  readonly target: number;
  readonly stage: string;
  readonly own: string;
  readonly datasets: readonly string[];
  readonly timelabel: string;
  readonly outcomes: string;
}

function gatedNewest(
  { stage, timelabel }: Target,
  target: number,
  heads: ReadonlyMap<string, readonly Head[]>,
): readonly GatedNewest[] {
  return stage.inputs.flatMap((input) => {
    const need = inputNeed(input.window, stage.period, input.period, timelabel);
    const gates = stage.inputs.filter(({ gate }) => gate === input.dataset);
    if (need.kind !== 'newest' || gates.length === 0) return [];
    const datasets = [input.dataset, ...gates.map(({ dataset }) => dataset)];
    const [newest, ...passed] = datasets.map((dataset) => heads.get(headKey(target, dataset))?.[0]);
    if (newest === undefined || !isThere(newest)) return [];
    if (passed.every((head) => head?.timelabel === newest.timelabel)) return [];
    const outcomes = selectedOutcomes(input.on);
    // Where nothing ever passed, only a label for which no gate is asked will do.
    if (passed.includes(undefined) && outcomes.every((outcome) => isThere({ ...newest, outcome }))) return [];
    return [
      {
        ...{ target, stage: stage.id, own: timelabel, datasets },
        ...{ timelabel: need.atOrBefore, outcomes: outcomes.join(',') },
      },
    ];
  });
}

/** Heads of the newest label that the input and all its gates have, or that no gate is asked for. */
async function readShared(
  client: pg.PoolClient,
  gated: readonly GatedNewest[],
  asked: boolean,
): Promise<Map<string, Head[]>> {
  const passed = selectedOutcomes(['SUCCESS']).join(',');
  const found = await client.query<{ position: string; timelabel: string }>({
    name: 'read-shared-newest',
    text: `select n.position, x.timelabel
             from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality n(dataset, gates, timelabel, outcomes, position)
            cross join lateral (
              select e.timelabel from reefline.data_event e
               where e.dataset = n.dataset and e.timelabel <= n.timelabel and e.event_type = 'data'
                 and e.outcome = any(string_to_array(n.outcomes, ',')) and ${HEARD}
                 and not exists (select 1 from reefline.data_event l
                   where l.dataset = e.dataset and l.timelabel = e.timelabel and l.event_type = 'data' and l.revision > e.revision
                     and l.outcome = any(string_to_array(n.outcomes, ',')))
                 and (e.outcome <> all(string_to_array($5, ',')) or not exists (select 1 from unnest(string_to_array(n.gates, ',')) gate
                   where not exists (select 1 from reefline.data_event k
                     where k.dataset = gate and k.timelabel = e.timelabel and k.event_type = 'data' and k.propagates
                       and k.outcome = any(string_to_array($5, ',')))))
               order by e.timelabel desc limit 1) x`,
    values: [
      gated.map(({ datasets: [dataset] }) => dataset),
      gated.map(({ datasets: [, ...gates] }) => gates.join(',')),
      gated.map(({ timelabel }) => timelabel),
      gated.map(({ outcomes }) => outcomes),
      passed,
    ],
  });
  const needs = found.rows.flatMap(({ position, timelabel }) => {
    const group = gated[Number(position) - 1];
    return (group?.datasets ?? []).map((dataset, at) => ({
      target: group?.target ?? 0,
      stage: group?.stage ?? '',
      own: group?.own ?? '',
      dataset,
      timelabel,
      newest: false,
      outcomes: at === 0 ? (group?.outcomes ?? '') : passed,
    }));
  });
  return readHeads(client, needs, asked);
}

import type pg from 'pg';
import {
  decideOpening,
  type Head,
  type InputState,
  type LedgerState,
  type Opening,
  type OpeningRequest,
} from '../pipeline/opening.ts';
import type { RoutingTable, Target } from '../pipeline/routing.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';
import { inputNeed } from '../pipeline/window.ts';

/** A decided opening, and whether a worker has already begun the run that it stands for. */
export interface OpenedTarget extends Target {
  readonly opening: Opening;
  readonly begun: boolean;
}

/**
 * Serialises everything that concerns the given (dataset, label) pairs until the transaction ends, so that of two
 * events that together complete a run the later one sees the earlier. Sorted, hence free of deadlocks.
 */
export async function lockLabels(
  client: pg.PoolClient,
  pairs: readonly { dataset: string; timelabel: string }[],
): Promise<void> {
  await client.query({
    name: 'lock-labels',
    text: `select pg_advisory_xact_lock(key) from
             (select distinct hashtextextended(pair, 0) as key from unnest($1::text[]) pair order by 1) locks`,
    values: [pairs.map((pair) => `${pair.dataset}@${pair.timelabel}`)],
  });
}

/**
 * Decides and records what happens to each target. The caller has locked the targets' output labels. Calling it again
 * with the same state decides the same and writes nothing new.
 */
export async function openTargets(
  client: pg.PoolClient,
  table: RoutingTable,
  targets: readonly Target[],
  request: OpeningRequest,
  causes: (target: Target) => readonly string[],
): Promise<OpenedTarget[]> {
  if (targets.length === 0) return [];
  const ledgers = await readLedgers(client, targets);
  const inputs = await readInputs(client, targets);
  const opened = targets.map((target, index): OpenedTarget => {
    const ledger = ledgers[index];
    if (ledger === undefined)
      throw new Error(`No ledger state was read for ${target.stage.id} ${target.timelabel}.`);
    const opening = decideOpening(target.stage, target.timelabel, inputs[index] ?? [], ledger, request);
    return { ...target, opening, begun: ledger.begun };
  });
  for (const [index, { stage, timelabel, opening }] of opened.entries()) {
    const latest = ledgers[index]?.latest;
    if (latest?.status !== 'WAITING' || latest.revision === opening.revision) continue;
    await moveReservation(client, {
      stage: stage.id,
      timelabel,
      from: latest.revision,
      to: opening.revision,
    });
  }
  await writeOpenings(client, table.configVersion, opened, request, causes);
  return opened;
}

/** Gives a waiting run the revision after one that somebody else reported meanwhile. */
async function moveReservation(
  client: pg.PoolClient,
  move: { stage: string; timelabel: string; from: number; to: number },
): Promise<void> {
  await client.query(
    `update reefline.stage_run set revision = $4
      where stage = $1 and timelabel = $2 and revision = $3 and status = 'WAITING'`,
    [move.stage, move.timelabel, move.from, move.to],
  );
}

async function readLedgers(
  client: pg.PoolClient,
  targets: readonly Target[],
): Promise<(LedgerState & { begun: boolean })[]> {
  const found = await client.query<{
    revision: number | null;
    status: 'WAITING' | 'RUNNING' | 'SUCCESS' | 'FAILURE' | null;
    vector: string | null;
    request: string | null;
    begun: boolean | null;
    success_vector: string | null;
    highest: number;
  }>({
    name: 'read-ledgers',
    text: `select r.revision, r.status, r.vector, r.request, r.started_at is not null as begun, s.vector as success_vector,
                  greatest(coalesce(r.revision, 0), coalesce(e.revision, 0)) as highest
             from unnest($1::text[], $2::text[], $3::text[]) with ordinality t(stage, timelabel, output, position)
             left join lateral (select revision, status, vector, request, started_at from reefline.stage_run
               where stage = t.stage and timelabel = t.timelabel order by revision desc limit 1) r on true
             left join lateral (select vector from reefline.stage_run
               where stage = t.stage and timelabel = t.timelabel and status = 'SUCCESS' order by revision desc limit 1) s on true
             left join lateral (select revision from reefline.data_event
               where dataset = t.output and timelabel = t.timelabel and event_type = 'data' order by revision desc limit 1) e on true
            order by t.position`,
    values: [
      targets.map((t) => t.stage.id),
      targets.map((t) => t.timelabel),
      targets.map((t) => t.stage.output),
    ],
  });
  return found.rows.map((row) => ({
    latest:
      row.revision === null || row.status === null
        ? null
        : { revision: row.revision, status: row.status, vector: row.vector ?? '', request: row.request },
    lastSuccessVector: row.success_vector,
    highestRevision: row.highest,
    begun: row.begun === true,
  }));
}

interface Need {
  readonly target: number;
  readonly dataset: string;
  readonly timelabel: string;
  readonly newest: boolean;
  readonly on: string;
}

function needsOf(stage: StageDefinition, timelabel: Timelabel, target: number): Need[] {
  return stage.inputs.flatMap((input): Need[] => {
    const need = inputNeed(input.window, stage.period, input.period, timelabel);
    const on = input.on.join(',');
    const base = { target, dataset: input.dataset, on };
    return need.kind === 'newest'
      ? [{ ...base, timelabel: need.atOrBefore, newest: true }]
      : need.labels.map((label) => ({ ...base, timelabel: label, newest: false }));
  });
}

async function readInputs(client: pg.PoolClient, targets: readonly Target[]): Promise<InputState[][]> {
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
             from unnest($1::int[], $2::text[], $3::text[], $4::boolean[], $5::text[]) n(target, dataset, timelabel, newest, statuses)
            cross join lateral (
              (select e.timelabel, e.revision, e.event_id from reefline.data_event e
                where not n.newest and e.dataset = n.dataset and e.timelabel = n.timelabel and e.event_type = 'data'
                  and e.status = any(string_to_array(n.statuses, ',')) order by e.revision desc limit 1)
              union all
              (select e.timelabel, e.revision, e.event_id from reefline.data_event e
                where n.newest and e.dataset = n.dataset and e.timelabel <= n.timelabel and e.event_type = 'data'
                  and e.status = any(string_to_array(n.statuses, ',')) order by e.timelabel desc, e.revision desc limit 1)
            ) h`,
    values: [
      needs.map((n) => n.target),
      needs.map((n) => n.dataset),
      needs.map((n) => n.timelabel),
      needs.map((n) => n.newest),
      needs.map((n) => n.on),
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
    for (const { dataset } of target.stage.inputs) {
      states[index]?.push({ dataset, heads: heads.get(`${String(index)} ${dataset}`) ?? [] });
    }
  }
  return states;
}

async function writeOpenings(
  client: pg.PoolClient,
  configVersion: number,
  opened: readonly OpenedTarget[],
  request: OpeningRequest,
  causes: (target: Target) => readonly string[],
): Promise<void> {
  const rows = opened.flatMap((target) => {
    const { opening, stage, timelabel } = target;
    if (opening.kind === 'nothing-new' || (opening.kind === 'run' && opening.alreadyOpen)) return [];
    const run = opening.kind === 'run';
    return [
      {
        stage: stage.id,
        timelabel,
        revision: opening.revision,
        status: run ? 'RUNNING' : 'WAITING',
        pipeline: stage.pipeline,
        dataset: stage.output,
        vector: run ? opening.vector : '',
        caused_by: causes(target),
        inputs: run ? opening.inputs : [],
      },
    ];
  });
  if (rows.length === 0) return;
  await client.query({
    name: 'write-openings',
    text: `with opened as (
             select * from jsonb_to_recordset($1::jsonb)
               as r(stage text, timelabel text, revision int, status text, pipeline text, dataset text, vector text, caused_by jsonb, inputs jsonb)),
           runs as (
             insert into reefline.stage_run (stage, timelabel, revision, status, pipeline, dataset, vector, caused_by, config_version, trigger, request)
             select stage, timelabel, revision, status, pipeline, dataset, vector,
                    array(select jsonb_array_elements_text(caused_by)), $2, $3, $4 from opened
             on conflict (stage, timelabel, revision) do update
               set status = excluded.status, vector = excluded.vector, config_version = excluded.config_version,
                   caused_by = array(select distinct c from unnest(stage_run.caused_by || excluded.caused_by) c order by c), request = coalesce(excluded.request, stage_run.request),
                   opened_at = case when excluded.status = 'RUNNING' then clock_timestamp() else stage_run.opened_at end
               where stage_run.status = 'WAITING')
           insert into reefline.run_input (stage, timelabel, revision, dataset, input_label, input_revision, event_id)
           select o.stage, o.timelabel, o.revision, i->>'dataset', i->>'timelabel', (i->>'revision')::int, i->>'eventId'
             from opened o, jsonb_array_elements(o.inputs) i
           on conflict do nothing`,
    values: [JSON.stringify(rows), configVersion, request.trigger, request.rerun],
  });
}

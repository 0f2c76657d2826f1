import type pg from 'pg';
import type { ConfigStore } from '../catalog/config-store.ts';
import { pinnedRuns, runsWaitingFor } from '../catalog/waiting-runs.ts';
import type { Arrival } from '../pipeline/number-events.ts';
import { targetsOf, type RoutingTable, type Target } from '../pipeline/routing.ts';
import { parseTimelabel } from '../pipeline/timelabel.ts';
import { targetKey } from './routes.ts';

/**
 * Waiting runs that the events may complete although they start no run of the stage: an input of which the newest label
 * will do starts nothing, but a run that waits for its first label must hear of it; and a waiting run that keeps an
 * older definition listens to the inputs of that one.
 */
export async function waitingTargets(
  client: pg.PoolClient,
  configs: ConfigStore,
  table: RoutingTable,
  arrivals: readonly Arrival[],
  routed: readonly Target[],
): Promise<readonly (Target & { dueOnly: boolean })[]> {
  const events = arrivals.filter(({ incoming }) => incoming.kind === 'data');
  const found = [
    ...(await waitingForNewest(client, table, events)),
    ...(await keptByPin(client, configs, table, events)),
  ];
  const known = new Set(routed.map(targetKey));
  const more = new Map(found.map((target) => [targetKey(target), { ...target, dueOnly: false }]));
  return [...more].flatMap(([key, target]) => (known.has(key) ? [] : [target]));
}

async function waitingForNewest(
  client: pg.PoolClient,
  table: RoutingTable,
  events: readonly Arrival[],
): Promise<readonly Target[]> {
  const wanted = events.flatMap(({ known, incoming }) => {
    const triggered = new Set(
      targetsOf(table, known.dataset, incoming.timelabel).map(({ stage }) => stage.id),
    );
    return (table.dependents.get(known.dataset) ?? [])
      .filter(({ stage }) => !triggered.has(stage.id))
      .map(({ stage }) => ({ stage: stage.id, dataset: known.dataset }));
  });
  const runs = await runsWaitingFor(client, wanted);
  return runs.flatMap((run) => targetOf(table, run) ?? []);
}

async function keptByPin(
  client: pg.PoolClient,
  configs: ConfigStore,
  table: RoutingTable,
  events: readonly Arrival[],
): Promise<readonly Target[]> {
  if (events.length === 0 || !(await configs.keepsOlder(client, table.configVersion))) return [];
  const targets: Target[] = [];
  for (const run of await pinnedRuns(client)) {
    const kept = await configs.version(client, run.pinned);
    const concerned = events.some(({ known, incoming }) =>
      targetsOf(kept, known.dataset, incoming.timelabel).some(
        ({ stage, timelabel }) => stage.id === run.stage && timelabel === run.timelabel,
      ),
    );
    const target = concerned ? targetOf(table, run) : undefined;
    if (target !== undefined) targets.push(target);
  }
  return targets;
}

function targetOf(table: RoutingTable, run: { stage: string; timelabel: string }): Target | undefined {
  const stage = table.stages.get(run.stage);
  const timelabel = parseTimelabel(run.timelabel);
  return stage === undefined || timelabel === undefined ? undefined : { stage, timelabel };
}

import type pg from 'pg';
import type { ConfigStore } from '../catalog/config-store.ts';
import { pinnedRuns, runsLacking, runsWaitingBehind, runsWaitingFor } from '../catalog/waiting-runs.ts';
import type { Arrival } from '../pipeline/number-events.ts';
import { selectedOutcomes, type Outcome } from '../pipeline/outcome.ts';
import { targetsOf, type RoutingTable, type Target } from '../pipeline/routing.ts';
import { parseTimelabel } from '../pipeline/timelabel.ts';
import { takesNewest } from '../pipeline/window.ts';
import { targetKey, targetsOfRoutes, type Route } from './routes.ts';

/**
 * Waiting runs that the events may complete although nothing is routed there: a run that waits for the first label of an
 * input of which the newest will do must hear of any; one that waits for an input to settle must hear also of an end that
 * it does not listen to; and a waiting run that keeps an older definition listens to the inputs of that one.
 */
export async function waitingTargets(
  client: pg.PoolClient,
  configs: ConfigStore,
  table: RoutingTable,
  arrivals: readonly Arrival[],
  routes: readonly Route[],
): Promise<readonly (Target & { dueOnly: boolean })[]> {
  const events = arrivals.filter(({ incoming }) => incoming.kind === 'data');
  const found = [
    ...(await waitingForNewest(
      client,
      table,
      events.filter(({ unrouted }) => unrouted !== true),
    )),
    ...(await waitingToSettle(client, table, routes)),
    ...(await keptByPin(client, configs, table, events)),
  ];
  const known = new Set(targetsOfRoutes(routes).map(targetKey));
  const more = new Map(found.map((target) => [targetKey(target), { ...target, dueOnly: false }]));
  return [...more].flatMap(([key, target]) => (known.has(key) ? [] : [target]));
}

/** True when some stage takes the newest label of the dataset, and so may wait for its first one. */
export function isAwaitedByAny(table: RoutingTable, dataset: string): boolean {
  return (table.dependents.get(dataset) ?? []).some(({ input }) => takesNewest(input.window));
}

async function waitingForNewest(
  client: pg.PoolClient,
  table: RoutingTable,
  events: readonly Arrival[],
): Promise<readonly Target[]> {
  const wanted = events.flatMap(({ known: { dataset } }) =>
    (table.dependents.get(dataset) ?? [])
      .filter(({ input }) => takesNewest(input.window))
      .map(({ stage }) => ({ stage: stage.id, dataset })),
  );
  const runs = await runsWaitingFor(client, wanted);
  return runs.flatMap((run) => targetOf(table, run) ?? []);
}

/**
 * An event that a dependent filters may decide for others what that dependent's label is worth: a skipped label is
 * settled, a failed one stalls. Joins below wait for the dependent, or for what the label was made of.
 */
async function waitingToSettle(
  client: pg.PoolClient,
  table: RoutingTable,
  routes: readonly Route[],
): Promise<readonly Target[]> {
  const filtered = routes.filter((route) => route.filtered !== undefined);
  const lacked = filtered.map(({ dataset, target: { stage }, incoming: { timelabel } }) => ({
    stage: stage.id,
    dataset,
    timelabel,
  }));
  const ended = filtered.flatMap(({ dataset, incoming: { timelabel, outcome } }) => {
    const producer = table.datasets.get(dataset)?.producer;
    if (producer == null || isThere(outcome)) return [];
    return [{ stage: producer, timelabel }];
  });
  const runs = [...(await runsLacking(client, lacked)), ...(await runsWaitingBehind(client, ended))];
  return runs.flatMap((run) => targetOf(table, run) ?? []);
}

function isThere(outcome: Outcome): boolean {
  return selectedOutcomes(['SUCCESS']).includes(outcome);
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
    const concerned = events.some((event) => concerns(kept, event, run));
    const target = concerned ? targetOf(table, run) : undefined;
    if (target !== undefined) targets.push(target);
  }
  return targets;
}

/** True when the event is, under the definition that the run keeps, one of its label or one of which any label will do. */
function concerns(
  kept: RoutingTable,
  { known: { dataset }, incoming }: Arrival,
  run: { readonly stage: string; readonly timelabel: string },
): boolean {
  const ofLabel = targetsOf(kept, dataset, incoming.timelabel);
  if (ofLabel.some(({ stage, timelabel }) => stage.id === run.stage && timelabel === run.timelabel))
    return true;
  const dependents = kept.dependents.get(dataset) ?? [];
  return dependents.some(({ stage, input }) => stage.id === run.stage && takesNewest(input.window));
}

function targetOf(table: RoutingTable, run: { stage: string; timelabel: string }): Target | undefined {
  const stage = table.stages.get(run.stage);
  const timelabel = parseTimelabel(run.timelabel);
  return stage === undefined || timelabel === undefined ? undefined : { stage, timelabel };
}

import type { OpenedTarget } from '../catalog/opened-target.ts';
import type { VerdictRow } from '../catalog/event-log.ts';
import type { IncomingData } from '../pipeline/incoming.ts';
import { pairKey, type Arrival, type LoggedState } from '../pipeline/number-events.ts';
import { selectedOutcomes } from '../pipeline/outcome.ts';
import { targetsOf, type RoutedTarget, type RoutingTable, type Target } from '../pipeline/routing.ts';
import { floorToPeriod } from '../pipeline/period.ts';
import { instantOf, labelAt } from '../pipeline/timelabel.ts';
import { verdictOf } from '../pipeline/verdict.ts';
import { triggers } from '../pipeline/window.ts';

/** One (event, dependent) pair. */
export interface Route {
  readonly eventId: string;
  readonly incoming: IncomingData;
  readonly dataset: string;
  readonly target: RoutedTarget;
  /** Why the dependent does not take the event into account; undefined when it does. */
  readonly filtered: string | undefined;
}

/** The dependents of an event, under the given configuration. */
export function routesOf(table: RoutingTable, { id, incoming, known }: Arrival): readonly Route[] {
  if (incoming.kind !== 'data') return [];
  return targetsOf(table, known.dataset, incoming.timelabel).map((target) => ({
    eventId: id,
    incoming,
    dataset: known.dataset,
    target,
    filtered: filterReason(target, known.dataset, incoming),
  }));
}

function filterReason(
  { stage, input }: RoutedTarget,
  dataset: string,
  { outcome, propagates }: IncomingData,
): string | undefined {
  if (!propagates) return `a person ran ${dataset} on its own (--only), so nothing starts from it`;
  if (selectedOutcomes(input.on).includes(outcome)) return undefined;
  return `${stage.id} listens to ${input.on.join(', ')} of ${dataset}, and this is ${outcome}`;
}

export function targetKey({ stage, timelabel }: Target): string {
  return `${stage.id}@${timelabel}`;
}

/**
 * The targets of the routes that count, each once. `dueOnly`: the event is not the newest one of the target's window, so
 * a label that nobody has asked for is not opened to wait for labels that are still to come.
 */
export function targetsOfRoutes(routes: readonly Route[]): readonly (Target & { dueOnly: boolean })[] {
  const targets = new Map<string, Target & { dueOnly: boolean }>();
  for (const { target, filtered } of routes) {
    if (filtered !== undefined) continue;
    const key = targetKey(target);
    const dueOnly = !target.last && targets.get(key)?.dueOnly !== false;
    targets.set(key, { stage: target.stage, timelabel: target.timelabel, dueOnly });
  }
  return [...targets.values()];
}

/** The verdicts of the routes, once their targets are decided. */
export function verdictsOf(
  routes: readonly Route[],
  opened: readonly OpenedTarget[],
  logged: LoggedState,
): readonly VerdictRow[] {
  const byTarget = new Map(opened.map((target) => [targetKey(target), target]));
  return routes.map(({ eventId, incoming, dataset, target, filtered }) => {
    const base = { eventId, stage: target.stage.id, timelabel: target.timelabel };
    if (filtered !== undefined) return { ...base, verdict: 'filtered', reason: filtered };
    const newest = logged.logged.get(pairKey({ dataset, timelabel: incoming.timelabel })) ?? 0;
    if (incoming.revision !== undefined && incoming.revision < newest)
      return {
        ...base,
        verdict: 'stale',
        reason: `revision ${String(newest)} of ${dataset} is already there`,
      };
    const found = byTarget.get(targetKey(target));
    if (found === undefined)
      throw new Error(`No opening was decided for ${target.stage.id} ${target.timelabel}.`);
    return { ...base, ...verdictOf(found.opening) };
  });
}

/**
 * The verdicts of dependents that nothing is routed to, because they take the newest label of the dataset that there is:
 * the event counts for runs that wait for a first one, and starts nothing otherwise. Named for the label that the event falls into.
 */
export function verdictsOfNewest(
  table: RoutingTable,
  { id, incoming, known: { dataset } }: Arrival,
  waiting: readonly OpenedTarget[],
): readonly VerdictRow[] {
  if (incoming.kind !== 'data') return [];
  const dependents = (table.dependents.get(dataset) ?? []).filter(
    ({ stage, input }) => !triggers(input.window, stage.period, input.period),
  );
  return dependents.flatMap(({ stage, input }): VerdictRow[] => {
    const concerned = waiting.filter((target) => target.stage.id === stage.id);
    if (concerned.length > 0)
      return concerned.map(({ timelabel, opening }) => ({
        ...{ eventId: id, stage: stage.id, timelabel },
        ...verdictOf(opening),
      }));
    const timelabel = labelAt(floorToPeriod(stage.period, instantOf(incoming.timelabel)));
    const reason = `${stage.id} takes the newest label of ${dataset} that is there (${input.window}), so none of them starts it`;
    return [{ eventId: id, stage: stage.id, timelabel, verdict: 'filtered', reason }];
  });
}

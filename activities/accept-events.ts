import type pg from 'pg';
import { inTransaction } from '../catalog/connect.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import {
  appendEvents,
  appendRejections,
  appendVerdicts,
  readLogged,
  type VerdictRow,
} from '../catalog/event-log.ts';
import { lockLabels, openTargets, type OpenedTarget } from '../catalog/ledger.ts';
import type { IncomingData } from '../pipeline/incoming.ts';
import { numberEvents, pairKey, type Arrival, type LoggedState } from '../pipeline/number-events.ts';
import { targetsOf, type RoutingTable, type Target } from '../pipeline/routing.ts';
import { stepOf, type RunStep } from '../pipeline/run-plan.ts';
import type { StageInput } from '../pipeline/stage.ts';
import { stageQueue } from '../pipeline/task-queue.ts';
import { verdictOf } from '../pipeline/verdict.ts';
import { readMessages, rejection } from './read-messages.ts';

/** A run that the router has to start or to tell. Recorded in histories: fields are only ever added. */
export interface RouteAction {
  readonly pipeline: string;
  readonly stage: string;
  readonly timelabel: string;
  readonly dataset: string;
  /** `tell`: the run has begun, so it is only told that its inputs changed. */
  readonly kind: 'start' | 'tell';
  readonly step: RunStep | null;
}

export interface Acceptance {
  readonly actions: readonly RouteAction[];
  /** Endpoints that are owed something new. */
  readonly endpoints: readonly string[];
  readonly accepted: number;
  readonly rejected: number;
}

/**
 * Accepts a batch of messages in one transaction: deduplicates, numbers and logs events, records rejections, owes
 * deliveries, decides every dependent and opens the runs whose inputs are complete. Never fails because of what a
 * message says. A repeated call writes nothing twice and returns the runs that nobody has begun yet.
 */
export async function acceptEvents(
  db: pg.Pool,
  configs: ConfigStore,
  router: string,
  messages: readonly unknown[],
): Promise<Acceptance> {
  return inTransaction(db, async (client) => {
    const table = await configs.current(client);
    const { arrivals, rejections } = readMessages(table, messages);
    const pairs = arrivals.map(({ incoming, known }) => ({
      dataset: known.dataset,
      timelabel: incoming.timelabel,
    }));
    const routed = arrivals.flatMap((arrival) => routesOf(table, arrival));
    const targets = uniqueTargets(routed.filter((route) => route.counts).map((route) => route.target));
    await lockLabels(client, [
      ...pairs,
      ...targets.map(({ stage, timelabel }) => ({ dataset: stage.output, timelabel })),
    ]);
    const logged = await readLogged(
      client,
      arrivals.map(({ id }) => id),
      pairs,
    );
    const numbered = numberEvents(arrivals, logged, Date.now());
    const refusals = numbered.refused.map(({ arrival, field, reason }) =>
      rejection(arrival.incoming, field, reason),
    );
    const endpoints = await appendEvents(client, numbered.events, [...logged.known], router);
    await appendRejections(client, [...rejections, ...refusals], router);
    const causes = (target: Target): string[] =>
      routed.filter((route) => route.counts && isSame(route.target, target)).map((route) => route.eventId);
    const opened = await openTargets(client, table, targets, { trigger: 'event', rerun: null }, causes);
    const refused = new Set(numbered.refused.map(({ arrival }) => arrival.id));
    const verdicts = routed
      .filter((route) => !refused.has(route.eventId))
      .map((route) => verdictRow(route, opened, logged));
    await appendVerdicts(client, verdicts, table.configVersion);
    return {
      actions: opened.flatMap(actionOf),
      endpoints,
      accepted: numbered.events.length,
      rejected: rejections.length + refusals.length,
    };
  });
}

interface Route {
  readonly eventId: string;
  readonly incoming: IncomingData;
  readonly dataset: string;
  readonly target: Target;
  readonly input: StageInput;
  /** False when the dependent does not listen to the event's status. */
  readonly counts: boolean;
}

function routesOf(table: RoutingTable, { id, incoming, known }: Arrival): Route[] {
  if (incoming.kind !== 'data') return [];
  return targetsOf(table, known.dataset, incoming.timelabel).map(({ input, ...target }) => ({
    eventId: id,
    incoming,
    dataset: known.dataset,
    target,
    input,
    counts: input.on.includes(incoming.status),
  }));
}

function isSame(a: Target, b: Target): boolean {
  return a.stage.id === b.stage.id && a.timelabel === b.timelabel;
}

function uniqueTargets(targets: readonly Target[]): Target[] {
  return [...new Map(targets.map((target) => [`${target.stage.id}@${target.timelabel}`, target])).values()];
}

function verdictRow(route: Route, opened: readonly OpenedTarget[], logged: LoggedState): VerdictRow {
  const { eventId, incoming, target } = route;
  const base = { eventId, stage: target.stage.id, timelabel: target.timelabel };
  if (!route.counts) {
    return {
      ...base,
      verdict: 'filtered',
      reason: `${target.stage.id} listens to ${route.input.on.join(', ')} of ${route.dataset}`,
    };
  }
  const newest = logged.logged.get(pairKey({ dataset: route.dataset, timelabel: incoming.timelabel })) ?? 0;
  if (incoming.revision !== undefined && incoming.revision < newest) {
    return {
      ...base,
      verdict: 'stale',
      reason: `revision ${String(newest)} of ${route.dataset} is already there`,
    };
  }
  const found = opened.find((candidate) => isSame(candidate, target));
  if (found === undefined)
    throw new Error(`No opening was decided for ${target.stage.id} ${target.timelabel}.`);
  return { ...base, ...verdictOf(found.opening) };
}

function actionOf({ stage, timelabel, opening, begun }: OpenedTarget): RouteAction[] {
  if (opening.kind === 'nothing-new') return [];
  const base = { pipeline: stage.pipeline, stage: stage.id, timelabel, dataset: stage.output };
  if (opening.kind === 'run' && opening.alreadyOpen && begun) return [{ ...base, kind: 'tell', step: null }];
  return [{ ...base, kind: 'start', step: stepOf(stage, opening, stageQueue(stage)) }];
}

import type pg from 'pg';
import { inDecisionBy, together } from '../catalog/connect.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import { appendEvents, appendRejections, appendVerdicts, readLogged } from '../catalog/event-log.ts';
import { openTargets } from '../catalog/ledger.ts';
import { lockLabels, lockNewest, newestInputs } from '../catalog/locks.ts';
import type { OpenedTarget } from '../catalog/opened-target.ts';
import { NO_MARKS, type OpeningOrigin } from '../catalog/write-openings.ts';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import { numberEvents } from '../pipeline/number-events.ts';
import { routerRate } from '../pipeline/router-rate.ts';
import type { Target } from '../pipeline/routing.ts';
import { stepOf, type RunStep } from '../pipeline/run-plan.ts';
import { stageQueue } from '../pipeline/task-queue.ts';
import { takeEventsOfRuns } from './events-of-runs.ts';
import { measureAcceptance } from './measurements.ts';
import { NO_METER, type Meter } from './metrics.ts';
import { mayKeepOrder, withEndpoints } from './owed-endpoints.ts';
import { readMessages, rejection } from './read-messages.ts';
import { reportHeld, traceHeld, type HeldReport } from './report-held.ts';
import { routesOf, targetKey, targetsOfRoutes, verdictsOf, verdictsOfNewest, type Route } from './routes.ts';
import { NO_TRACER, type Tracer } from './tracer.ts';
import { isAwaitedByAny, waitingTargets } from './waiting-targets.ts';

/** A run that the router has to start or to tell. Recorded in histories: fields are only ever added. */
export interface RouteAction {
  readonly pipeline: string;
  readonly stage: string;
  readonly timelabel: string;
  readonly dataset: string;
  /** `tell`: the run should be there, so it is told what has changed, and started if it is not. `inform`: told if it is there, never started. */
  readonly kind: 'start' | 'tell' | 'inform';
  readonly step: RunStep | null;
  /** Set when all events that led here belong to one backfill: live work goes before it. */
  readonly backfill?: string;
}

export interface Acceptance {
  readonly actions: readonly RouteAction[];
  /** Endpoints that are owed something new. */
  readonly endpoints: readonly string[];
  readonly accepted: number;
  readonly rejected: number;
  /** Most that the router takes from now on. Absent from older builds. */
  readonly eventsPerSecond?: number;
}

interface Accepted {
  readonly acceptance: Acceptance;
  /** Those that were not known before. */
  readonly events: readonly ReeflineEvent[];
  readonly held: HeldReport;
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
  meter: Meter = NO_METER,
  tracer: Tracer = NO_TRACER,
): Promise<Acceptance> {
  const since = performance.now();
  const from = Date.now();
  const accepted = await inDecisionBy(db, configs, async (client, table): Promise<Accepted> => {
    const { arrivals, rejections } = await takeEventsOfRuns(client, configs, readMessages(table, messages));
    const pairs = arrivals.map(({ incoming, known }) => ({
      dataset: known.dataset,
      timelabel: incoming.timelabel,
    }));
    const routable = arrivals.filter(({ unrouted }) => unrouted !== true);
    const routes = routable.flatMap((arrival) => routesOf(table, arrival));
    const routed = targetsOfRoutes(routes);
    // Before the look at who waits: whoever begins to wait later finds these events. And before they get their place in the log, or a
    // publisher could send the later one of two while the transaction of the earlier one goes on.
    const ordered = mayKeepOrder(table);
    const oneByOne = pairs.filter(({ dataset }) => ordered || isAwaitedByAny(table, dataset));
    await lockNewest(client, [...oneByOne.map(({ dataset }) => dataset), ...routed.flatMap(newestInputs)]);
    const waiting = await waitingTargets(client, configs, table, arrivals, routes);
    const targets = [...routed, ...waiting];
    const [, logged] = await together(
      lockLabels(client, [
        ...pairs,
        ...targets.map(({ stage, timelabel }) => ({ dataset: stage.output, timelabel })),
      ]),
      readLogged(
        client,
        arrivals.map(({ id }) => id),
        pairs,
      ),
    );
    const numbered = numberEvents(arrivals, logged, logged.readAt);
    const refusals = numbered.refused.map(({ arrival, field, reason }) =>
      rejection(arrival.incoming, field, reason),
    );
    const owed = withEndpoints(table, numbered.events, logged.readAt);
    const origin = { ...originOf(routes), isRepeated: (id: string) => logged.known.has(id) };
    // The openings read the events that were sent before them.
    const [owing, [, opened]] = await together(
      appendEvents(client, owed, [...logged.known], router),
      together(
        appendRejections(client, [...rejections, ...refusals], router),
        openTargets(client, targets, {
          configs,
          table,
          request: { trigger: 'event', rerun: null },
          marks: NO_MARKS,
          ...origin,
        }),
      ),
    );
    const endpoints = new Set(owing);
    const refused = new Set(numbered.refused.map(({ arrival }) => arrival.id));
    const judged = routes.filter((route) => !refused.has(route.eventId));
    const waited = new Set(waiting.map(targetKey));
    const besides = opened.filter((target) => waited.has(targetKey(target)));
    const verdicts = [
      ...verdictsOf(judged, opened, logged),
      ...routable
        .filter(({ id }) => !refused.has(id) && !logged.known.has(id))
        .flatMap((arrival) => verdictsOfNewest(table, arrival, besides)),
    ];
    await appendVerdicts(client, verdicts, table.configVersion);
    const held = await reportHeld(client, table, opened, router);
    for (const endpoint of held.endpoints) endpoints.add(endpoint);
    return {
      events: numbered.events,
      held,
      acceptance: {
        actions: opened.flatMap((target) => actionOf(target, origin.backfillOf(target))),
        endpoints: [...endpoints],
        accepted: numbered.events.length,
        rejected: rejections.length + refusals.length,
        eventsPerSecond: routerRate(table.project, router),
      },
    };
  });
  const { acceptance, events, held } = accepted;
  measureAcceptance(meter, router, messages.length, acceptance, since);
  const to = Date.now();
  for (const event of events) tracer.record({ kind: 'accepted', event, router, from, to });
  traceHeld(tracer, held, { from, to });
  return acceptance;
}

/** What brought each target here, and the backfill that all of it belongs to. */
function originOf(routes: readonly Route[]): Required<Omit<OpeningOrigin, 'isRepeated'>> {
  const routed = new Map<string, Route[]>();
  for (const route of routes) {
    if (route.filtered !== undefined) continue;
    const key = targetKey(route.target);
    routed.set(key, [...(routed.get(key) ?? []), route]);
  }
  const of = (target: Target): readonly Route[] => routed.get(targetKey(target)) ?? [];
  return {
    causes: (target) => of(target).map(({ eventId }) => eventId),
    backfillOf: (target) => {
      const [first, ...others] = of(target).map(({ incoming }) => incoming.backfill);
      return others.every((other) => other === first) ? first : undefined;
    },
  };
}

function actionOf(
  { stage, timelabel, opening, state }: OpenedTarget,
  backfill: string | undefined,
): RouteAction[] {
  const base = {
    pipeline: stage.pipeline,
    stage: stage.id,
    timelabel,
    dataset: stage.output,
    ...(backfill === undefined ? {} : { backfill }),
  };
  const step = stepOf(stage, opening, stageQueue(stage));
  // A run that waits is there: to try to start it once more would cost the server as much as it costs to tell it, and fail.
  const kind = state.latest?.status === 'WAITING' ? 'tell' : 'start';
  switch (opening.kind) {
    case 'nothing-new':
      return [];
    case 'paused':
    case 'held':
      return opening.waits ? [{ ...base, kind: 'inform', step }] : [];
    case 'waiting':
      return [{ ...base, kind, step }];
    case 'run': {
      const superseded = step.kind === 'run' && step.superseded === true;
      if (opening.alreadyOpen && state.begun)
        return [{ ...base, kind: 'tell', step: superseded ? step : null }];
      return [{ ...base, kind, step }];
    }
  }
}

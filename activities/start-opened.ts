import type { RunPlan } from '../pipeline/run-plan.ts';
import type { Acceptance, RouteAction } from './accept-events.ts';

/** A run that takes up the very step that was decided; any other may be there, waiting. */
export interface OpenedAction extends RouteAction {
  readonly step: RunPlan;
}

/** Starts a run as a workflow of its own; false when its (stage, label) has one that has not taken up this revision. */
export type StartRun = (action: OpenedAction) => Promise<boolean>;

/** Starts at once. Each is one call of the Temporal server, which writes one workflow after the other. */
const WIDTH = 10;

/**
 * Starts the runs that an acceptance opened, and leaves to the router what is not started by then: runs that are there
 * already and have to be told, those that Temporal refused, and those for which no time was left before `until`, by the clock
 * of `performance.now()`. A run that the router starts becomes its child, whose start and end are written into the router's history;
 * one that is started here costs the router nothing.
 *
 * When the process dies in between, the repeated acceptance returns the runs that nobody has begun, as it does for the router.
 */
export async function startOpened(
  acceptance: Acceptance,
  start: StartRun,
  until: number,
): Promise<Acceptance> {
  const left = new Map<RouteAction, RouteAction>();
  const waiting: OpenedAction[] = [];
  for (const action of acceptance.actions) {
    if (isOpened(action)) waiting.push(action);
    else left.set(action, action);
  }
  let started = 0;
  const lane = async (): Promise<void> => {
    for (let action = waiting.shift(); action !== undefined; action = waiting.shift()) {
      const outcome = performance.now() < until ? await attempt(action, start) : action;
      if (outcome === undefined) started += 1;
      else left.set(action, outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(WIDTH, waiting.length) }, lane));
  const actions = acceptance.actions.flatMap((action) => left.get(action) ?? []);
  return { ...acceptance, actions, ...(started === 0 ? {} : { started }) };
}

function isOpened(action: RouteAction): action is OpenedAction {
  const { kind, step } = action;
  return kind === 'start' && step?.kind === 'run' && step.superseded !== true;
}

/** Undefined when the run is started; otherwise what the router has to do. */
async function attempt(action: OpenedAction, start: StartRun): Promise<RouteAction | undefined> {
  try {
    return (await start(action)) ? undefined : { ...action, kind: 'tell' };
  } catch {
    // The router's own attempt is repeated until it succeeds, and tells why it does not.
    return action;
  }
}

import type { ReeflineEvent } from '../pipeline/data-event.ts';
import type { Project } from '../pipeline/project.ts';
import { byRouter } from '../pipeline/routers.ts';

/** Hands events to the router of a name, starting it when it is not there. */
export type SignalRouter = (router: string, events: readonly ReeflineEvent[]) => Promise<void>;

/**
 * Signals the events of a pipeline, each to the router of its dataset. When one of the signals fails the others may have arrived: the
 * caller repeats them all, and each event is accepted once.
 */
export async function signalRouters(
  project: Project,
  signalRouter: SignalRouter,
  pipeline: string,
  events: readonly ReeflineEvent[],
): Promise<void> {
  const groups = byRouter(project, pipeline, events);
  await Promise.all([...groups].map(([router, group]) => signalRouter(router, group)));
}

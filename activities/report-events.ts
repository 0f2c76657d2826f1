import type pg from 'pg';
import type { ConfigStore } from '../catalog/config-store.ts';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import type { Project } from '../pipeline/project.ts';
import { acceptEvents } from './accept-events.ts';
import type { Meter } from './metrics.ts';
import { signalRouters, type SignalRouter } from './signal-routers.ts';
import type { Tracer } from './tracer.ts';

/** Hands the events of a pipeline to whoever accepts them. When it fails they are handed over again, and each is accepted once. */
export type ReportEvents = (pipeline: string, events: readonly ReeflineEvent[]) => Promise<void>;

export interface Reporting {
  readonly db: pg.Pool;
  readonly configs: ConfigStore;
  readonly signalRouter: SignalRouter;
  /** Has the publisher of an endpoint look at what is owed, starting it when it is not there. */
  readonly wake: (endpoint: string) => Promise<void>;
  readonly meter: Meter;
  readonly tracer: Tracer;
}

/**
 * Signals events that other stages depend on, each to the router of its dataset, and accepts all others where they arise: they start nothing,
 * so a router would have nothing to do for them (docs/decisions/0037). Those are accepted together, and the log and the metrics show them under
 * the name of the pipeline, which is that of its first router: none of its routers has seen them. Should the acceptance find work after all, for a
 * run that waits under an older configuration or because another one has come into force just now, the routers are signalled too: they accept
 * the events again, which changes nothing, and start what is still to be started.
 */
export function reportEvents({ db, configs, signalRouter, wake, meter, tracer }: Reporting): ReportEvents {
  const accept = async (
    project: Project,
    pipeline: string,
    events: readonly ReeflineEvent[],
  ): Promise<void> => {
    const { actions, endpoints } = await acceptEvents(db, configs, pipeline, events, meter, tracer);
    await Promise.all(endpoints.map(wake));
    if (actions.length > 0) await signalRouters(project, signalRouter, pipeline, events);
  };
  return async (pipeline, events) => {
    const { dependents, project } = await configs.current(db);
    const routed = events.filter(({ dataset }) => dependents.has(dataset));
    const last = events.filter(({ dataset }) => !dependents.has(dataset));
    await Promise.all([
      signalRouters(project, signalRouter, pipeline, routed),
      last.length === 0 ? undefined : accept(project, pipeline, last),
    ]);
  };
}

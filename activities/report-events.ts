import type pg from 'pg';
import type { ConfigStore } from '../catalog/config-store.ts';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import { acceptEvents } from './accept-events.ts';
import type { Meter } from './metrics.ts';
import type { Tracer } from './tracer.ts';

/** Hands the events of a pipeline to whoever accepts them. When it fails they are handed over again, and each is accepted once. */
export type ReportEvents = (pipeline: string, events: readonly ReeflineEvent[]) => Promise<void>;

export interface Reporting {
  readonly db: pg.Pool;
  readonly configs: ConfigStore;
  /** Sends events to the router of a pipeline, starting it when it is not there. */
  readonly signalRouter: ReportEvents;
  /** Has the publisher of an endpoint look at what is owed, starting it when it is not there. */
  readonly wake: (endpoint: string) => Promise<void>;
  readonly meter: Meter;
  readonly tracer: Tracer;
}

/**
 * Signals the router about events that other stages depend on, and accepts all others where they arise: they start nothing, so a
 * router would have nothing to do for them (docs/decisions/0037). Should the acceptance find work after all, for a run that waits under an older
 * configuration or because another one has come into force just now, the router is signalled too: it accepts the events again, which changes
 * nothing, and starts what is still to be started.
 */
export function reportEvents({ db, configs, signalRouter, wake, meter, tracer }: Reporting): ReportEvents {
  const accept: ReportEvents = async (pipeline, events) => {
    const { actions, endpoints } = await acceptEvents(db, configs, pipeline, events, meter, tracer);
    await Promise.all(endpoints.map(wake));
    if (actions.length > 0) await signalRouter(pipeline, events);
  };
  return async (pipeline, events) => {
    const { dependents } = await configs.current(db);
    const routed = events.filter(({ dataset }) => dependents.has(dataset));
    const last = events.filter(({ dataset }) => !dependents.has(dataset));
    await Promise.all([
      routed.length === 0 ? undefined : signalRouter(pipeline, routed),
      last.length === 0 ? undefined : accept(pipeline, last),
    ]);
  };
}

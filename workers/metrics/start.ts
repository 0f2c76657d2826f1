import type pg from 'pg';
import type { Client } from '@temporalio/client';
import type { TelemetryOptions } from '@temporalio/worker';
import { showCounters } from '../../activities/measurements.ts';
import type { Meter } from '../../activities/metrics.ts';
import type { Project } from '../../pipeline/project.ts';
import type { ListenAddress } from '../listen-address.ts';
import { CatalogWatch } from './catalog-watch.ts';
import { createRegistry } from './registry.ts';
import { askWith, RouterWatch } from './router-watch.ts';
import { serveMetrics } from './serve.ts';
import { temporalMetrics } from './temporal-metrics.ts';

/** The metrics of one worker process, and what it tells its probes. */
export interface WorkerMetrics {
  readonly meter: Meter;
  /** For `Runtime.install`. */
  readonly telemetryOptions: TelemetryOptions;
  /** Where they are served. */
  readonly url: string;
  watch(db: pg.Pool): void;
  /** Asks the routers of the configuration how much they hold from now on. */
  watchRouters(client: Client): void;
  /** Shows the counters of what is in the configuration before anything is counted. */
  show(project: Project): void;
  /** Says that the process takes work, or with a sentence why it does not. */
  ready(unready?: string): void;
  close(): Promise<void>;
}

/** Serves them at once, so that probes are answered also while the catalog or Temporal is away. */
export async function startMetrics(address: ListenAddress): Promise<WorkerMetrics> {
  const watch = new CatalogWatch();
  const routers = new RouterWatch();
  const registry = createRegistry(async (set) => {
    await Promise.all([watch.observe(set), routers.observe(set)]);
  });
  const temporal = await temporalMetrics();
  let unready: string | undefined = 'The worker is starting: it waits for the catalog or for Temporal.';
  const server = await serveMetrics(address, {
    metrics: async () => (await Promise.all([registry.read(), temporal.read()])).join(''),
    unready: () => unready,
  });
  return {
    meter: registry.meter,
    telemetryOptions: temporal.telemetryOptions,
    url: server.url,
    watch: (db) => watch.watch(db),
    watchRouters: (client) => routers.watch(askWith(client)),
    show: (project) => {
      showCounters(registry.meter, project);
      routers.follow(project);
    },
    ready: (why) => {
      unready = why;
    },
    close: () => server.close(),
  };
}

import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import type pg from 'pg';
import { ConfigStore } from '../catalog/config-store.ts';
import { connectionQueue, ROUTING_QUEUE } from '../pipeline/ids.ts';
import type { Activities } from '../workflows/activity-types.ts';
import type { WorkerConnection } from './temporal.ts';
import type { Say } from './until-reachable.ts';

/** Activities of one connection at once, when its settings name no `concurrency`. */
const DEFAULT_CONCURRENCY = 4;
/** Catalog transactions at once: local activities plus short activities. The pool must be as large (pool size). */
export const CATALOG_SLOTS = 20;
/** How often new connections in the config store are looked for, in milliseconds. */
const CONFIG_POLL = 2_000;

export interface WorkersOptions {
  readonly temporal: WorkerConnection;
  readonly db: pg.Pool;
  readonly activities: Activities;
  readonly say: Say;
  readonly signal: AbortSignal;
  /** A prebuilt bundle; absent, the workflows are bundled at start. */
  readonly workflowBundle?: { readonly code: string };
}

/**
 * Runs the workflow worker and one activity worker per connection until the signal aborts, then lets running
 * activities finish. Connections that a later `apply` adds get their worker within seconds.
 */
export async function runWorkers({
  temporal,
  db,
  activities,
  say,
  signal,
  workflowBundle,
}: WorkersOptions): Promise<void> {
  const running = new Map<string, { worker: Worker; done: Promise<void> }>();
  const start = async (
    options: Omit<WorkerOptions, 'connection' | 'namespace'> & { taskQueue: string },
  ): Promise<void> => {
    const worker = await Worker.create({
      ...temporal,
      shutdownGraceTime: '20s',
      shutdownForceTime: '40s',
      ...options,
    });
    running.set(options.taskQueue, { worker, done: worker.run() });
  };
  await start(routingWorker(activities, workflowBundle));
  say(`Routing on task queue ${ROUTING_QUEUE}.`);
  const { runStage } = activities;
  const stop = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
    if (signal.aborted) resolve();
  });
  const failed = (): Promise<void> => Promise.race([...running.values()].map(({ done }) => done));
  while (!signal.aborted) {
    for (const [name, concurrency] of await connections(db)) {
      const taskQueue = connectionQueue(name);
      if (running.has(taskQueue)) continue;
      await start({ taskQueue, activities: { runStage }, maxConcurrentActivityTaskExecutions: concurrency });
      say(`Stages of connection ${name} on task queue ${taskQueue}, ${String(concurrency)} at once.`);
    }
    await Promise.race([stop, failed(), new Promise((resolve) => setTimeout(resolve, CONFIG_POLL).unref())]);
  }
  for (const { worker } of running.values()) if (worker.getState() === 'RUNNING') worker.shutdown();
  await Promise.all([...running.values()].map(({ done }) => done));
}

function routingWorker(
  activities: Activities,
  bundle: { readonly code: string } | undefined,
): Omit<WorkerOptions, 'connection' | 'namespace'> & { taskQueue: string } {
  const { acceptEvents, closeRun, forwardEvents, openRun, resolveTick } = activities;
  const workflows =
    bundle === undefined
      ? { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) }
      : { workflowBundle: bundle };
  return {
    taskQueue: ROUTING_QUEUE,
    ...workflows,
    dataConverter: {
      payloadConverterPath: fileURLToPath(new URL('../workflows/payload-converter.ts', import.meta.url)),
    },
    activities: { acceptEvents, closeRun, forwardEvents, openRun, resolveTick },
    maxConcurrentLocalActivityExecutions: CATALOG_SLOTS,
    maxConcurrentActivityTaskExecutions: CATALOG_SLOTS,
    maxCachedWorkflows: 1_000,
  };
}

async function connections(db: pg.Pool): Promise<readonly (readonly [string, number])[]> {
  const stored = await db.query('select 1 from reefline.config_version limit 1').catch(() => undefined);
  if (stored === undefined || stored.rows.length === 0) return [];
  const { project } = await new ConfigStore().current(db);
  return Object.entries(project.connections).map(
    ([name, settings]) => [name, settings.concurrency ?? DEFAULT_CONCURRENCY] as const,
  );
}

import { fileURLToPath } from 'node:url';
import type { ActivityInterceptorsFactory, Worker, WorkerOptions } from '@temporalio/worker';
import type { DataConverter } from '@temporalio/common';
import type pg from 'pg';
import { ConfigStore } from '../catalog/config-store.ts';
import { connectionQueue, ROUTING_QUEUE } from '../pipeline/ids.ts';
import type { Project } from '../pipeline/project.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import type { Activities } from '../workflows/activity-types.ts';
import type { WorkerConnection } from './temporal.ts';
import { UnwatchedWorker } from './unwatched-worker.ts';
import type { Say } from './until-reachable.ts';

/** Activities of one connection at once, when its settings name no `concurrency`. */
const DEFAULT_CONCURRENCY = 4;
/** Catalog transactions at once: local activities plus short activities. The pool must be as large (pool size). */
export const CATALOG_SLOTS = 20;
/** The module that workers decode the payloads of workflows with. */
export const PAYLOAD_CONVERTER = fileURLToPath(new URL('../workflows/payload-converter.ts', import.meta.url));
const NO_STACKS = fileURLToPath(new URL('../workflows/no-stacks.ts', import.meta.url));
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
  /** true: errors of workflows say where they arose, at the price of three fifths more CPU in the thread of workflows. */
  readonly workflowStacks?: boolean;
  /** Told of each configuration that comes into force while the workers run. */
  readonly onConfig?: (project: Project) => void;
  /** Told when the worker that routes takes work. */
  readonly onRouting?: () => void;
  readonly activityInterceptors?: ActivityInterceptorsFactory[];
  /** How payloads are encrypted; absent, they are not. */
  readonly encryption?: DataConverter;
  /** Which build this is, for deployments that run several at once. */
  readonly versioning?: Pick<WorkerOptions, 'workerDeploymentOptions'>;
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
  workflowStacks = false,
  onConfig = () => undefined,
  onRouting = () => undefined,
  activityInterceptors = [],
  encryption = {},
  versioning = {},
}: WorkersOptions): Promise<void> {
  const running = new Map<string, { worker: Worker; done: Promise<void> }>();
  const start = async (
    options: Omit<WorkerOptions, 'connection' | 'namespace'> & { taskQueue: string },
  ): Promise<void> => {
    const worker = await UnwatchedWorker.create({
      ...temporal,
      ...versioning,
      shutdownGraceTime: '20s',
      shutdownForceTime: '40s',
      interceptors: { activity: activityInterceptors },
      ...options,
      dataConverter: { ...options.dataConverter, ...encryption },
    });
    running.set(options.taskQueue, { worker, done: worker.run() });
  };
  const stop = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
    if (signal.aborted) resolve();
  });
  const ended = (): Promise<void> => Promise.race([...running.values()].map(({ done }) => done));
  try {
    const versioned = versioning.workerDeploymentOptions !== undefined;
    await start(routingWorker(activities, workflowBundle ?? workflowsPath(versioned), workflowStacks));
    say(`Routing on task queue ${ROUTING_QUEUE}.`);
    onRouting();
    const { findSyncLabels, runStage } = activities;
    const configs = new ConfigStore();
    let version = 0;
    while (!signal.aborted) {
      const table = await inForce(configs, db);
      if (table !== undefined && table.configVersion !== version) {
        version = table.configVersion;
        for (const [name, { concurrency = DEFAULT_CONCURRENCY }] of Object.entries(
          table.project.connections,
        )) {
          const taskQueue = connectionQueue(name);
          if (running.has(taskQueue)) continue;
          await start({
            taskQueue,
            activities: { findSyncLabels, runStage },
            maxConcurrentActivityTaskExecutions: concurrency,
          });
          say(`Stages of connection ${name} on task queue ${taskQueue}, ${String(concurrency)} at once.`);
        }
        onConfig(table.project);
      }
      await Promise.race([stop, ended(), new Promise((resolve) => setTimeout(resolve, CONFIG_POLL).unref())]);
    }
  } finally {
    // When one worker ends by a fault, the others must not keep a half-working process alive.
    for (const { worker } of running.values()) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.allSettled([...running.values()].map(({ done }) => done));
  }
  await Promise.all([...running.values()].map(({ done }) => done));
}

/** The module whose exports are the workflows. */
export function workflowsPath(versioned: boolean): string {
  const module = versioned ? '../workflows/versioned.ts' : '../workflows/index.ts';
  return fileURLToPath(new URL(module, import.meta.url));
}

/**
 * Modules that all workflows of a process share. Each would otherwise evaluate its own copies: 48 of them, half a millisecond and
 * 82 KiB for as long as it is cached. They may share them because none has state that belongs to a workflow (eslint.config.mjs).
 * `stacks`: errors of workflows say where they arose.
 */
export function sharedModules(workflowsPath: string, stacks = false): string[] {
  return [...(stacks ? [] : [NO_STACKS]), workflowsPath, PAYLOAD_CONVERTER];
}

function routingWorker(
  activities: Activities,
  workflows: string | { readonly code: string },
  stacks: boolean,
): Omit<WorkerOptions, 'connection' | 'namespace'> & { taskQueue: string } {
  const { acceptEvents, closeRun, forwardEvents, openRun, passDeadline, resolveSync, resolveTick } =
    activities;
  const { advanceBackfill, controlBackfill, planBackfill, sweepKind } = activities;
  return {
    taskQueue: ROUTING_QUEUE,
    ...(typeof workflows === 'string'
      ? { workflowsPath: workflows, bundlerOptions: { preloadModules: sharedModules(workflows, stacks) } }
      : { workflowBundle: workflows }),
    dataConverter: { payloadConverterPath: PAYLOAD_CONVERTER },
    activities: {
      acceptEvents,
      advanceBackfill,
      closeRun,
      controlBackfill,
      forwardEvents,
      openRun,
      passDeadline,
      planBackfill,
      resolveSync,
      resolveTick,
      sweepKind,
    },
    maxConcurrentLocalActivityExecutions: CATALOG_SLOTS,
    maxConcurrentActivityTaskExecutions: CATALOG_SLOTS,
    maxCachedWorkflows: 1_000,
  };
}

/** The configuration in force; undefined while there is none or the catalog is away. */
async function inForce(configs: ConfigStore, db: pg.Pool): Promise<RoutingTable | undefined> {
  return configs.current(db).catch(() => undefined);
}

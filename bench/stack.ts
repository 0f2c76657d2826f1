import { Client, Connection } from '@temporalio/client';
import type pg from 'pg';
import { connectCatalog } from '../catalog/connect.ts';
import { migrateCatalog } from '../catalog/migrate.ts';
import { applyProject } from '../cli/apply.ts';
import { routerStart } from '../client/router-start.ts';
import { startLocalCloud } from '../local/cloud.ts';
import { findProcesses } from '../local/process-table.ts';
import { ROUTING_QUEUE, routerId } from '../pipeline/ids.ts';
import { cpuSeconds } from './cpu.ts';
import { benchProject } from './project.ts';
import { startWorker, type WorkerHandle } from './worker-handle.ts';

/** Everything that a figure is measured with: one Temporal server and one catalog for both sides. */
export interface Stack {
  readonly client: Client;
  readonly db: pg.Pool;
  /** Of the server that also holds the catalog. */
  readonly postgresUrl: string;
  /** The variables with which a process reaches the local cloud. */
  readonly env: Readonly<Record<string, string>>;
  readonly routed: WorkerHandle;
  readonly bare: WorkerHandle;
  readonly serverPids: { readonly temporal: number; readonly postgres: number };
  /** CPU seconds used so far by the Temporal server and by PostgreSQL. */
  readonly serverCpu: () => { readonly temporal: number; readonly postgres: number };
  /** Starts the router of a pipeline as whoever signals it first does. */
  startRouter(pipeline: string): Promise<void>;
  /** Sends one signal to the router of a pipeline, which must have been started. */
  signal(pipeline: string, events: unknown): Promise<void>;
  /** Numbers that were not given out before: labels and workflow ids are never used twice. */
  fresh(): number;
  stop(): Promise<void>;
}

/**
 * Starts the local cloud, one worker process for each side, and a router for every pipeline. With `profile` both workers leave a profile
 * of their CPU in that folder when they end.
 */
export async function startStack(log: (line: string) => void, profile?: string): Promise<Stack> {
  const cloud = await startLocalCloud({ log });
  const catalogUrl = cloud.env['REEFLINE_CATALOG_URL'] ?? '';
  await migrateCatalog(catalogUrl);
  const db = connectCatalog(catalogUrl, 4);
  const connection = await Connection.connect({ address: cloud.temporalAddress });
  const client = new Client({ connection });
  const project = benchProject([]);
  await applyProject(db, client, project, 'bench');
  const routed = startWorker(new URL('./worker.ts', import.meta.url), cloud.env, profile);
  const bare = startWorker(new URL('./bare/worker.ts', import.meta.url), cloud.env, profile);
  const temporal = processOf(['start-dev', `--port ${portOf(cloud.temporalAddress)}`]);
  const postgres = processOf(['postgres -D', `-p ${new URL(cloud.postgresUrl).port}`]);
  let given = 0;
  const stack: Stack = {
    client,
    db,
    postgresUrl: cloud.postgresUrl,
    env: cloud.env,
    routed,
    bare,
    serverPids: { temporal, postgres },
    serverCpu: () => ({ temporal: cpuSeconds(temporal), postgres: cpuSeconds(postgres, true) }),
    startRouter: async (pipeline) => {
      await client.workflow.signalWithStart('router', routerStart(pipeline, ROUTING_QUEUE, []));
    },
    signal: (pipeline, events) => client.workflow.getHandle(routerId(pipeline)).signal('dataEvent', events),
    fresh: () => (given += 1),
    stop: async () => {
      await Promise.all([routed.stop(), bare.stop()]);
      await connection.close();
      await db.end();
      await cloud.stop();
    },
  };
  for (const pipeline of project.pipelines) await stack.startRouter(pipeline);
  return stack;
}

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(':') + 1);
}

function processOf(words: readonly string[]): number {
  const [found] = findProcesses((command) => words.every((word) => command.includes(word)));
  if (found === undefined) throw new Error(`No process runs with ${words.join(' and ')}.`);
  return found.pid;
}

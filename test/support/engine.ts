import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import type pg from 'pg';
import type { StageRunners } from '../../activities/run-stage.ts';
import type { StageOutput, StageRun, StageTools } from '../../activities/stages/runner.ts';
import { connectCatalog } from '../../catalog/connect.ts';
import { applyProject } from '../../cli/apply.ts';
import { registerSearchAttributes } from '../../cli/search-attributes.ts';
import { ROUTING_QUEUE } from '../../pipeline/ids.ts';
import type { Project } from '../../pipeline/project.ts';
import { createActivities } from '../../workers/activities.ts';
import { clientEncryption, workerEncryption } from '../../workers/payload-encryption.ts';
import { runWorkers, workflowsPath } from '../../workers/run-workers.ts';
import { workerVersioning } from '../../workers/versioning.ts';
import { freshCatalog, fromEnvironment } from './local-cloud.ts';
import { QUIET_CORE } from './quiet-core.ts';
import { workflowBundle } from './workflow-bundle.ts';

export type Work = (run: StageRun, tools: StageTools) => Promise<StageOutput> | StageOutput;

/** A catalog, a Temporal namespace and workers of a suite's own; the stages do what the suite says. */
export interface Engine {
  readonly db: pg.Pool;
  readonly client: Client;
  readonly namespace: string;
  readonly catalogUrl: string;
  apply(project: Project): Promise<number>;
  /** With variables that name keys or a build, as workers in such an environment. A second call starts others beside them. */
  startWorkers(variables?: NodeJS.ProcessEnv): Promise<void>;
  stopWorkers(): Promise<void>;
  close(): Promise<void>;
}

export const DONE: StageOutput = { rows: 1, bytes: null, uri: null, columns: null };

const NONE: NodeJS.ProcessEnv = {};

let installed = false;

/** With `catalogUrl` it works on the catalog of another engine, in a namespace of its own, as after the loss of a cluster. */
export async function startEngine(label: string, work: Work, catalogUrl?: string): Promise<Engine> {
  if (!installed) installRuntime();
  installed = true;
  const database = catalogUrl === undefined ? await freshCatalog(label) : undefined;
  const url = catalogUrl ?? database?.url ?? '';
  const db = connectCatalog(url, 50);
  const address = fromEnvironment('TEMPORAL_ADDRESS');
  const connection = await Connection.connect({ address });
  const namespace = `${label}-${String(Date.now())}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 } as never,
  });
  const client = new Client({ connection, namespace });
  await untilNamespaceIsKnown(client);
  const native = await NativeConnection.connect({ address });
  const runner = async (run: StageRun, tools: StageTools): Promise<StageOutput> => work(run, tools);
  const runners: StageRunners = {
    extract: runner,
    register: runner,
    load: runner,
    transform: runner,
    publish: runner,
    check: runner,
    custom: runner,
  };
  const stops: (() => Promise<void>)[] = [];
  const engine: Engine = {
    db,
    client,
    namespace,
    catalogUrl: url,
    apply: async (project) => {
      // Servers that learn of them at their own time are waited for by what follows.
      if (process.env['REEFLINE_TEST_ATTRIBUTES_AT_ONCE'] === '1') await registerSearchAttributes(client);
      return (await applyProject(db, client, project, 'test')).version;
    },
    startWorkers: async (variables = NONE) => {
      const encryption = workerEncryption(variables);
      const { failureConverterPath } = encryption;
      const versioning = workerVersioning(variables);
      const own = { connection, namespace, ...clientEncryption(variables) };
      const activities = createActivities({
        ...{ db, runners },
        client: variables === NONE ? client : new Client(own),
        environment: process.env,
      });
      const controller = new AbortController();
      const lines: string[] = [];
      const done = runWorkers({
        temporal: { connection: native, namespace },
        db,
        activities,
        say: (line) => lines.push(line),
        signal: controller.signal,
        workflowBundle: await workflowBundle({
          ...(failureConverterPath === undefined ? {} : { failureConverterPath }),
          ...(versioning.workerDeploymentOptions === undefined ? {} : { workflowsPath: workflowsPath(true) }),
        }),
        encryption,
        versioning,
      });
      done.catch(() => undefined);
      stops.push(async () => {
        controller.abort();
        await done;
      });
      while (!lines.some((line) => line.includes(ROUTING_QUEUE)))
        await new Promise((resolve) => setTimeout(resolve, 10));
    },
    stopWorkers: async () => {
      await Promise.all(stops.splice(0).map((stop) => stop()));
    },
    close: async () => {
      await engine.stopWorkers();
      await native.close();
      await connection.close();
      await db.end();
      await database?.drop();
    },
  };
  return engine;
}

/** The core would warn of each local activity that ends after its workflow has gone on without it, as many do here. */
function installRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    shutdownSignals: [],
    telemetryOptions: { logging: QUIET_CORE },
  });
}

/** A new namespace reaches the server's cache within about a second. */
async function untilNamespaceIsKnown(client: Client): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const known = await client.workflow.count('').then(
      () => true,
      () => false,
    );
    if (known) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The namespace ${client.options.namespace} did not appear.`);
}

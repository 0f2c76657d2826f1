import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { migrateCatalog } from '../../catalog/migrate.ts';
import { applyProject } from '../../cli/apply.ts';
import { formatProblem } from '../../config/problem.ts';
import { readProject } from '../../config/project.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import type { Project } from '../../pipeline/project.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import type { Later } from './stop-in-order.ts';
import { startWorker, type WorkerProcess } from './worker-process.ts';

/** Runs one part of the set-up under its name, so that what goes wrong names it. */
export type Step = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** A project in force on a local cloud: its catalog, a worker, and a client of Temporal. */
export interface Engine {
  readonly worker: WorkerProcess;
  readonly client: Client;
  readonly catalog: pg.Pool;
  readonly stages: readonly StageDefinition[];
}

export interface EngineRequest {
  readonly cloud: LocalCloud;
  /** Folder for the worker's log. */
  readonly dir: string;
  /** Folder of the project, and how it is called in what the demo prints. */
  readonly project: string;
  readonly called: string;
  /** What the project refers to with `${env:…}`. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Creates the catalog's tables, puts the project in force and starts a worker. */
export async function startEngine(request: EngineRequest, step: Step, later: Later): Promise<Engine> {
  const { cloud, dir, project, called, variables } = request;
  const catalogUrl = cloud.env['REEFLINE_CATALOG_URL'] ?? '';
  await step("create the catalog's tables", () => migrateCatalog(catalogUrl));
  const catalog = new pg.Pool({ connectionString: catalogUrl, max: 4 });
  catalog.on('error', () => undefined);
  later(() => catalog.end());
  const connection = await Connection.connect({ address: cloud.temporalAddress });
  later(() => connection.close());
  const client = new Client({ connection, namespace: cloud.env['TEMPORAL_NAMESPACE'] ?? 'default' });
  const stages = await step(`validate and apply ${called}`, async () => {
    const read = await readWholeProject(project);
    await applyProject(catalog, client, read, 'demo');
    return read.stages;
  });
  const worker = startWorker({ ...ownEnvironment(), ...cloud.env, ...variables }, join(dir, 'worker.log'));
  later(() => worker.stop());
  return { worker, client, catalog, stages };
}

/** The project of a folder. @throws when it has problems, with all of them. */
export async function readWholeProject(folder: string): Promise<Project> {
  const read = await readProject(folder);
  if ('problems' in read)
    throw new Error(`The project has problems:\n${read.problems.map(formatProblem).join('\n')}`);
  return read.project;
}

/** Without what the user's shell says about real clouds: what is started here must reach its own servers only. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(AWS_|TEMPORAL_(?!CLI_PATH)|REEFLINE_(?:CATALOG_URL|PAYLOAD_)|SNOWFLAKE_|PG)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

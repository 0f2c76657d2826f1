import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { migrateCatalog } from '../catalog/migrate.ts';
import { applyProject } from '../cli/apply.ts';
import { formatProblem } from '../config/problem.ts';
import { readProject } from '../config/project.ts';
import { type LocalCloud, startLocalCloud } from '../local/cloud.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { openGate, type Gate } from './gate.ts';
import { WorkerProcess } from './worker-process.ts';

/** Every way that workers take to another process. */
export const WAYS = ['temporal', 'catalog', 'source', 'serving', 's3', 'sqs', 'glue', 'redshift'] as const;
export type Way = (typeof WAYS)[number];

/** The local cloud, the project in force on it, and workers that reach everything through gates. */
export interface World {
  readonly gates: Readonly<Record<Way, Gate>>;
  readonly workers: readonly WorkerProcess[];
  readonly stages: readonly StageDefinition[];
  /** These go past the gates, so that who disturbs and who checks is not disturbed. */
  readonly client: Client;
  readonly catalog: pg.Pool;
  readonly source: pg.Pool;
  readonly serving: pg.Pool;
  readonly warehouse: pg.Pool;
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  stop(): Promise<void>;
}

const WORKERS = 2;

/** Starts everything in `dir` but the workers; `project` is the folder of the project. */
export async function startWorld(dir: string, project: string): Promise<World> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of undo.splice(0).reverse()) await end();
  };
  try {
    return { ...(await assemble(dir, project, undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(
  dir: string,
  project: string,
  undo: (() => Promise<unknown>)[],
): Promise<Omit<World, 'stop'>> {
  await mkdir(dir, { recursive: true });
  const cloud = await startLocalCloud({ dir: join(dir, 'cloud') });
  undo.push(() => cloud.stop());
  const { env } = cloud;
  const aws = {
    region: env['AWS_REGION'] ?? '',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const s3 = new S3Client({ ...aws, endpoint: env['AWS_ENDPOINT_URL_S3'] ?? '', forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'chaos-lake' }));
  s3.destroy();
  const sqs = new SQSClient({ ...aws, endpoint: env['AWS_ENDPOINT_URL_SQS'] ?? '' });
  undo.push(() => {
    sqs.destroy();
    return Promise.resolve();
  });
  const { QueueUrl: queueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'chaos-events' }));
  const admin = new pg.Client({ connectionString: cloud.postgresUrl });
  await admin.connect();
  for (const name of ['chaos_source', 'chaos_serving']) await admin.query(`create database ${name}`);
  await admin.end();
  const catalogUrl = env['REEFLINE_CATALOG_URL'] ?? '';
  await migrateCatalog(catalogUrl);
  const [catalog, source, serving, warehouse] = (
    [
      catalogUrl,
      databaseUrl(cloud, 'chaos_source'),
      databaseUrl(cloud, 'chaos_serving'),
      databaseUrl(cloud, 'dev'),
    ] as const
  ).map((connectionString) => {
    const pool = new pg.Pool({ connectionString, max: 4, options: '-c timezone=UTC' });
    pool.on('error', () => undefined);
    undo.push(() => pool.end());
    return pool;
  }) as [pg.Pool, pg.Pool, pg.Pool, pg.Pool];
  const connection = await Connection.connect({ address: cloud.temporalAddress });
  undo.push(() => connection.close());
  const client = new Client({ connection, namespace: env['TEMPORAL_NAMESPACE'] ?? 'default' });
  const stages = await apply(catalog, client, project);
  const { gates, environment } = await openGates(cloud, queueUrl);
  undo.push(() => Promise.all(Object.values(gates).map((gate) => gate.close())));
  const workers = Array.from(
    { length: WORKERS },
    (_, at) => new WorkerProcess(environment, join(dir, `worker-${String(at)}.log`)),
  );
  undo.push(() => Promise.all(workers.map((worker) => worker.stop())));
  return { gates, workers, stages, client, catalog, source, serving, warehouse, sqs, queueUrl };
}

async function apply(catalog: pg.Pool, client: Client, project: string): Promise<readonly StageDefinition[]> {
  const read = await readProject(project);
  if ('problems' in read)
    throw new Error(`The drawn project has problems:\n${read.problems.map(formatProblem).join('\n')}`);
  await applyProject(catalog, client, read.project, 'chaos');
  return read.project.stages;
}

/** A gate for each way, and the environment of workers that go through them. */
async function openGates(
  cloud: LocalCloud,
  queueUrl: string,
): Promise<{ gates: World['gates']; environment: NodeJS.ProcessEnv }> {
  const { env } = cloud;
  const postgres = new URL(cloud.postgresUrl).host;
  const targets: Readonly<Record<Way, string>> = {
    temporal: cloud.temporalAddress,
    catalog: postgres,
    source: postgres,
    serving: postgres,
    s3: new URL(env['AWS_ENDPOINT_URL_S3'] ?? '').host,
    sqs: new URL(env['AWS_ENDPOINT_URL_SQS'] ?? '').host,
    glue: new URL(env['AWS_ENDPOINT_URL_GLUE'] ?? '').host,
    redshift: new URL(env['AWS_ENDPOINT_URL_REDSHIFT_DATA'] ?? '').host,
  };
  const opened = await Promise.all(WAYS.map(async (way) => [way, await openGate(targets[way])] as const));
  const gates = Object.fromEntries(opened) as unknown as Record<Way, Gate>;
  const through = (way: Way, url: string): string => {
    const moved = new URL(url);
    moved.host = gates[way].address;
    return moved.href;
  };
  return {
    gates,
    environment: {
      ...ownEnvironment(),
      ...env,
      TEMPORAL_ADDRESS: gates.temporal.address,
      REEFLINE_CATALOG_URL: through('catalog', env['REEFLINE_CATALOG_URL'] ?? ''),
      AWS_ENDPOINT_URL_S3: through('s3', env['AWS_ENDPOINT_URL_S3'] ?? ''),
      AWS_ENDPOINT_URL_SQS: through('sqs', env['AWS_ENDPOINT_URL_SQS'] ?? ''),
      AWS_ENDPOINT_URL_GLUE: through('glue', env['AWS_ENDPOINT_URL_GLUE'] ?? ''),
      AWS_ENDPOINT_URL_REDSHIFT_DATA: through('redshift', env['AWS_ENDPOINT_URL_REDSHIFT_DATA'] ?? ''),
      CHAOS_SOURCE_URL: through('source', databaseUrl(cloud, 'chaos_source')),
      CHAOS_SERVING_URL: through('serving', databaseUrl(cloud, 'chaos_serving')),
      CHAOS_QUEUE_URL: through('sqs', queueUrl),
    },
  };
}

function databaseUrl(cloud: LocalCloud, name: string): string {
  const url = new URL(cloud.postgresUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Without what the user's shell says about real clouds. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(AWS_|TEMPORAL_(?!CLI_PATH)|REEFLINE_|PG)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

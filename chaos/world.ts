import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { migrateCatalog } from '../catalog/migrate.ts';
import { applyProject } from '../cli/apply.ts';
import { ownEnvironment, readWholeProject } from '../examples/flights/engine.ts';
import { localAws } from '../examples/flights/local-aws.ts';
import { type Later, startParts } from '../examples/flights/stop-in-order.ts';
import { type LocalCloud, startLocalCloud } from '../local/cloud.ts';
import { createDatabase } from '../local/database.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { openGate, type Gate } from './gate.ts';
import { RestartedWorker } from './restarted-worker.ts';

/** Every way that workers take to another process. */
export const WAYS = ['temporal', 'catalog', 'source', 'serving', 's3', 'sqs', 'glue', 'redshift'] as const;
export type Way = (typeof WAYS)[number];

/** The local cloud, the project in force on it, and workers that reach everything through gates. */
export interface World {
  readonly gates: Readonly<Record<Way, Gate>>;
  readonly workers: readonly RestartedWorker[];
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
  return startParts((later) => assemble(dir, project, later));
}

async function assemble(dir: string, project: string, later: Later): Promise<Omit<World, 'stop'>> {
  await mkdir(dir, { recursive: true });
  const cloud = await startLocalCloud({ dir: join(dir, 'cloud') });
  later(() => cloud.stop());
  const { env, postgresUrl } = cloud;
  const s3 = new S3Client({ ...localAws(env, 'S3'), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'chaos-lake' }));
  s3.destroy();
  const sqs = new SQSClient(localAws(env, 'SQS'));
  later(() => {
    sqs.destroy();
    return Promise.resolve();
  });
  const { QueueUrl: queueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'chaos-events' }));
  const catalogUrl = env['REEFLINE_CATALOG_URL'] ?? '';
  const sourceUrl = await createDatabase(postgresUrl, 'chaos_source');
  const servingUrl = await createDatabase(postgresUrl, 'chaos_serving');
  const open = (connectionString: string): pg.Pool => {
    const pool = new pg.Pool({ connectionString, max: 4, options: '-c timezone=UTC' });
    pool.on('error', () => undefined);
    later(() => pool.end());
    return pool;
  };
  await migrateCatalog(catalogUrl);
  const catalog = open(catalogUrl);
  const connection = await Connection.connect({ address: cloud.temporalAddress });
  later(() => connection.close());
  const client = new Client({ connection, namespace: env['TEMPORAL_NAMESPACE'] ?? 'default' });
  const read = await readWholeProject(project);
  await applyProject(catalog, client, read, 'chaos');
  const { gates, environment } = await openGates(cloud, { sourceUrl, servingUrl, queueUrl });
  later(() => Promise.all(Object.values(gates).map((gate) => gate.close())));
  const workers = Array.from(
    { length: WORKERS },
    (_, at) => new RestartedWorker(environment, join(dir, `worker-${String(at)}.log`)),
  );
  later(() => Promise.all(workers.map((worker) => worker.stop())));
  return {
    gates,
    workers,
    stages: read.stages,
    client,
    catalog,
    source: open(sourceUrl),
    serving: open(servingUrl),
    // The stand-in keeps the warehouse's database `dev` in the same PostgreSQL.
    warehouse: open(await createDatabase(postgresUrl, 'dev')),
    sqs,
    queueUrl,
  };
}

/** A gate for each way, and the environment of workers that go through them. */
async function openGates(
  cloud: LocalCloud,
  { sourceUrl, servingUrl, queueUrl }: Readonly<Record<'sourceUrl' | 'servingUrl' | 'queueUrl', string>>,
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
      CHAOS_SOURCE_URL: through('source', sourceUrl),
      CHAOS_SERVING_URL: through('serving', servingUrl),
      CHAOS_QUEUE_URL: through('sqs', queueUrl),
    },
  };
}

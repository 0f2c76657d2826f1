import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { migrateCatalog } from '../../catalog/migrate.ts';
import { applyProject } from '../../cli/apply.ts';
import { readProject } from '../../config/project.ts';
import { formatProblem } from '../../config/problem.ts';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { loadSource, READER, type SourceRows } from './source-data.ts';
import { startWorker, type WorkerProcess } from './worker-process.ts';

/** Everything that the demo runs on, and the way to each part of it. */
export interface Stack {
  readonly cloud: LocalCloud;
  readonly worker: WorkerProcess;
  readonly client: Client;
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly catalog: pg.Pool;
  /** URLs of the databases for their owner; Reefline itself reads the source as a role that may only select. */
  readonly sourceUrl: string;
  readonly warehouseUrl: string;
  readonly servingUrl: string;
  readonly stages: readonly StageDefinition[];
  readonly sourceRows: SourceRows;
  stop(): Promise<void>;
}

const PROJECT = fileURLToPath(new URL('./project', import.meta.url));
const BUCKET = 'flights-lake';

/** Runs one part of the set-up under its name, so that what goes wrong names it. */
export type Step = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Starts the local cloud, fills the source, puts the project in force and starts a worker. */
export async function startStack(dir: string, lateHour: number, step: Step): Promise<Stack> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of undo.splice(0).reverse()) await end();
  };
  try {
    const parts = await assemble(dir, lateHour, step, (end) => undo.push(end));
    return { ...parts, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(
  dir: string,
  lateHour: number,
  step: Step,
  later: (end: () => Promise<unknown>) => void,
): Promise<Omit<Stack, 'stop'>> {
  await mkdir(dir, { recursive: true });
  const cloud = await step('start PostgreSQL, S3, SQS, Glue, Redshift and Temporal on this machine', () =>
    startLocalCloud({ dir: join(dir, 'cloud') }),
  );
  later(() => cloud.stop());
  const { env } = cloud;
  const aws = {
    region: env['AWS_REGION'] ?? '',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const s3 = new S3Client({ ...aws, endpoint: env['AWS_ENDPOINT_URL_S3'] ?? '', forcePathStyle: true });
  const sqs = new SQSClient({ ...aws, endpoint: env['AWS_ENDPOINT_URL_SQS'] ?? '' });
  later(() => {
    sqs.destroy();
    return Promise.resolve();
  });
  const urls = await step('create databases, bucket and queue', () => createStores(cloud, s3, sqs));
  s3.destroy();
  const sourceRows = await step('load three million real flights into the source database', () =>
    loadSource(urls.sourceUrl, dir, lateHour),
  );
  const { catalogUrl } = urls;
  await step("create the catalog's tables", () => migrateCatalog(catalogUrl));
  const catalog = new pg.Pool({ connectionString: catalogUrl, max: 4 });
  catalog.on('error', () => undefined);
  later(() => catalog.end());
  const connection = await Connection.connect({ address: cloud.temporalAddress });
  later(() => connection.close());
  const client = new Client({ connection, namespace: env['TEMPORAL_NAMESPACE'] ?? 'default' });
  const stages = await step('validate and apply examples/flights/project', () => apply(catalog, client));
  const worker = startWorker({ ...ownEnvironment(), ...env, ...urls.forWorkers }, join(dir, 'worker.log'));
  later(() => worker.stop());
  return { cloud, worker, client, sqs, catalog, stages, sourceRows, ...urls };
}

async function apply(catalog: pg.Pool, client: Client): Promise<readonly StageDefinition[]> {
  const read = await readProject(PROJECT);
  if ('problems' in read) {
    throw new Error(`The project has problems:\n${read.problems.map(formatProblem).join('\n')}`);
  }
  await applyProject(catalog, client, read.project, 'demo');
  return read.project.stages;
}

async function createStores(
  cloud: LocalCloud,
  s3: S3Client,
  sqs: SQSClient,
): Promise<
  Pick<Stack, 'queueUrl' | 'sourceUrl' | 'warehouseUrl' | 'servingUrl'> & {
    catalogUrl: string;
    forWorkers: Record<string, string>;
  }
> {
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const { QueueUrl: queueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'flight-events' }));
  const password = randomBytes(12).toString('hex');
  const client = new pg.Client({ connectionString: cloud.postgresUrl });
  await client.connect();
  try {
    await client.query(`create role ${READER} login password '${password}'`);
    await client.query('create database airline');
    await client.query('create database serving');
  } finally {
    await client.end();
  }
  const sourceUrl = databaseUrl(cloud, 'airline');
  const servingUrl = databaseUrl(cloud, 'serving');
  const readerUrl = new URL(sourceUrl);
  readerUrl.username = READER;
  readerUrl.password = password;
  return {
    queueUrl,
    sourceUrl,
    servingUrl,
    // The stand-in keeps the warehouse's database `dev` in the same PostgreSQL.
    warehouseUrl: databaseUrl(cloud, 'dev'),
    catalogUrl: cloud.env['REEFLINE_CATALOG_URL'] ?? '',
    forWorkers: {
      FLIGHTS_SOURCE_URL: readerUrl.href,
      FLIGHTS_SERVING_URL: servingUrl,
      FLIGHTS_QUEUE_URL: queueUrl,
    },
  };
}

function databaseUrl(cloud: LocalCloud, name: string): string {
  const url = new URL(cloud.postgresUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Without what the user's shell says about real clouds: the demo must reach its own servers only. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(AWS_|TEMPORAL_(?!CLI_PATH)|REEFLINE_CATALOG_URL|FLIGHTS_|PG)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

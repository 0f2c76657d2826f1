import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import pg from 'pg';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { type Engine, startEngine, type Step } from './engine.ts';
import { localAws } from './local-aws.ts';
import { loadSource, READER, type SourceRows } from './source-data.ts';
import { type Later, startParts } from './stop-in-order.ts';

/** Everything that the demo runs on, and the way to each part of it. */
export interface Stack extends Engine {
  readonly cloud: LocalCloud;
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  /** URLs of the databases for their owner; Reefline itself reads the source as a role that may only select. */
  readonly sourceUrl: string;
  readonly warehouseUrl: string;
  readonly servingUrl: string;
  readonly sourceRows: SourceRows;
  stop(): Promise<void>;
}

const PROJECT = fileURLToPath(new URL('./project', import.meta.url));
const BUCKET = 'flights-lake';

/** Starts the local cloud, fills the source, puts the project in force and starts a worker. */
export async function startStack(dir: string, lateHour: number, step: Step): Promise<Stack> {
  return startParts((later) => assemble(dir, lateHour, step, later));
}

async function assemble(
  dir: string,
  lateHour: number,
  step: Step,
  later: Later,
): Promise<Omit<Stack, 'stop'>> {
  await mkdir(dir, { recursive: true });
  const cloud = await step('start PostgreSQL, S3, SQS, Glue, Redshift and Temporal on this machine', () =>
    startLocalCloud({ dir: join(dir, 'cloud') }),
  );
  later(() => cloud.stop());
  const { env } = cloud;
  const s3 = new S3Client({ ...localAws(env, 'S3'), forcePathStyle: true });
  const sqs = new SQSClient(localAws(env, 'SQS'));
  later(() => {
    sqs.destroy();
    return Promise.resolve();
  });
  const { forWorkers, ...urls } = await step('create databases, bucket and queue', () =>
    createStores(cloud, s3, sqs),
  );
  s3.destroy();
  const sourceRows = await step('load three million real flights into the source database', () =>
    loadSource(urls.sourceUrl, dir, lateHour),
  );
  const engine = await startEngine(
    { cloud, dir, project: PROJECT, called: 'examples/flights/project', variables: forWorkers },
    step,
    later,
  );
  return { cloud, sqs, sourceRows, ...engine, ...urls };
}

async function createStores(
  cloud: LocalCloud,
  s3: S3Client,
  sqs: SQSClient,
): Promise<
  Pick<Stack, 'queueUrl' | 'sourceUrl' | 'warehouseUrl' | 'servingUrl'> & {
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

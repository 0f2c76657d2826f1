import { join } from 'node:path';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Client, Connection } from '@temporalio/client';
import { createConnection, createPool, type Pool } from 'mysql2/promise';
import pg from 'pg';
import { migrateCatalog } from '../catalog/migrate.ts';
import { grantRoles, WORKER_ROLE } from '../catalog/roles.ts';
import { createSnowflakeObjects } from '../cli/dev/snowflake-account.ts';
import { ownEnvironment } from '../examples/flights/engine.ts';
import { localAws } from '../examples/flights/local-aws.ts';
import { type Later, startParts } from '../examples/flights/stop-in-order.ts';
import { makeBuild } from './build.ts';
import type { Dice } from './dice.ts';
import { Editions } from './editions.ts';
import type { Gate } from './gate.ts';
import { makeOrg } from './org.ts';
import { type DrawnPipeline, MYSQL_DATABASE, SNOWFLAKE } from './project.ts';
import { RestartedWorker } from './restarted-worker.ts';
import { Sender } from './sender.ts';
import type { Server } from './server.ts';
import { type Each, type Killed, startServers, type Way, workerVariables } from './servers.ts';

/** The servers, the project in force on them, and workers that reach everything through gates. */
export interface World {
  readonly gates: Each<Way, Gate>;
  readonly servers: Each<Killed, Server>;
  readonly workers: readonly RestartedWorker[];
  /** Programs of workers that can replace each other. */
  readonly builds: readonly string[];
  /** The project and its changes. */
  readonly editions: Editions;
  /** What an outside service reports, with a clock that is wrong. */
  readonly sender: Sender;
  /** These go past the gates, so that who disturbs and who checks is not disturbed. */
  readonly client: Client;
  readonly catalog: pg.Pool;
  readonly source: pg.Pool;
  /** Undefined where MariaDB is not installed. */
  readonly mysql: Pool | undefined;
  readonly serving: pg.Pool;
  readonly warehouse: pg.Pool;
  /** The database behind the Snowflake account. */
  readonly snowflake: pg.Pool;
  readonly athena: AthenaClient;
  /** The file that holds the records of the Salesforce org. */
  readonly crm: string;
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  stop(): Promise<void>;
}

const WORKERS = 2;
/** Who the workers are at the catalog: not its owner, and one whose connections can be limited. */
export const CATALOG_USER = { name: 'chaos_worker', password: 'chaos' } as const;
/** Attempts of the customers' own clients, which live on while the servers are killed. */
const ATTEMPTS = 30;

/** Starts everything in `dir` but the workers; `dice` are those of the sender. */
export async function startWorld(
  dir: string,
  pipelines: readonly DrawnPipeline[],
  dice: Dice,
): Promise<World> {
  return startParts((later) => assemble(dir, pipelines, dice, later));
}

async function assemble(
  dir: string,
  pipelines: readonly DrawnPipeline[],
  dice: Dice,
  later: Later,
): Promise<Omit<World, 'stop'>> {
  const org = makeOrg(pipelines);
  const servers = await startServers(join(dir, 'servers'), org, later);
  const { urls, aws } = servers;
  const s3 = new S3Client({ ...localAws(aws, 'S3'), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'chaos-lake' }));
  s3.destroy();
  const sqs = new SQSClient({ ...localAws(aws, 'SQS'), maxAttempts: ATTEMPTS });
  later(() => {
    sqs.destroy();
    return Promise.resolve();
  });
  const athena = new AthenaClient({ ...localAws(aws, 'ATHENA'), maxAttempts: ATTEMPTS });
  later(() => {
    athena.destroy();
    return Promise.resolve();
  });
  const queueOf = async (name: string): Promise<string> =>
    (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl ?? '';
  const queueUrl = await queueOf('chaos-events');
  const auditQueueUrl = await queueOf('chaos-audit');
  const open = (connectionString: string): pg.Pool => {
    const pool = new pg.Pool({ connectionString, max: 4, options: '-c timezone=UTC' });
    pool.on('error', () => undefined);
    later(() => pool.end());
    return pool;
  };
  await migrateCatalog(urls.catalog);
  await grantRoles(urls.catalog);
  const catalog = open(urls.catalog);
  await catalog.query(
    `create user ${CATALOG_USER.name} password '${CATALOG_USER.password}' in role ${WORKER_ROLE}`,
  );
  const connection = await Connection.connect({ address: servers.temporalAddress });
  later(() => connection.close());
  const client = new Client({ connection });
  const editions = new Editions(join(dir, 'project'), pipelines, catalog, client);
  await editions.apply();
  const warehouse = open(urls.warehouse);
  const sender = new Sender({ warehouse, client }, dice);
  await sender.createTable();
  const queues = { queueUrl, auditQueueUrl };
  const account = { env: { SNOWFLAKE_ACCESS_URL: urls.snowflake } };
  const environment = {
    ...ownEnvironment(),
    ...workerVariables(servers, queues, CATALOG_USER),
    ...org.variables,
    ...(await createSnowflakeObjects(account, 'snow', SNOWFLAKE)),
  };
  const workers = Array.from(
    { length: WORKERS },
    (_, at) => new RestartedWorker(environment, join(dir, `worker-${String(at)}.log`)),
  );
  later(() => Promise.all(workers.map((worker) => worker.stop())));
  return {
    gates: servers.gates,
    servers: servers.killed,
    workers,
    builds: await Promise.all([1, 2].map((build) => makeBuild(join(dir, `build-${String(build)}`), build))),
    editions,
    sender,
    client,
    catalog,
    source: open(urls.source),
    mysql: urls.mysql === undefined ? undefined : await openMysql(urls.mysql, later),
    serving: open(urls.serving),
    warehouse,
    snowflake: open(new URL(`/snowflake_${SNOWFLAKE.database}`, urls.warehouse).href),
    athena,
    crm: servers.crm,
    sqs,
    queueUrl,
  };
}

/** Makes the database of the source tables, and opens it. */
async function openMysql(url: string, later: Later): Promise<Pool> {
  const owner = await createConnection(url);
  await owner.query(`create database ${MYSQL_DATABASE}`);
  await owner.end();
  const tables = createPool({ uri: `${url}/${MYSQL_DATABASE}`, charset: 'utf8mb4', connectionLimit: 4 });
  later(() => tables.end());
  return tables;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AthenaClient,
  CreateWorkGroupCommand,
  GetWorkGroupCommand,
  InvalidRequestException,
} from '@aws-sdk/client-athena';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import pg from 'pg';
import { missingFile } from '../../config/missing-file.ts';
import { referencedName } from '../../config/secret-reference.ts';
import type { AthenaConnection, SalesforceConnection } from '../../pipeline/connection.ts';
import type { Project } from '../../pipeline/project.ts';
import type { CloudAddresses } from './embedded-cloud.ts';
import { createMysqlDatabase } from './mysql-database.ts';
import { queuesOf, rolesOf } from './project-queues.ts';
import { roleVariables } from './queue-role.ts';
import type { PreparedOrg } from './salesforce-org.ts';
import { createSnowflakeObjects } from './snowflake-account.ts';

/** What stands in for one outside system of the project on this machine. */
export interface StandIn {
  /** `connections.shop`, `endpoints.customers` or `inbound.partner_files` */
  readonly of: string;
  /** The variable that the project refers to, or null when nothing has to be set. */
  readonly variable: string | null;
  /** URL of a database or queue, the name of a bucket, or a folder in one. */
  readonly address: string;
  /** What a reader should know: rows were put into it, or it is not a stand-in at all. */
  readonly remark: string | null;
}

/**
 * Makes what the connections, endpoints and inbound sources of a project need in the embedded cloud, each once: a database for each
 * PostgreSQL or MySQL connection (and the statements of `seed/<connection>.sql` in it), a bucket, a queue.
 */
export class StandIns {
  readonly #cloud: CloudAddresses;
  readonly #dir: string;
  readonly #orgs: Readonly<Record<string, PreparedOrg>>;
  readonly #made = new Map<string, StandIn>();
  /** Variables that nobody has to see: keys, passwords, and names. */
  readonly #unshown: Record<string, string> = {};

  /** `orgs`: by connection, what the cloud was started with. */
  constructor(cloud: CloudAddresses, dir: string, orgs: Readonly<Record<string, PreparedOrg>>) {
    this.#orgs = orgs;
    this.#cloud = cloud;
    this.#dir = dir;
  }

  made(): readonly StandIn[] {
    return [...this.#made.values()];
  }

  /** Makes what is not there yet. Where a name was used before, what it stands for is kept. */
  async provide(project: Project): Promise<void> {
    for (const [name, connection] of Object.entries(project.connections)) {
      const of = `connections.${name}`;
      if (connection.kind === 'postgres')
        await this.#once(of, connection.url, () => this.#database(of, name, connection.url));
      if (connection.kind === 'mysql')
        await this.#once(of, connection.url, () => this.#mysqlDatabase(of, name, connection.url));
      if (connection.kind === 's3')
        await this.#once(of, connection.bucket, () => this.#bucket(of, connection.bucket));
      if (connection.kind === 'athena')
        await this.#once(of, JSON.stringify(connection), () => this.#athena(of, connection));
      if (connection.kind === 'salesforce')
        await this.#once(of, JSON.stringify(connection), () =>
          Promise.resolve(this.#salesforce(of, name, connection)),
        );
      if (connection.kind === 'snowflake')
        await this.#once(of, JSON.stringify(connection), async () => {
          Object.assign(this.#unshown, await createSnowflakeObjects(this.#cloud, name, connection));
          return { of, variable: null, address: this.#cloud.env['SNOWFLAKE_ACCESS_URL'] ?? '', remark: null };
        });
    }
    for (const { of, name, queueUrl } of queuesOf(project))
      await this.#once(of, queueUrl, () => this.#queue(of, name, queueUrl));
    Object.assign(this.#unshown, ...rolesOf(project).map(roleVariables));
    for (const endpoint of project.endpoints) {
      const of = `endpoints.${endpoint.name}`;
      const made = { of, variable: null, address: '', remark: NOT_CALLED };
      if (endpoint.kind !== 'sqs') await this.#once(of, '', () => Promise.resolve(made));
    }
  }

  /** The variables that the project refers to. */
  environment(): Record<string, string> {
    const all = { ...this.#unshown };
    for (const { variable, address } of this.#made.values()) if (variable !== null) all[variable] = address;
    return all;
  }

  async #once(of: string, written: string, make: () => Promise<StandIn>): Promise<void> {
    const key = `${of} ${written}`;
    if (!this.#made.has(key)) this.#made.set(key, await make());
  }

  async #database(of: string, name: string, written: string): Promise<StandIn> {
    const variable = referencedName(written);
    if (variable === undefined) {
      return { of, variable: null, address: '', remark: WRITTEN_OUT };
    }
    const url = await this.#createDatabase(`dev_${name}`);
    const seeded = await this.#seed(url, name);
    return { of, variable, address: url, remark: seeded ? `filled from seed/${name}.sql` : null };
  }

  async #mysqlDatabase(of: string, name: string, written: string): Promise<StandIn> {
    const variable = referencedName(written);
    if (variable === undefined) return { of, variable: null, address: '', remark: WRITTEN_OUT };
    if (this.#cloud.mysqlUrl === '') return { of, variable: null, address: '', remark: NO_MYSQL };
    const seed = await readSeed(this.#dir, name);
    const url = await createMysqlDatabase(this.#cloud.mysqlUrl, `dev_${name}`, seed).catch(
      (error: unknown) => {
        throw seedFailed(name, error);
      },
    );
    return { of, variable, address: url, remark: seed === undefined ? null : `filled from seed/${name}.sql` };
  }

  #salesforce(of: string, name: string, { loginUrl }: SalesforceConnection): StandIn {
    const variable = referencedName(loginUrl);
    if (variable === undefined) return { of, variable: null, address: '', remark: WRITTEN_OUT };
    const org = this.#orgs[name];
    const address = this.#cloud.salesforceUrls[name];
    if (org === undefined || address === undefined)
      return { of, variable: null, address: '', remark: NEW_ORG };
    Object.assign(this.#unshown, org.variables);
    const file = `seed/${name}.objects.json`;
    const remark = org.seeded ? `with the objects of ${file}` : `without objects: describe them in ${file}`;
    return { of, variable, address, remark };
  }

  async #createDatabase(name: string): Promise<string> {
    await withClient(this.#cloud.postgresUrl, async (client) => {
      const found = await client.query('select 1 from pg_database where datname = $1', [name]);
      if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
    });
    const url = new URL(this.#cloud.postgresUrl);
    url.pathname = `/${name}`;
    return url.href;
  }

  async #seed(url: string, name: string): Promise<boolean> {
    const sql = await readSeed(this.#dir, name);
    if (sql === undefined) return false;
    await withClient(url, (client) => client.query(sql)).catch((error: unknown) => {
      throw seedFailed(name, error);
    });
    return true;
  }

  async #bucket(of: string, bucket: string): Promise<StandIn> {
    const client = new S3Client({ ...this.#aws('AWS_ENDPOINT_URL_S3'), forcePathStyle: true });
    try {
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
    } catch (error) {
      // Several connections may lie in one bucket.
      if (!(error instanceof Error && /^BucketAlready/.test(error.name))) throw error;
    } finally {
      client.destroy();
    }
    return { of, variable: null, address: bucket, remark: null };
  }

  /** The buckets of its folders, and a workgroup of its name, which has to know a place for results. */
  async #athena(of: string, { location, output = location, workgroup }: AthenaConnection): Promise<StandIn> {
    for (const folder of new Set([location, output])) await this.#bucket(of, bucketOf(folder));
    const client = new AthenaClient(this.#aws('AWS_ENDPOINT_URL_ATHENA'));
    const results = `${output.replace(/\/+$/u, '')}/results/`;
    const Configuration = {
      EnforceWorkGroupConfiguration: false,
      ResultConfiguration: { OutputLocation: results },
    };
    try {
      if (workgroup !== undefined && !(await hasWorkgroup(client, workgroup)))
        await client.send(new CreateWorkGroupCommand({ Name: workgroup, Configuration }));
    } finally {
      client.destroy();
    }
    return { of, variable: null, address: location, remark: null };
  }

  async #queue(of: string, name: string, written: string): Promise<StandIn> {
    const client = new SQSClient(this.#aws('AWS_ENDPOINT_URL_SQS'));
    try {
      const { QueueUrl: url = '' } = await client.send(new CreateQueueCommand(queueNamed(name, written)));
      const variable = referencedName(written) ?? null;
      return { of, variable, address: url, remark: null };
    } finally {
      client.destroy();
    }
  }

  /** The cloud's own endpoint and keys, whatever the shell says about a real one. */
  #aws(endpoint: string): {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  } {
    const { env } = this.#cloud;
    return {
      endpoint: env[endpoint] ?? '',
      region: env['AWS_REGION'] ?? '',
      credentials: {
        accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
      },
    };
  }
}

const WRITTEN_OUT =
  'is written out in reefline.yaml and used as it is; write ${env:NAME} to let dev put a stand-in in its place';
/** Its secret is a reference, and no value of the shell is used here. */
const NOT_CALLED = 'is not called from here: what it is owed waits';
const NEW_ORG = 'is new; start dev again to get an org for it';
const NO_MYSQL =
  'there is no MySQL server: install MariaDB (apt-get install mariadb-server, brew install mariadb) and start dev again';

async function readSeed(dir: string, name: string): Promise<string | undefined> {
  return readFile(join(dir, 'seed', `${name}.sql`), 'utf8').catch(missingFile);
}

function seedFailed(name: string, error: unknown): Error {
  return new Error(`seed/${name}.sql failed: ${error instanceof Error ? error.message : String(error)}`);
}

function bucketOf(folder: string): string {
  return /^s3:\/\/([^/]+)/.exec(folder)?.[1] ?? folder;
}

async function hasWorkgroup(client: AthenaClient, WorkGroup: string): Promise<boolean> {
  try {
    await client.send(new GetWorkGroupCommand({ WorkGroup }));
    return true;
  } catch (error) {
    if (error instanceof InvalidRequestException) return false;
    throw error;
  }
}

/** A queue URL that is written out names its queue at the end; one of a FIFO queue ends in `.fifo`. */
function queueNamed(
  name: string,
  written: string,
): { QueueName: string; Attributes?: { FifoQueue: 'true' } } {
  const QueueName = referencedName(written) === undefined ? (written.split('/').at(-1) ?? name) : name;
  return QueueName.endsWith('.fifo') ? { QueueName, Attributes: { FifoQueue: 'true' } } : { QueueName };
}

async function withClient(url: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}

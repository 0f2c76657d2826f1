import { randomBytes } from 'node:crypto';
import { S3Client, CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Client } from 'pg';
import { migrateCatalog } from '../../catalog/migrate.ts';

/** A database of a suite's own. */
export interface FreshDatabase {
  readonly name: string;
  readonly url: string;
  /** Removes it, ending connections that are still open. */
  drop(): Promise<void>;
}

/** A queue of a suite's own. */
export interface FreshQueue {
  readonly name: string;
  readonly url: string;
  drop(): Promise<void>;
}

/**
 * Creates an empty database for a source or a target in PostgreSQL; `label` makes its name readable. It lies in the local
 * cloud of this run, or on the server of another version that REEFLINE_TEST_OTHER_POSTGRES names.
 * @throws when the run was started without a local cloud.
 */
export function freshDatabase(label: string): Promise<FreshDatabase> {
  return databaseFrom('template1', label, process.env['REEFLINE_TEST_OTHER_POSTGRES']);
}

/** The same for the engine behind a stand-in for Redshift, which is always that of the local cloud. */
export function freshWarehouse(label: string): Promise<FreshDatabase> {
  return databaseFrom('template1', label);
}

/** Creates a catalog that is migrated and empty: a copy of the one that `makeCatalogTemplate` has made. */
export function freshCatalog(label: string): Promise<FreshDatabase> {
  return databaseFrom(CATALOG_TEMPLATE, label);
}

/** Called once for a local cloud: copying a catalog takes a tenth of the time that migrating one takes. */
export async function makeCatalogTemplate(superuserUrl: string): Promise<void> {
  await execute(superuserUrl, `create database ${CATALOG_TEMPLATE}`);
  await migrateCatalog(withDatabase(superuserUrl, CATALOG_TEMPLATE));
}

const CATALOG_TEMPLATE = 'reefline_test_catalog';

async function dropDatabase(superuserUrl: string, name: string): Promise<void> {
  if (superuserUrl !== process.env['REEFLINE_TEST_OTHER_POSTGRES'])
    return execute(superuserUrl, `drop database if exists "${name}" with (force)`);
  // PostgreSQL 12 cannot be told to end the sessions that are left.
  await execute(
    superuserUrl,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
  );
  await execute(superuserUrl, `drop database if exists "${name}"`);
}

async function databaseFrom(
  template: string,
  label: string,
  superuserUrl = fromEnvironment('REEFLINE_TEST_POSTGRES_URL'),
): Promise<FreshDatabase> {
  const name = unique(label.replaceAll('-', '_'), '_');
  await execute(superuserUrl, `create database "${name}" template ${template}`);
  return {
    name,
    url: withDatabase(superuserUrl, name),
    drop: () => dropDatabase(superuserUrl, name),
  };
}

function withDatabase(url: string, name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

/** Creates an empty bucket and answers its name. It disappears with the local cloud. */
export async function freshBucket(label = 'bucket'): Promise<string> {
  const name = unique(label, '-');
  const client = new S3Client({ endpoint: fromEnvironment('AWS_ENDPOINT_URL_S3'), forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  client.destroy();
  return name;
}

/** Creates an empty standard queue. */
export async function freshQueue(label = 'queue'): Promise<FreshQueue> {
  const name = unique(label, '-');
  const client = new SQSClient({ endpoint: fromEnvironment('AWS_ENDPOINT_URL_SQS') });
  const { QueueUrl: url } = await client.send(new CreateQueueCommand({ QueueName: name }));
  if (url === undefined) throw new Error(`The queue ${name} was created without a URL.`);
  return {
    name,
    url,
    async drop() {
      await client.send(new DeleteQueueCommand({ QueueUrl: url }));
      client.destroy();
    },
  };
}

/**
 * A variable that the local cloud of this run has set.
 * @throws when the run was started without a local cloud.
 */
export function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`${name} is not set: this suite needs the local cloud (unset REEFLINE_TEST_NO_CLOUD).`);
  }
  return value;
}

function unique(label: string, separator: string): string {
  return `${label}${separator}${randomBytes(4).toString('hex')}`;
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

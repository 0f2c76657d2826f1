import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import pg from 'pg';
import { freshDatabase, freshQueue, fromEnvironment } from './local-cloud.ts';
import { SHOP_TABLES, WAREHOUSE_TABLES } from './on-call-files.ts';
import { openTestWarehouse, type TestWarehouse } from './warehouse.ts';

/** The systems of a shop: the source, the warehouse, the serving database and the queue of a customer. */
export interface OnCallSystems {
  readonly warehouse: TestWarehouse;
  readonly bucket: string;
  readonly database: string;
  /** What the configuration refers to as `${env:…}`. */
  readonly secrets: Readonly<Record<string, string>>;
  source(sql: string): Promise<void>;
  /** The role of the workers may read the table of the orders, or may not. */
  setSourceAccess(access: 'granted' | 'revoked'): Promise<void>;
  /** While it is gone, the customer gets nothing. */
  dropQueue(): Promise<void>;
  restoreQueue(): Promise<void>;
  close(): Promise<void>;
}

export async function openOnCallSystems(): Promise<OnCallSystems> {
  const database = await freshDatabase('oncall_shop');
  const role = `oncall_${database.name.slice(-8)}`;
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`${SHOP_TABLES}
    create role ${role} login password 'oncall'; grant select on all tables in schema public to ${role};`);
  const warehouse = await openTestWarehouse('oncall');
  await warehouse.query(WAREHOUSE_TABLES);
  const { warehouse: redshift } = warehouse.connections;
  if (redshift?.kind !== 'redshift') throw new Error('No warehouse.');
  const serving = await freshDatabase('oncall_serving');
  const queue = await freshQueue('oncall');
  const sqs = new SQSClient({ endpoint: fromEnvironment('AWS_ENDPOINT_URL_SQS') });
  const shopUrl = new URL(database.url);
  Object.assign(shopUrl, { username: role, password: 'oncall' });
  return {
    warehouse,
    bucket: warehouse.bucket,
    database: redshift.database,
    secrets: { SHOP_URL: shopUrl.href, SERVING_URL: serving.url, CUSTOMER_QUEUE_URL: queue.url },
    source: async (sql) => {
      await client.query(sql);
    },
    setSourceAccess: async (access) => {
      await client.query(
        access === 'granted' ? `grant select on orders to ${role}` : `revoke select on orders from ${role}`,
      );
    },
    dropQueue: async () => {
      await sqs.send(new DeleteQueueCommand({ QueueUrl: queue.url }));
    },
    restoreQueue: async () => {
      await sqs.send(new CreateQueueCommand({ QueueName: queue.name }));
    },
    close: async () => {
      await client.end();
      await warehouse.close();
      await queue.drop();
      sqs.destroy();
      await serving.drop();
      await database.drop();
      await dropRole(role);
    },
  };
}

async function dropRole(role: string): Promise<void> {
  const client = new pg.Client({ connectionString: fromEnvironment('REEFLINE_TEST_POSTGRES_URL') });
  await client.connect();
  await client.query(`drop role ${role}`);
  await client.end();
}

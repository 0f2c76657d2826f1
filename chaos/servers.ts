import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Later } from '../examples/flights/stop-in-order.ts';
import { createDatabase } from '../local/database.ts';
import { findMariadb } from '../local/mariadb-programs.ts';
import type { Gate } from './gate.ts';
import type { DrawnOrg } from './org.ts';
import { MYSQL_DATABASE } from './project.ts';
import { Server, throughGate } from './server.ts';

/** Every way that workers take to another process. */
export const WAYS = [
  ...(['temporal', 'catalog', 'source', 'mysql', 'serving'] as const),
  ...(['s3', 'sqs', 'glue', 'athena', 'redshift', 'snowflake', 'salesforce'] as const),
];
export type Way = (typeof WAYS)[number];

/** Servers that are killed. What Redshift and Snowflake hold lies in one that is not: a service does not lose its front and its data at once. */
export type Killed =
  | 'temporal'
  | 'catalog'
  | 'shop'
  | 'mysql'
  | 'objects'
  | 'glue'
  | 'athena'
  | 'redshift'
  | 'snowflake'
  | 'salesforce';

/** Each of them by its name; there is no `mysql` where MariaDB is not installed. */
export type Each<Name extends string, One> = Readonly<Record<Exclude<Name, 'mysql'>, One>> & {
  readonly mysql: One | undefined;
};

export interface Servers {
  readonly gates: Each<Way, Gate>;
  readonly killed: Each<Killed, Server>;
  /** Past the disturbed gates: URLs of databases for their owner, and what an AWS client needs. */
  readonly urls: Each<'catalog' | 'source' | 'mysql' | 'serving' | 'warehouse' | 'snowflake', string>;
  readonly temporalAddress: string;
  /** The file that holds the records of the Salesforce org. */
  readonly crm: string;
  readonly aws: Readonly<Record<string, string>>;
}

const REGION = 'us-east-1';
/** As root, PostgreSQL runs as another user, who must be able to reach its folder. */
const ENTERABLE = 0o711;

/** Starts each server of the local cloud that the projects need as a process of its own, with its data below `dir`. */
export async function startServers(
  dir: string,
  { objects: sobjects, credentials }: DrawnOrg,
  later: Later,
): Promise<Servers> {
  await mkdir(dir, { recursive: true });
  await chmod(dir, ENTERABLE);
  const start = async <W extends Way>(
    request: Parameters<typeof Server.start<W>>[0],
    ...ways: readonly W[]
  ): ReturnType<typeof Server.start<W>> => {
    const started = await Server.start(request, ways);
    later(() => started.server.stop());
    return started;
  };
  const at = (name: string): { dir: string } => ({ dir: join(dir, name) });
  const warehouse = await start({ kind: 'postgres', ...at('warehouse') });
  const [temporal, catalog, shop, mysql, objects, glue, salesforce] = await Promise.all([
    start({ kind: 'temporal', ...at('temporal') }, 'temporal'),
    start({ kind: 'postgres', ...at('catalog') }, 'catalog'),
    start({ kind: 'postgres', ...at('shop') }, 'source', 'serving'),
    findMariadb() === undefined ? undefined : start({ kind: 'mariadb', ...at('mysql') }, 'mysql'),
    start({ kind: 'objects', region: REGION, ...at('objects') }, 's3', 'sqs'),
    start({ kind: 'glue', ...at('glue') }, 'glue'),
    start({ kind: 'salesforce', ...at('salesforce'), objects: sobjects, credentials }, 'salesforce'),
  ]);
  const { url: s3Endpoint } = objects.server;
  const { url: postgresUrl } = warehouse.server;
  const { url: glueEndpoint } = glue.server;
  const [athena, redshift, snowflake] = await Promise.all([
    start({ kind: 'athena', s3Endpoint, glueEndpoint, ...at('athena') }, 'athena'),
    start({ kind: 'redshift', postgresUrl, s3Endpoint, ...at('redshift') }, 'redshift'),
    start({ kind: 'snowflake', postgresUrl, s3Endpoint, ...at('snowflake') }, 'snowflake'),
  ]);
  return {
    gates: {
      ...temporal.gates,
      ...catalog.gates,
      ...shop.gates,
      mysql: mysql?.gates.mysql,
      ...objects.gates,
      ...glue.gates,
      ...athena.gates,
      ...redshift.gates,
      ...snowflake.gates,
      ...salesforce.gates,
    },
    killed: {
      temporal: temporal.server,
      catalog: catalog.server,
      shop: shop.server,
      mysql: mysql?.server,
      objects: objects.server,
      glue: glue.server,
      athena: athena.server,
      redshift: redshift.server,
      snowflake: snowflake.server,
      salesforce: salesforce.server,
    },
    urls: {
      catalog: await createDatabase(catalog.server.url, 'reefline'),
      source: await createDatabase(shop.server.url, 'chaos_source'),
      mysql: mysql?.server.url,
      serving: await createDatabase(shop.server.url, 'chaos_serving'),
      // The stand-in keeps the warehouse's database `dev` there.
      warehouse: await createDatabase(postgresUrl, 'dev'),
      snowflake: snowflake.server.url,
    },
    crm: join(dir, 'salesforce', 'org.sqlite'),
    temporalAddress: new URL(temporal.server.url).host,
    aws: awsVariables(
      (way) =>
        ({
          s3: objects.server.url,
          sqs: objects.server.url,
          glue: glue.server.url,
          athena: athena.server.url,
          redshift: redshift.server.url,
        })[way],
    ),
  };
}

/** The same servers for workers: everything through the disturbed gates, and the catalog as a user of the role for workers. */
export function workerVariables(
  { gates, urls, aws }: Servers,
  { queueUrl, auditQueueUrl }: { readonly queueUrl: string; readonly auditQueueUrl: string },
  catalogUser: { readonly name: string; readonly password: string },
): Readonly<Record<string, string>> {
  const catalog = new URL(throughGate(urls.catalog, gates.catalog));
  Object.assign(catalog, { username: catalogUser.name, password: catalogUser.password });
  return {
    ...aws,
    ...awsVariables((way) => `http://${gates[way].address}`),
    TEMPORAL_ADDRESS: gates.temporal.address,
    TEMPORAL_NAMESPACE: 'default',
    REEFLINE_CATALOG_URL: catalog.href,
    SNOWFLAKE_ACCESS_URL: `http://${gates.snowflake.address}`,
    // Its client would ask the metadata services of three clouds where it runs.
    SNOWFLAKE_DISABLE_PLATFORM_DETECTION: 'true',
    CHAOS_SOURCE_URL: throughGate(urls.source, gates.source),
    ...(urls.mysql === undefined
      ? {}
      : { CHAOS_MYSQL_URL: throughGate(`${urls.mysql}/${MYSQL_DATABASE}`, gates.mysql) }),
    CHAOS_CRM_URL: `http://${gates.salesforce.address}`,
    CHAOS_SERVING_URL: throughGate(urls.serving, gates.serving),
    CHAOS_QUEUE_URL: throughGate(queueUrl, gates.sqs),
    CHAOS_AUDIT_QUEUE_URL: throughGate(auditQueueUrl, gates.sqs),
  };
}

function awsVariables(
  urlOf: (way: 's3' | 'sqs' | 'glue' | 'athena' | 'redshift') => string,
): Record<string, string> {
  return {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_S3: urlOf('s3'),
    AWS_ENDPOINT_URL_SQS: urlOf('sqs'),
    AWS_ENDPOINT_URL_GLUE: urlOf('glue'),
    AWS_ENDPOINT_URL_ATHENA: urlOf('athena'),
    AWS_ENDPOINT_URL_REDSHIFT_DATA: urlOf('redshift'),
  };
}

import { chmodSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAthena } from './athena/server.ts';
import type { Claim } from './claim.ts';
import { createDatabase } from './database.ts';
import { startGlue } from './glue/server.ts';
import { findMariadb, MARIADB_INSTALL } from './mariadb-programs.ts';
import { startMariadb } from './mariadb.ts';
import { startObjectStore } from './object-store.ts';
import { othersCanEnter, runsAsRoot } from './postgres-binaries.ts';
import { startPostgres } from './postgres.ts';
import { startRedshiftData } from './redshift-data/server.ts';
import type { ObjectDefinition } from './salesforce/objects.ts';
import { startSalesforce } from './salesforce/server.ts';
import type { Credentials } from './salesforce/sessions.ts';
import { startSnowflake } from './snowflake/server.ts';
import { startSts } from './sts.ts';
import { startTemporal, type LocalTemporal } from './temporal.ts';
import { startTemporalServer, type TemporalServerPrograms } from './temporal-server.ts';

/** A Salesforce org: its objects, and with what one signs in. */
export interface OrgRequest {
  readonly objects: readonly ObjectDefinition[];
  readonly credentials: Credentials;
}

/** What the process that holds the local cloud is asked to start. */
export interface CloudRequest {
  readonly dir: string;
  readonly temporal: boolean;
  /** Start these programs, with PostgreSQL behind them, instead of the development server. */
  readonly temporalServer?: TemporalServerPrograms;
  /** Search attributes that are added later are known to the development server at once. */
  readonly attributesAtOnce?: boolean;
  readonly keep: boolean;
  /** Start MariaDB too, when it is installed. */
  readonly mysql?: boolean;
  /** Start these Salesforce orgs too, each under a name of file-name characters. */
  readonly salesforce?: Readonly<Record<string, OrgRequest>>;
}

/** Where the parts of a started cloud answer. */
export interface CloudAddresses {
  readonly env: Record<string, string>;
  readonly postgresUrl: string;
  /** Empty when MySQL was not asked for or MariaDB is not installed. */
  readonly mysqlUrl: string;
  /** Login URL of each Salesforce org that was asked for. */
  readonly salesforceUrls: Readonly<Record<string, string>>;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string;
}

const HOST = '127.0.0.1';
const REGION = 'us-east-1';

type Stoppable = { stop(): Promise<void> };

/** The parts of the cloud, from start to stop. */
export interface CloudParts {
  start(): Promise<CloudAddresses>;
  /** Stops whatever was started, also when `start` failed half-way. */
  stop(): Promise<void>;
}

/** Prepares the parts in a folder that `claim` holds. `log` gets one line per part that is ready. */
export function cloudParts(request: CloudRequest, claim: Claim, log: (line: string) => void): CloudParts {
  const starting: Promise<Stoppable>[] = [];
  let stopping = false;
  const begin = async <T extends Stoppable>(name: string, start: () => Promise<T>): Promise<T> => {
    if (stopping) throw new Error(`${name} is not started because the local cloud stops.`);
    const begun = performance.now();
    const part = start();
    starting.push(part);
    const ready = await part;
    log(`${name} is ready after ${Math.round(performance.now() - begun)} ms`);
    return ready;
  };
  return {
    start: () => startParts(request, claim, begin, log),
    async stop() {
      stopping = true;
      const settled = await Promise.allSettled(starting);
      // The last one started goes first, because it uses the others.
      for (const result of settled.reverse()) {
        if (result.status === 'rejected') continue;
        await result.value.stop().catch((error: unknown) => {
          log(`A part did not stop: ${String(error)}`);
        });
      }
    },
  };
}

type Begin = <T extends Stoppable>(name: string, start: () => Promise<T>) => Promise<T>;

async function startParts(
  request: CloudRequest,
  claim: Claim,
  begin: Begin,
  log: (line: string) => void,
): Promise<CloudAddresses> {
  const { dir, keep } = request;
  const announce = (command: string): void => claim.announce(command);
  const servers = enterableFolder(dir, claim);
  const withMysql = request.mysql === true && findMariadb() !== undefined;
  if (request.mysql === true && !withMysql) log(`MySQL is left out. ${MARIADB_INSTALL}`);
  const database = begin('PostgreSQL', () =>
    startPostgres({ dir: join(servers, 'postgres'), keep, announce }),
  );
  const [postgres, objects, temporal, mariadb] = await Promise.all([
    database,
    begin('S3 and SQS', () => startObjectStore({ dir: join(dir, 'object-store'), region: REGION, keep })),
    request.temporal
      ? begin('Temporal', () => startCluster(request, join(dir, 'temporal'), announce, database))
      : undefined,
    withMysql
      ? begin('MariaDB', () => startMariadb({ dir: join(servers, 'mariadb'), keep, announce }))
      : undefined,
  ]);
  const env: Record<string, string> = {
    AWS_ENDPOINT_URL_S3: objects.url,
    AWS_ENDPOINT_URL_SQS: objects.url,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    REEFLINE_CATALOG_URL: await createDatabase(postgres.url, 'reefline'),
    ...(temporal && { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace }),
  };
  const common = { host: HOST, port: 0 };
  const sts = await begin('STS', () => startSts(common));
  env['AWS_ENDPOINT_URL_STS'] = sts.url;
  const glue = await begin('Glue', () => startGlue({ ...common, dir: join(dir, 'glue') }));
  env['AWS_ENDPOINT_URL_GLUE'] = glue.url;
  const athena = await begin('Athena', () =>
    startAthena({
      ...common,
      dir: join(dir, 'athena'),
      s3Endpoint: objects.url,
      glueEndpoint: glue.url,
    }),
  );
  env['AWS_ENDPOINT_URL_ATHENA'] = athena.url;
  const redshiftData = await begin('Redshift Data API', () =>
    startRedshiftData({
      ...common,
      dir: join(dir, 'redshift-data'),
      postgresUrl: postgres.url,
      s3Endpoint: objects.url,
    }),
  );
  env['AWS_ENDPOINT_URL_REDSHIFT_DATA'] = redshiftData.url;
  const snowflake = await begin('Snowflake', () =>
    startSnowflake({
      ...common,
      dir: join(dir, 'snowflake'),
      postgresUrl: postgres.url,
      s3Endpoint: objects.url,
    }),
  );
  env['SNOWFLAKE_ACCESS_URL'] = snowflake.url;
  // Its client would ask the metadata services of three clouds where it runs.
  env['SNOWFLAKE_DISABLE_PLATFORM_DETECTION'] = 'true';
  return {
    env,
    salesforceUrls: await startOrgs(request, begin),
    postgresUrl: postgres.url,
    mysqlUrl: mariadb?.url ?? '',
    temporalAddress: temporal?.address ?? '',
    temporalUiUrl: temporal?.uiUrl ?? '',
  };
}

async function startCluster(
  { temporalServer, attributesAtOnce = false }: CloudRequest,
  dir: string,
  announce: (command: string) => void,
  database: Promise<{ readonly url: string }>,
): Promise<LocalTemporal> {
  if (temporalServer === undefined) return startTemporal({ dir, announce, attributesAtOnce });
  const { url } = await database;
  return startTemporalServer({ dir, announce, programs: temporalServer, postgresUrl: url });
}

async function startOrgs(
  { dir, salesforce = {} }: CloudRequest,
  begin: Begin,
): Promise<Record<string, string>> {
  const urls: Record<string, string> = {};
  if (Object.keys(salesforce).length > 0) mkdirSync(join(dir, 'salesforce'), { recursive: true });
  for (const [name, org] of Object.entries(salesforce)) {
    const path = join(dir, 'salesforce', `${name}.sqlite`);
    const options = { host: HOST, port: 0, path, ...org };
    urls[name] = (await begin(`Salesforce org ${name}`, () => startSalesforce(options))).url;
  }
  return urls;
}

/**
 * As root, database servers run as another user, who may be unable to enter the cloud's folder (below a home folder, for
 * example). Their data then lies in a temporary folder that the claim remembers.
 */
function enterableFolder(dir: string, claim: Claim): string {
  const earlier = claim.elsewhere[0];
  if (earlier !== undefined) return earlier;
  if (!runsAsRoot() || othersCanEnter(dir)) return dir;
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'reefline-postgres-data-'));
  claim.addFolder(folder);
  chmodSync(folder, 0o711);
  return folder;
}

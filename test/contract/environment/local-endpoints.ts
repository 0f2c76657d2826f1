import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { startLocalCloud } from '../../../local/cloud.ts';
import { MARIADB_INSTALL } from '../../../local/mariadb-programs.ts';
import { createDatabase } from '../../../local/database.ts';

/** Endpoints on this machine, as variables, and how to end them. */
export interface LocalEndpoints {
  readonly env: Readonly<Record<string, string>>;
  /** Connectors that cannot be tested here, and why. */
  readonly absent: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const BUCKET = 'contract';

/**
 * Starts the local cloud for these connectors. This is the only file of the contract that knows that the endpoints are
 * stand-ins: the suites get the variables that a user would set for an account.
 */
export async function startLocalEndpoints(connectors: readonly string[]): Promise<LocalEndpoints> {
  const cloud = await startLocalCloud({ temporal: false, mysql: connectors.includes('mysql') });
  try {
    await createDatabase(cloud.postgresUrl, 'contract_warehouse');
    await createBucket(cloud.env);
    return {
      env: {
        ...cloud.env,
        REEFLINE_CONTRACT_BUCKET: BUCKET,
        REEFLINE_CONTRACT_CATALOG_URL: cloud.postgresUrl,
        REEFLINE_CONTRACT_POSTGRES_URL: cloud.postgresUrl,
        ...(cloud.mysqlUrl === '' ? {} : { REEFLINE_CONTRACT_MYSQL_URL: cloud.mysqlUrl }),
        REEFLINE_CONTRACT_REDSHIFT_DATABASE: 'contract_warehouse',
        REEFLINE_CONTRACT_REDSHIFT_WORKGROUP: 'contract',
      },
      absent: cloud.mysqlUrl === '' ? { mysql: MARIADB_INSTALL } : {},
      stop: () => cloud.stop(),
    };
  } catch (error) {
    await cloud.stop();
    throw error;
  }
}

async function createBucket(env: Readonly<Record<string, string>>): Promise<void> {
  const client = new S3Client({
    endpoint: env['AWS_ENDPOINT_URL_S3'] ?? '',
    region: env['AWS_REGION'] ?? '',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    forcePathStyle: true,
  });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  client.destroy();
}

/** Reefline's own catalog for suites that test outside endpoints; nothing else of the cloud is used. */
export async function startLocalCatalog(): Promise<LocalEndpoints> {
  const cloud = await startLocalCloud({ temporal: false });
  return { env: { REEFLINE_CONTRACT_CATALOG_URL: cloud.postgresUrl }, absent: {}, stop: () => cloud.stop() };
}

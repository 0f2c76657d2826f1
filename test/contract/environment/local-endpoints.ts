import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { startLocalCloud } from '../../../local/cloud.ts';
import { createDatabase } from '../../../local/database.ts';

/** Endpoints on this machine, as variables, and how to end them. */
export interface LocalEndpoints {
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const BUCKET = 'contract';

/**
 * Starts the local cloud. This is the only file of the contract that knows that the endpoints are
 * stand-ins: the suites get the variables that a user would set for an account.
 */
export async function startLocalEndpoints(): Promise<LocalEndpoints> {
  const cloud = await startLocalCloud({ temporal: false });
  try {
    await createDatabase(cloud.postgresUrl, 'contract_warehouse');
    await createBucket(cloud.env);
    return {
      env: {
        ...cloud.env,
        REEFLINE_CONTRACT_BUCKET: BUCKET,
        REEFLINE_CONTRACT_CATALOG_URL: cloud.postgresUrl,
        REEFLINE_CONTRACT_REDSHIFT_DATABASE: 'contract_warehouse',
        REEFLINE_CONTRACT_REDSHIFT_WORKGROUP: 'contract',
        REEFLINE_CONTRACT_SNOWFLAKE_ACCOUNT: 'acme-contract',
        REEFLINE_CONTRACT_SNOWFLAKE_WAREHOUSE: 'COMPUTE_WH',
        REEFLINE_CONTRACT_SNOWFLAKE_USER: 'ADMIN',
        REEFLINE_CONTRACT_SNOWFLAKE_PASSWORD: 'local',
      },

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
  return { env: { REEFLINE_CONTRACT_CATALOG_URL: cloud.postgresUrl }, stop: () => cloud.stop() };
}

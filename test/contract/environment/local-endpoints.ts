import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { startLocalCloud } from '../../../local/cloud.ts';
import type { OrgRequest } from '../../../local/cloud-parts.ts';
import { createDatabase } from '../../../local/database.ts';
import { MARIADB_INSTALL } from '../../../local/mariadb-programs.ts';

/** Endpoints on this machine, as variables, and how to end them. */
export interface LocalEndpoints {
  readonly env: Readonly<Record<string, string>>;
  /** By connector, why this machine has no endpoint for it. */
  readonly absent: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const BUCKET = 'contract';

/** An org with the object that docs/contract.md asks for. */
const ORG = {
  objects: [
    {
      name: 'Reefline_Contract__c',
      fields: [
        { name: 'Key__c', type: 'string', length: 80, externalId: true, unique: true },
        { name: 'Place__c', type: 'string', length: 80 },
        { name: 'Note__c', type: 'textarea', length: 32_768 },
        { name: 'Number__c', type: 'double', precision: 18, scale: 0 },
      ],
    },
  ],
  credentials: { clientId: 'contract', clientSecret: 'local', username: 'contract', password: 'local' },
} satisfies OrgRequest;

/**
 * Starts the local cloud. This is the only file of the contract that knows that the endpoints are
 * stand-ins: the suites get the variables that a user would set for an account.
 */
export async function startLocalEndpoints(): Promise<LocalEndpoints> {
  // Databases of other versions than the local cloud has, which `npm run test:servers` has started.
  const { REEFLINE_TEST_OTHER_POSTGRES: otherPostgres, REEFLINE_TEST_OTHER_MYSQL: otherMysql } = process.env;
  const mysql = otherMysql === undefined;
  const cloud = await startLocalCloud({ temporal: false, mysql, salesforce: { contract: ORG } });
  const mysqlUrl = otherMysql ?? cloud.mysqlUrl;
  try {
    await createDatabase(cloud.postgresUrl, 'contract_warehouse');
    await createBucket(cloud.env);
    return {
      env: {
        ...cloud.env,
        REEFLINE_CONTRACT_BUCKET: BUCKET,
        REEFLINE_CONTRACT_CATALOG_URL: cloud.postgresUrl,
        REEFLINE_CONTRACT_POSTGRES_URL: await createDatabase(
          otherPostgres ?? cloud.postgresUrl,
          'contract_shop',
        ),
        ...(mysqlUrl === '' ? {} : { REEFLINE_CONTRACT_MYSQL_URL: mysqlUrl }),
        REEFLINE_CONTRACT_REDSHIFT_DATABASE: 'contract_warehouse',
        REEFLINE_CONTRACT_REDSHIFT_WORKGROUP: 'contract',
        REEFLINE_CONTRACT_SALESFORCE_LOGIN_URL: cloud.salesforceUrls['contract'] ?? '',
        REEFLINE_CONTRACT_SALESFORCE_CLIENT_ID: ORG.credentials.clientId,
        REEFLINE_CONTRACT_SALESFORCE_CLIENT_SECRET: ORG.credentials.clientSecret,
        REEFLINE_CONTRACT_SNOWFLAKE_ACCOUNT: 'acme-contract',
        REEFLINE_CONTRACT_SNOWFLAKE_WAREHOUSE: 'COMPUTE_WH',
        REEFLINE_CONTRACT_SNOWFLAKE_USER: 'ADMIN',
        REEFLINE_CONTRACT_SNOWFLAKE_PASSWORD: 'local',
      },
      absent: mysqlUrl === '' ? { mysql: MARIADB_INSTALL } : {},
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
  const env = { REEFLINE_CONTRACT_CATALOG_URL: cloud.postgresUrl };
  return { env, absent: {}, stop: () => cloud.stop() };
}

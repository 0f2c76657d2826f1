import { generateKeyPairSync, randomBytes } from 'node:crypto';
import pg from 'pg';
import snowflake, { type Connection as Session, type ConnectionOptions } from 'snowflake-sdk';
import type { SnowflakeConnection } from '../../pipeline/connection.ts';
import { freshBucket, fromEnvironment } from './local-cloud.ts';
import type { TestWarehouse } from './warehouse.ts';

/** A Snowflake database of a suite's own, with a user who signs in by key pair, and a bucket to load it from. */
export interface TestSnowflake extends TestWarehouse {
  readonly connection: SnowflakeConnection;
  /** A session of the account's administrator in the database. */
  readonly admin: Session;
}

snowflake.configure({ logLevel: 'OFF', additionalLogToConsole: false });

/** Sets the account up as docs/snowflake.md says, with names of the suite's own. */
export async function openTestSnowflake(label: string): Promise<TestSnowflake> {
  const suffix = `${label}_${randomBytes(3).toString('hex')}`;
  const name = suffix.toUpperCase();
  const bucket = await freshBucket(label.replaceAll('_', '-'));
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const setUp = await signIn(ADMIN);
  for (const sql of [
    `CREATE DATABASE ${name}`,
    `CREATE ROLE ${name}`,
    `CREATE USER ${name} RSA_PUBLIC_KEY = '${key}' DEFAULT_ROLE = ${name} PASSWORD = 'pass'`,
    `GRANT ROLE ${name} TO USER ${name}`,
    `CREATE STORAGE INTEGRATION ${name} TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = 'S3' ENABLED = TRUE STORAGE_ALLOWED_LOCATIONS = ('s3://${bucket}/')`,
  ])
    await execute(setUp, sql);
  await signOut(setUp);
  const connection: SnowflakeConnection = {
    kind: 'snowflake',
    account: 'acme-test',
    user: suffix,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    database: suffix,
    warehouse: 'compute_wh',
    role: suffix,
    storageIntegration: suffix,
    accessUrl: fromEnvironment('SNOWFLAKE_ACCESS_URL'),
  };
  const admin = await signIn({ ...ADMIN, database: name });
  // The database behind the stand-in, so that a check does not go through what it checks.
  const url = new URL(fromEnvironment('REEFLINE_TEST_POSTGRES_URL'));
  url.pathname = `/snowflake_${suffix}`;
  const client = new pg.Client({ connectionString: url.href });
  client.on('error', () => undefined);
  await client.connect();
  return {
    admin,
    connection,
    bucket,
    connections: { lake: { kind: 's3', bucket }, warehouse: connection },
    async query(sql) {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    },
    async close() {
      await client.end();
      for (const noun of ['DATABASE', 'USER', 'ROLE', 'INTEGRATION'])
        await execute(admin, `DROP ${noun} ${name}`);
      await signOut(admin);
    },
  };
}

const ADMIN: ConnectionOptions = {
  account: 'acme-test',
  username: 'ADMIN',
  password: 'local',
  warehouse: 'COMPUTE_WH',
  rowMode: 'array',
};

/** Signs in to the local account; what is not said is as the administrator has it. */
export async function signIn(options: ConnectionOptions): Promise<Session> {
  const accessUrl = fromEnvironment('SNOWFLAKE_ACCESS_URL');
  const session = snowflake.createConnection({
    ...ADMIN,
    accessUrl,
    validateDefaultParameters: true,
    ...options,
  });
  return new Promise((resolve, reject) => {
    session.connect((error) => {
      if (!error) resolve(session);
      else void signOut(session).then(() => reject(error));
    });
  });
}

export async function execute(session: Session, sqlText: string): Promise<readonly (readonly unknown[])[]> {
  return new Promise((resolve, reject) => {
    session.execute({
      sqlText,
      complete: (error, _statement, rows) => {
        if (error == null) resolve(rows ?? []);
        else reject(error);
      },
    });
  });
}

export async function signOut(session: Session): Promise<void> {
  return new Promise((resolve) => {
    session.destroy(() => {
      resolve();
    });
  });
}

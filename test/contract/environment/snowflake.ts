import { generateKeyPairSync } from 'node:crypto';
import snowflake, { type Connection as Session } from 'snowflake-sdk';
import type { SnowflakeConnection } from '../../../pipeline/connection.ts';
import type { Scraps } from './scraps.ts';

/** A database of a suite's own in the account that the variables of the run name, and a user who signs in by key pair. */
export interface SnowflakeEndpoint {
  readonly connection: SnowflakeConnection;
  /** Rows of a statement by a session of the test's own, as text. @throws what the statement failed with. */
  query(sql: string): Promise<string[][]>;
}

/** Sets the account up as docs/snowflake.md says. The administrator's password is in REEFLINE_CONTRACT_SNOWFLAKE_PASSWORD. */
export async function openSnowflake(scraps: Scraps, bucket: string): Promise<SnowflakeEndpoint> {
  snowflake.configure({ logLevel: 'OFF', additionalLogToConsole: false });
  const given = (name: string): string => process.env[`REEFLINE_CONTRACT_SNOWFLAKE_${name}`] ?? '';
  const name = scraps.prefix.toUpperCase();
  const accessUrl = process.env['SNOWFLAKE_ACCESS_URL'];
  const place = {
    account: given('ACCOUNT'),
    warehouse: given('WAREHOUSE'),
    ...(accessUrl === undefined ? {} : { accessUrl }),
  };
  const session = await signedIn(
    snowflake.createConnection({
      ...place,
      username: given('USER'),
      password: given('PASSWORD'),
      rowMode: 'array',
      fetchAsString: ['String', 'Boolean', 'Number', 'Date', 'JSON', 'Buffer'],
    }),
  );
  scraps.remove('the session in Snowflake', () => ended(session));
  const query: SnowflakeEndpoint['query'] = (sqlText) =>
    new Promise((resolve, reject) => {
      session.execute({
        sqlText,
        complete: (error, _statement, rows) => {
          if (error) reject(error);
          else resolve((rows ?? []).map((row) => (row as unknown as unknown[]).map(String)));
        },
      });
    });
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  for (const [noun, properties] of [
    ['DATABASE', ''],
    ['ROLE', ''],
    ['USER', `RSA_PUBLIC_KEY = '${key}' DEFAULT_ROLE = ${name}`],
    [
      'STORAGE INTEGRATION',
      `TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = 'S3' ENABLED = TRUE ${roleOf(given('STORAGE_ROLE'))} STORAGE_ALLOWED_LOCATIONS = ('s3://${bucket}/')`,
    ],
  ] as const) {
    const dropped = noun === 'STORAGE INTEGRATION' ? 'INTEGRATION' : noun;
    scraps.remove(`${noun} ${name}`, () => query(`DROP ${dropped} IF EXISTS ${name}`));
    await query(`CREATE ${noun} ${name} ${properties}`);
  }
  await query(`USE DATABASE ${name}`);
  await query(`GRANT ROLE ${name} TO USER ${name}`);
  return {
    connection: {
      kind: 'snowflake',
      ...place,
      user: name,
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      database: name,
      role: name,
      storageIntegration: name,
    },
    query,
  };
}

/** The role that reads the bucket; a stand-in needs none. */
function roleOf(arn: string): string {
  return arn === '' ? '' : `STORAGE_AWS_ROLE_ARN = '${arn}'`;
}

async function signedIn(session: Session): Promise<Session> {
  return new Promise((resolve, reject) => {
    session.connect((error) => {
      if (error) reject(error);
      else resolve(session);
    });
  });
}

async function ended(session: Session): Promise<void> {
  return new Promise((resolve) => {
    session.destroy(() => resolve());
  });
}

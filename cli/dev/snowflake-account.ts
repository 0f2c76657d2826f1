import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Connection as Session } from 'snowflake-sdk';
import { referencedName } from '../../config/secret-reference.ts';
import { literal, writtenName } from '../../connectors/snowflake/names.ts';
import type { SnowflakeConnection } from '../../pipeline/connection.ts';
import type { CloudAddresses } from './embedded-cloud.ts';

/** The administrator of the local account (local/snowflake/account-store.ts). */
const ADMIN = { username: 'ADMIN', password: 'local', warehouse: 'COMPUTE_WH' };

type Field = 'account' | 'user' | 'database' | 'warehouse' | 'role' | 'storageIntegration';

/** What a connection needs in an account, and what the variables that it refers to are then. */
export interface SnowflakeObjects {
  readonly statements: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

/** Makes the objects of a connection in the local account, and answers the values of the variables that it refers to. */
export async function createSnowflakeObjects(
  cloud: Pick<CloudAddresses, 'env'>,
  name: string,
  connection: SnowflakeConnection,
): Promise<Readonly<Record<string, string>>> {
  const { statements, variables } = snowflakeObjects(name, connection);
  await asAdmin(cloud.env['SNOWFLAKE_ACCESS_URL'] ?? '', async (session) => {
    for (const sql of statements) await run(session, sql);
  });
  return variables;
}

/**
 * The statements that make the user, role, database, warehouse and storage integration of a connection: under the names that are written,
 * and under names of its own, with a fresh key or password, where it refers to variables.
 */
export function snowflakeObjects(name: string, connection: SnowflakeConnection): SnowflakeObjects {
  const variables: Record<string, string> = {};
  // A name that needs no quotes means the same wherever it is written.
  const plain = name.replaceAll(/\W/gu, '_');
  const valueOf = (field: Field): string | undefined => {
    const written = connection[field];
    const variable = written === undefined ? undefined : referencedName(written);
    if (variable === undefined) return written;
    // Two fields may refer to one variable.
    variables[variable] ??= `dev_${plain}_${field}`;
    return variables[variable];
  };
  valueOf('account');
  const as = (field: Field, otherwise = ''): string => writtenName(valueOf(field) ?? otherwise);
  const [user, role] = [as('user'), as('role', 'PUBLIC')];
  const statements = [
    `CREATE DATABASE IF NOT EXISTS ${as('database')}`,
    `CREATE WAREHOUSE IF NOT EXISTS ${as('warehouse')}`,
    `CREATE ROLE IF NOT EXISTS ${role}`,
    `CREATE USER IF NOT EXISTS ${user}`,
    `GRANT ROLE ${role} TO USER ${user}`,
    ...[`DEFAULT_ROLE = ${role}`, ...credentials(connection, variables)].map(
      (setting) => `ALTER USER ${user} SET ${setting}`,
    ),
  ];
  if (connection.storageIntegration !== undefined)
    statements.push(
      `CREATE STORAGE INTEGRATION IF NOT EXISTS ${as('storageIntegration')} TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = 'S3' ENABLED = TRUE STORAGE_ALLOWED_LOCATIONS = ('*')`,
    );
  return { statements, variables };
}

/** What `ALTER USER … SET` is told, so that the values which the variables get are the user's. */
function credentials(
  { privateKey, privateKeyPassphrase, password }: SnowflakeConnection,
  variables: Record<string, string>,
): readonly string[] {
  const secret = referencedName(password ?? '');
  if (secret !== undefined) {
    variables[secret] = randomBytes(12).toString('hex');
    return [`PASSWORD = ${literal(variables[secret])}`];
  }
  const key = referencedName(privateKey ?? '');
  if (key === undefined) return [];
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const phrase = referencedName(privateKeyPassphrase ?? '');
  if (phrase !== undefined) variables[phrase] = randomBytes(12).toString('hex');
  const passphrase = phrase === undefined ? undefined : variables[phrase];
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  variables[key] = pair.privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString();
  const der = pair.publicKey.export({ type: 'spki', format: 'der' });
  return [`RSA_PUBLIC_KEY = ${literal(der.toString('base64'))}`];
}

async function asAdmin(accessUrl: string, work: (session: Session) => Promise<void>): Promise<void> {
  const { default: snowflake } = await import('snowflake-sdk');
  snowflake.configure({ logLevel: 'OFF', additionalLogToConsole: false });
  const session = snowflake.createConnection({ ...ADMIN, account: 'local', accessUrl });
  try {
    await new Promise<void>((resolve, reject) => {
      session.connect((error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    await work(session);
  } finally {
    await new Promise<void>((resolve) => {
      session.destroy(() => {
        resolve();
      });
    });
  }
}

async function run(session: Session, sqlText: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    session.execute({
      sqlText,
      complete: (error) => {
        if (error) reject(error);
        else resolve();
      },
    });
  });
}

import { createPrivateKey } from 'node:crypto';
import type { ConnectionOptions } from 'snowflake-sdk';
import type { SnowflakeConnection } from '../../pipeline/connection.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { writtenName } from './names.ts';

/** Sign-ins that the client itself repeats before it reports that the service is away. */
const LOGIN_RETRIES = 2;

/**
 * What the client is told to sign in with: the key pair when there is one, else the password. Throws StageFailure `invalid_config` for
 * a key that cannot be read.
 */
export function signInOptions(connection: SnowflakeConnection): ConnectionOptions {
  const { account, user, database, warehouse, role, accessUrl } = connection;
  return {
    account,
    username: user,
    ...credentials(connection),
    // The service reads these as names in SQL.
    database: writtenName(database),
    warehouse: writtenName(warehouse),
    ...(role === undefined ? {} : { role: writtenName(role) }),
    ...(accessUrl === undefined ? {} : { accessUrl }),
    application: 'Reefline',
    queryTag: 'reefline',
    // An unknown database, warehouse or role is refused at once instead of by the first statement that needs it.
    validateDefaultParameters: true,
    sfRetryMaxLoginRetries: LOGIN_RETRIES,
    rowMode: 'array',
    // Values as text would otherwise have the word NULL for what is NULL.
    representNullAsStringNull: false,
    fetchAsString: ['String', 'Boolean', 'Number', 'Date', 'JSON', 'Buffer'],
  };
}

function credentials(connection: SnowflakeConnection): ConnectionOptions {
  const { privateKey, password } = connection;
  if (privateKey === undefined) return password === undefined ? {} : { password };
  return { authenticator: 'SNOWFLAKE_JWT', privateKey: readKey(connection, privateKey) };
}

/** The key as the client takes it. The client itself would report one that it cannot read in the words of OpenSSL. */
function readKey(
  { account, user, privateKeyPassphrase: passphrase }: SnowflakeConnection,
  text: string,
): string {
  const refuse = (why: string): never => {
    throw new StageFailure(
      'invalid_config',
      `The privateKey of user ${user} in the Snowflake account ${account} ${why}.`,
      { facts: { account, user } },
    );
  };
  const key = (() => {
    try {
      return createPrivateKey({
        // Variables are often set with the line breaks written out.
        key: text.replaceAll(String.raw`\n`, '\n'),
        format: 'pem',
        ...(passphrase === undefined ? {} : { passphrase }),
      });
    } catch {
      return refuse(
        passphrase === undefined
          ? 'cannot be read. Expected a PEM that begins with -----BEGIN PRIVATE KEY-----; one that is encrypted also needs privateKeyPassphrase'
          : 'cannot be read with its privateKeyPassphrase. Expected a PEM that begins with -----BEGIN ENCRYPTED PRIVATE KEY-----, and its passphrase',
      );
    }
  })();
  if (key.asymmetricKeyType !== 'rsa')
    refuse(
      `is of type ${key.asymmetricKeyType ?? 'unknown'}, and Snowflake takes RSA keys. Make another pair`,
    );
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

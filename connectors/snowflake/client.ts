import type { Connection as Session } from 'snowflake-sdk';
import { clockAhead } from '../../pipeline/clock-ahead.ts';
import type { SnowflakeConnection } from '../../pipeline/connection.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { requestFailure } from './failures.ts';
import type { Watch } from './progress.ts';
import { readRows, unlessAborted } from './query.ts';
import { signInOptions } from './sign-in-options.ts';

/** A session in the database of a connection. */
export interface Warehouse {
  readonly session: Session;
  readonly place: {
    readonly account: string;
    readonly database: string;
    readonly storageIntegration?: string;
  };
}

/** Milliseconds that Snowflake may take to end a session. */
const END_MS = 5_000;
/** Milliseconds to ask for the service's time. */
const CLOCK_MS = 5_000;

/**
 * What SQL and results mean must not depend on the defaults of an account or a user: text becomes a value in one way, a day is
 * a day of UTC, quoted names are taken letter by letter, and a query that outlives its worker goes on.
 */
const SESSION: Readonly<Record<string, string>> = {
  TIMEZONE: "'UTC'",
  TIMESTAMP_TYPE_MAPPING: "'TIMESTAMP_NTZ'",
  TIMESTAMP_INPUT_FORMAT: "'AUTO'",
  TIMESTAMP_NTZ_OUTPUT_FORMAT: "'YYYY-MM-DD HH24:MI:SS.FF6'",
  TIMESTAMP_LTZ_OUTPUT_FORMAT: "'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM'",
  TIMESTAMP_TZ_OUTPUT_FORMAT: "'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM'",
  DATE_INPUT_FORMAT: "'AUTO'",
  DATE_OUTPUT_FORMAT: "'YYYY-MM-DD'",
  BINARY_INPUT_FORMAT: "'HEX'",
  BINARY_OUTPUT_FORMAT: "'HEX'",
  QUOTED_IDENTIFIERS_IGNORE_CASE: 'FALSE',
  AUTOCOMMIT: 'TRUE',
  TRANSACTION_ABORT_ON_ERROR: 'FALSE',
  ABORT_DETACHED_QUERY: 'FALSE',
  ERROR_ON_NONDETERMINISTIC_MERGE: 'TRUE',
};

/**
 * Signs in, with the key pair when there is one, else with the password. Close the session with `closeWarehouse`.
 * Throws StageFailure `unauthorized` for credentials, `not_found` for a database or warehouse that the role does not see.
 */
export async function openWarehouse(connection: SnowflakeConnection, watch: Watch): Promise<Warehouse> {
  // The client looks for its surroundings when it is loaded, and it is large: only who uses it should pay for it.
  const { default: snowflake } = await import('snowflake-sdk');
  // It would write a log into the working directory.
  snowflake.configure({ logLevel: 'OFF', additionalLogToConsole: false });
  const { account, database, storageIntegration } = connection;
  const doing = `sign in to account ${account} as ${connection.user}`;
  watch.signal.throwIfAborted();
  const place = { account, database, ...(storageIntegration === undefined ? {} : { storageIntegration }) };
  let session: Session | undefined;
  try {
    const signing = signIn(snowflake.createConnection(signInOptions(connection)));
    session = await unlessAborted(signing, watch.signal).catch((error: unknown) => {
      // A session that is given after an abort is ended at once.
      if (watch.signal.aborted) signing.then(endSession, () => undefined);
      throw error;
    });
    const settings = Object.entries(SESSION).map(([name, value]) => `${name} = ${value}`);
    await readRows(
      { session, place },
      `ALTER SESSION SET ${settings.join(', ')}`,
      'prepare the session',
      watch,
    );
    return { session, place };
  } catch (error) {
    if (session !== undefined) await endSession(session);
    watch.signal.throwIfAborted();
    const failure = requestFailure(error, doing, { account });
    throw (await wrongClock(connection, failure, watch.signal)) ?? failure;
  }
}

/**
 * What a refused sign-in was when this machine's clock differs from Snowflake's, which the client puts into the token: no matter
 * of the key, and another worker may well sign in.
 */
async function wrongClock(
  { account, accessUrl, privateKey }: SnowflakeConnection,
  failure: StageFailure,
  signal: AbortSignal,
): Promise<StageFailure | undefined> {
  if (privateKey === undefined || failure.failureClass !== 'unauthorized') return undefined;
  const patience = AbortSignal.any([signal, AbortSignal.timeout(CLOCK_MS)]);
  const asked = fetch(accessUrl ?? `https://${account}.snowflakecomputing.com`, {
    method: 'HEAD',
    redirect: 'manual',
    signal: patience,
  });
  const date = await asked.then(
    ({ headers }) => headers.get('date'),
    () => null,
  );
  const ahead = clockAhead(date, Date.now());
  if (ahead === 0) return undefined;
  const minutes = Math.max(1, Math.round(Math.abs(ahead) / 60_000));
  return new StageFailure(
    'unavailable',
    `${failure.message} The clock of this worker is ${String(minutes)} min ${ahead > 0 ? 'ahead of' : 'behind'} Snowflake's, which takes no token of another time: set it right.`,
    { cause: failure, facts: failure.facts },
  );
}

async function signIn(session: Session): Promise<Session> {
  return new Promise((resolve, reject) => {
    session.connect((error) => {
      if (!error) resolve(session);
      // The client would keep its sockets open.
      else void endSession(session).then(() => reject(error));
    });
  });
}

/** Ends the session, and with it what it left open. Best effort: Snowflake ends idle sessions by itself. */
export async function closeWarehouse({ session }: Warehouse): Promise<void> {
  await endSession(session);
}

async function endSession(session: Session): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, END_MS);
    session.destroy(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

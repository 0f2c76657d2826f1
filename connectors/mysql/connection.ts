import type { Socket } from 'node:net';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2';
import { StageFailure } from '../../pipeline/failure.ts';
import { describeSilence } from '../../pipeline/silence.ts';
import { readUrl, type MysqlAddress } from './connection-url.ts';
import { toMysqlFailure } from './failures.ts';
import { watchSilence } from './silence.ts';

export interface MysqlSettings {
  /** Name of the connection in the configuration, for messages. */
  readonly connection: string;
  /** `mysql://user:password@host:port/database`. A secret: it is never part of a message. */
  readonly url: string;
  /** Seconds that one statement may take; without it the server's setting holds. */
  readonly statementTimeoutSeconds?: number | undefined;
  /** Seconds that the server may send nothing within a statement while it is listened to; without it as long as it likes. */
  readonly silenceSeconds?: number | undefined;
  /** When it is aborted, the running statement is killed on the server and the connection is closed. */
  readonly signal?: AbortSignal | undefined;
}

/** A connection in use, and how to name it in messages: `"shop" at 10.0.0.5:3306`. */
export interface MysqlSession {
  readonly connection: Connection;
  readonly where: string;
  /** Runs a statement that gives no or few rows. Throws what mysql2 throws. */
  query<Row extends object>(sql: string): Promise<readonly Row[]>;
}

/** Below the 10 s (`connect_timeout`) after which MySQL and MariaDB end an unfinished handshake, which would look like a lost connection. */
const CONNECT_TIMEOUT_MS = 8_000;
const KILL_TIMEOUT_MS = 5_000;
const GOODBYE_MS = 1_000;
const KEEP_ALIVE_MS = 30_000;

/** Seconds that the server waits for a busy reader; its own default of 60 would cut slow uploads off. */
const PATIENCE_SECONDS = 3_600;

/**
 * Connects, runs `work` and closes the connection, whatever happens.
 * @throws StageFailure: whatever mysql2 throws is classified; `doing` completes "could not …" and names the object.
 */
export async function withMysql<T>(
  settings: MysqlSettings,
  doing: string,
  work: (session: MysqlSession) => Promise<T>,
): Promise<T> {
  const address = readUrl(settings.connection, settings.url);
  const where = `"${settings.connection}" at ${address.host}:${String(address.port)}`;
  const { signal } = settings;
  let killed: Promise<void> | undefined;
  let connection: Connection | undefined;
  let stopWatching = (): void => undefined;
  const kill = (): void => {
    killed ??= connection === undefined ? undefined : killOnServer(address, connection);
  };
  try {
    if (signal?.aborted === true) throw stopped(where, doing);
    connection = await connect(address, CONNECT_TIMEOUT_MS, signal);
    stopWatching = listen(settings, connection, `${where} could not ${doing}`);
    signal?.addEventListener('abort', kill, { once: true });
    // Told while it connected, before anybody listened.
    signal?.throwIfAborted();
    const session = sessionOf(connection, where);
    await prepareSession(session, settings.statementTimeoutSeconds);
    const result = await work(session);
    await sayGoodbye(connection);
    return result;
  } catch (error) {
    throw signal?.aborted === true ? stopped(where, doing) : toMysqlFailure(error, where, doing);
  } finally {
    stopWatching();
    signal?.removeEventListener('abort', kill);
    await killed;
    if (connection !== undefined) abandon(connection);
  }
}

/** A server that keeps silent for too long loses its connection, and the statement fails. Answers how to end that. */
function listen(
  { connection: name, silenceSeconds }: MysqlSettings,
  connection: Connection,
  what: string,
): () => void {
  if (silenceSeconds === undefined) return () => undefined;
  return watchSilence(connection, silenceSeconds, (kind) => {
    const reason = describeSilence(name, silenceSeconds, kind);
    const facts = { statement: kind, seconds: silenceSeconds };
    socketOf(connection).destroy(new StageFailure('timeout', `MySQL ${what}: ${reason}`, { facts }));
  });
}

async function connect(
  { ssl, database, ...address }: MysqlAddress,
  timeout: number,
  signal?: AbortSignal,
): Promise<Connection> {
  const connection = createConnection({
    ...address,
    ...(ssl === undefined ? {} : { ssl }),
    ...(database === undefined ? {} : { database }),
    charset: 'utf8mb4',
    connectTimeout: timeout,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    // A server that asks for a file of this machine gets nothing.
    flags: ['-LOCAL_FILES'],
    // Causes keep their own stack, and no stack may quote what a statement held.
    trace: false,
    connectAttributes: { program_name: 'reefline' },
  });
  const stop = (): void => {
    abandon(connection);
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once('connect', () => {
        resolve();
      });
      connection.once('error', (error) => {
        reject(error as Error);
      });
    });
  } catch (error) {
    connection.on('error', () => undefined);
    socketOf(connection).destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  // A connection that is lost while nothing runs is reported here; the next statement fails and says so.
  connection.on('error', () => undefined);
  return connection;
}

function sessionOf(connection: Connection, where: string): MysqlSession {
  return {
    connection,
    where,
    query: async <Row extends object>(sql: string) =>
      new Promise<readonly Row[]>((resolve, reject) => {
        connection.query<RowDataPacket[]>(sql, (error, rows) => {
          if (error === null) resolve(rows as unknown as readonly Row[]);
          else reject(error);
        });
      }),
  };
}

/**
 * Times are those of UTC and texts are UTF-8, whatever the server's settings are. An empty SQL mode reads every value
 * that is stored, also one that the server would not take today.
 */
async function prepareSession(session: MysqlSession, timeoutSeconds: number | undefined): Promise<void> {
  await session.query('set names utf8mb4');
  const patience = String(PATIENCE_SECONDS);
  await session.query(
    `set session time_zone = '+00:00', sql_mode = '', net_write_timeout = ${patience}, wait_timeout = ${patience}`,
  );
  await session.query('set session transaction isolation level repeatable read');
  if (timeoutSeconds === undefined) return;
  const [server] = await session.query<{ version: string }>('select version() as version');
  const limit = server?.version.includes('MariaDB')
    ? `max_statement_time = ${String(timeoutSeconds)}`
    : `max_execution_time = ${String(timeoutSeconds * 1_000)}`;
  await session.query(`set session ${limit}`);
}

/**
 * Kills the running statement: a server that is busy notices a closed socket only at its next write. The connection is
 * then destroyed, because a server that waits for the reader does not act on a kill.
 */
async function killOnServer(address: MysqlAddress, connection: Connection): Promise<void> {
  try {
    const killer = await connect(address, KILL_TIMEOUT_MS);
    const expire = setTimeout(() => {
      abandon(killer);
    }, KILL_TIMEOUT_MS);
    await sessionOf(killer, '')
      .query(`kill query ${String(connection.threadId)}`)
      .finally(() => {
        clearTimeout(expire);
        abandon(killer);
      });
  } catch {
    // The server cannot be asked any more; ending the socket below is all that is left.
  } finally {
    abandon(connection);
  }
}

/** Lets the server close the connection, so that it does not count an aborted one. */
async function sayGoodbye(connection: Connection): Promise<void> {
  await new Promise<void>((resolve) => {
    const patience = setTimeout(resolve, GOODBYE_MS);
    socketOf(connection).once('close', () => {
      clearTimeout(patience);
      resolve();
    });
    connection.end();
  });
}

/** Closes the socket at once, with an error that ends a statement which is under way; one that is closed stays so. */
function abandon(connection: Connection): void {
  socketOf(connection).destroy(new Error('The connection was closed before the work was done.'));
}

/** mysql2's type declarations leave the member out. */
function socketOf(connection: Connection): Socket {
  return (connection as Connection & { readonly stream: Socket }).stream;
}

function stopped(where: string, doing: string): StageFailure {
  return new StageFailure('unavailable', `MySQL ${where} was told to stop before it could ${doing}.`);
}

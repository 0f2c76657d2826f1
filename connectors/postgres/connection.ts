import type { Socket } from 'node:net';
import pg from 'pg';
import { StageFailure } from '../../pipeline/failure.ts';
import { describeSilence } from '../../pipeline/silence.ts';
import { toPostgresFailure } from './failures.ts';
import { watchSilence } from './silence.ts';

export interface PostgresSettings {
  /** Name of the connection in the configuration, for messages. */
  readonly connection: string;
  /** `postgres://user:password@host:port/database`. A secret: it is never part of a message. */
  readonly url: string;
  /** Seconds that one statement may take; without it the server's setting for the user holds. */
  readonly statementTimeoutSeconds?: number;
  /** Seconds that the server may send nothing within a statement while it is listened to; without it as long as it likes. */
  readonly silenceSeconds?: number | undefined;
  /** When it is aborted, the running statement is cancelled on the server and the connection is closed. */
  readonly signal?: AbortSignal | undefined;
}

/** A connection in use, and how to name it in messages: `"shop" at 10.0.0.5:5432`. */
export interface PostgresSession {
  readonly client: pg.Client;
  readonly where: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
const CANCEL_TIMEOUT_MS = 5_000;
/** A server that is well closes its side at once; nothing that matters is still under way. */
const GOODBYE_MS = 1_000;

/**
 * Connects, runs `work` and closes the connection, whatever happens.
 * @throws StageFailure: whatever pg throws is classified; `doing` completes "could not …" and names the object.
 */
export async function withPostgres<T>(
  settings: PostgresSettings,
  doing: string,
  work: (session: PostgresSession) => Promise<T>,
): Promise<T> {
  const session = await connect(settings, doing);
  const { signal } = settings;
  let cancelled: Promise<void> | undefined;
  const cancel = (): void => {
    cancelled ??= cancelOnServer(settings, session);
  };
  const stopWatching = listen(settings, session, doing);
  try {
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) throw stopped(session.where, doing);
    return await work(session);
  } catch (error) {
    throw signal?.aborted === true
      ? stopped(session.where, doing)
      : toPostgresFailure(error, session.where, doing);
  } finally {
    stopWatching();
    signal?.removeEventListener('abort', cancel);
    await cancelled;
    await close(session.client);
  }
}

/** A server that keeps silent for too long loses its connection, and the statement fails. Answers how to end that. */
function listen(
  { connection, silenceSeconds }: PostgresSettings,
  { client, where }: PostgresSession,
  doing: string,
): () => void {
  if (silenceSeconds === undefined) return () => undefined;
  return watchSilence(client, silenceSeconds, (kind) => {
    const reason = describeSilence(connection, silenceSeconds, kind);
    const facts = { statement: kind, seconds: silenceSeconds };
    socketOf(client).destroy(
      new StageFailure('timeout', `PostgreSQL ${where} could not ${doing}: ${reason}`, { facts }),
    );
  });
}

async function connect(settings: PostgresSettings, doing: string): Promise<PostgresSession> {
  const client = newClient(settings);
  const { signal } = settings;
  const where = `"${settings.connection}" at ${client.host}:${String(client.port)}`;
  // A connection that is lost while nothing runs is reported here; the next statement fails and says so.
  client.on('error', () => undefined);
  const giveUp = (failure: StageFailure): void => {
    socketOf(client).destroy(failure);
  };
  const expire = setTimeout(() => {
    giveUp(unanswered(where, doing));
  }, CONNECT_TIMEOUT_MS);
  const stop = (): void => {
    giveUp(stopped(where, doing));
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await client.connect();
    return { client, where };
  } catch (error) {
    await close(client);
    throw toPostgresFailure(error, where, doing);
  } finally {
    clearTimeout(expire);
    signal?.removeEventListener('abort', stop);
  }
}

/** pg's errors about a URL quote it, so they are replaced and not even kept as the cause. */
function newClient({ connection, url, statementTimeoutSeconds }: PostgresSettings): pg.Client {
  try {
    if (!/^postgres(?:ql)?:\/\//u.test(url)) throw new TypeError('not a PostgreSQL URL');
    return new pg.Client({
      connectionString: url,
      application_name: 'reefline',
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
      ...(statementTimeoutSeconds === undefined
        ? {}
        : { statement_timeout: statementTimeoutSeconds * 1_000 }),
    });
  } catch {
    throw new StageFailure(
      'invalid_config',
      `The url of the connection "${connection}" cannot be read. ` +
        'Expected postgres://user:password@host:port/database with special characters percent-encoded.',
    );
  }
}

/**
 * Asks the server to end the running statement: closing the socket alone is noticed only at the next write. The
 * connection is then destroyed, because a server that waits for the reader does not act on a cancel request.
 */
async function cancelOnServer(settings: PostgresSettings, { client }: PostgresSession): Promise<void> {
  const canceller = newClient({ ...settings, statementTimeoutSeconds: CANCEL_TIMEOUT_MS / 1_000 });
  canceller.on('error', () => undefined);
  // The server enforces its statement timeout, and one that has gone silent enforces nothing.
  const expire = setTimeout(() => {
    socketOf(canceller).destroy();
  }, CANCEL_TIMEOUT_MS);
  try {
    await canceller.connect();
    await canceller.query('select pg_catalog.pg_cancel_backend($1)', [processIdOf(client)]);
  } catch {
    // The server cannot be asked any more; ending the socket below is all that is left.
  } finally {
    clearTimeout(expire);
    await close(canceller);
    await close(client);
  }
}

/** The server's process of a connection; pg's types leave the member out. */
function processIdOf(client: pg.Client): number | null {
  const { processID } = client as pg.Client & { readonly processID: number | null };
  return processID;
}

/**
 * Ends a connection in any state; a running statement makes pg destroy the socket. Otherwise pg says goodbye and waits
 * for the server to hang up, which a server that has gone silent never does.
 */
async function close(client: pg.Client): Promise<void> {
  const patience = setTimeout(() => {
    socketOf(client).destroy();
  }, GOODBYE_MS);
  try {
    await client.end();
  } catch {
    // It was already gone.
  } finally {
    clearTimeout(patience);
  }
}

/** pg's type declarations leave the member out. */
function socketOf(client: pg.Client): Socket {
  return (client as pg.Client & { readonly connection: { readonly stream: Socket } }).connection.stream;
}

function stopped(where: string, doing: string): StageFailure {
  return new StageFailure('unavailable', `PostgreSQL ${where} was told to stop before it could ${doing}.`);
}

function unanswered(where: string, doing: string): StageFailure {
  return new StageFailure(
    'timeout',
    `PostgreSQL ${where} could not ${doing}: nobody answered within ${String(CONNECT_TIMEOUT_MS / 1_000)} seconds. ` +
      'Check that the server can be reached from the worker.',
  );
}

import { StageFailure, type FailureClass } from '../../pipeline/failure.ts';

/**
 * By error number: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html and, from 1900 to 1999
 * and from 4000, https://mariadb.com/kb/en/mariadb-error-code-reference/. Numbers below 2000 mean the same in both.
 */
const BY_NUMBER: Readonly<Record<number, FailureClass>> = {
  1037: 'unavailable', // out of memory
  1038: 'unavailable', // out of sort memory
  1040: 'throttled', // too many connections
  1041: 'unavailable', // out of resources
  1043: 'unavailable', // bad handshake
  1044: 'unauthorized', // access denied to the database
  1045: 'unauthorized', // access denied: user or password
  1049: 'not_found', // unknown database
  1053: 'unavailable', // the server shuts down
  1054: 'not_found', // unknown column
  1077: 'unavailable', // normal shutdown
  1079: 'unavailable', // shutdown complete
  1105: 'rejected', // unknown error
  1129: 'unauthorized', // the host is blocked after many connection errors
  1130: 'unauthorized', // the host may not connect
  1142: 'unauthorized', // command denied for the table
  1143: 'unauthorized', // command denied for a column
  1146: 'not_found', // no such table
  1152: 'unavailable', // aborted connection
  1153: 'data_error', // packet larger than max_allowed_packet
  1154: 'unavailable', // read error from the connection
  1156: 'unavailable', // packets out of order
  1158: 'unavailable', // error reading from the network
  1159: 'timeout', // timeout reading from the network
  1160: 'unavailable', // error writing to the network
  1161: 'timeout', // timeout writing to the network
  1184: 'unavailable', // aborted connection
  1194: 'unavailable', // the table crashed and must be repaired
  1203: 'throttled', // max_user_connections
  1205: 'conflict', // lock wait timeout
  1206: 'conflict', // too many locks
  1213: 'conflict', // deadlock
  1226: 'throttled', // a limit of the user's resources
  1227: 'unauthorized', // the privilege is missing
  1251: 'unauthorized', // the client cannot do the authentication
  1264: 'data_error', // out of range
  1317: 'timeout', // the query was interrupted
  1356: 'invalid_config', // the view refers to something invalid
  1366: 'data_error', // incorrect value
  1370: 'unauthorized', // routine denied
  1412: 'conflict', // the table definition has changed
  1449: 'invalid_config', // the definer of the view does not exist
  1461: 'throttled', // max_prepared_stmt_count
  1637: 'throttled', // too many concurrent transactions
  1690: 'data_error', // value out of range
  1698: 'unauthorized', // access denied, no password
  1836: 'rejected', // running in read-only mode
  1862: 'unauthorized', // the password has expired
  1927: 'unavailable', // MariaDB: the connection was killed
  1969: 'timeout', // MariaDB: max_statement_time
  3024: 'timeout', // MySQL: max_execution_time
  3032: 'unavailable', // offline mode
  3118: 'unauthorized', // the account is locked
  3159: 'unauthorized', // TLS is required
  3168: 'unavailable', // the server is not available
  3169: 'unavailable', // the session was killed
  4031: 'unavailable', // disconnected because of inactivity
  4151: 'unauthorized', // MariaDB: the account is locked
};

/** By the first two characters of the SQLSTATE, for numbers that are not listed. */
const BY_SQLSTATE_CLASS: Readonly<Record<string, FailureClass>> = {
  '08': 'unavailable',
  '21': 'data_error',
  '22': 'data_error',
  '28': 'unauthorized',
  '40': 'conflict',
  '70': 'timeout',
};

/** Codes of Node's sockets, of TLS and of mysql2 itself, when the server gave no answer. */
const BY_CODE: Readonly<Record<string, FailureClass>> = {
  CERT_HAS_EXPIRED: 'invalid_config',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'invalid_config',
  EAI_AGAIN: 'unavailable',
  ECONNREFUSED: 'unavailable',
  ECONNRESET: 'unavailable',
  EHOSTUNREACH: 'unavailable',
  ENETUNREACH: 'unavailable',
  ENOTFOUND: 'unavailable',
  EPIPE: 'unavailable',
  ERR_TLS_CERT_ALTNAME_INVALID: 'invalid_config',
  ETIMEDOUT: 'timeout',
  HANDSHAKE_NO_SSL_SUPPORT: 'invalid_config',
  HANDSHAKE_SSL_ERROR: 'invalid_config',
  PROTOCOL_CONNECTION_LOST: 'unavailable',
  PROTOCOL_SEQUENCE_TIMEOUT: 'timeout',
  SELF_SIGNED_CERT_IN_CHAIN: 'invalid_config',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'invalid_config',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'invalid_config',
};

const CURES: Readonly<Partial<Record<FailureClass, string>>> = {
  unavailable: 'Check that the server runs and can be reached from the worker.',
  throttled: "Lower the connection's concurrency or raise the limit of the server.",
  unauthorized: "Check the user and the password of the connection's url and the grants of that user.",
};

/**
 * What mysql2 threw, as a StageFailure: by the server's error number, then by SQLSTATE, then by the code of the
 * socket. `where` is the connection as people know it, `doing` completes "could not …" and names the object.
 */
export function toMysqlFailure(error: unknown, where: string, doing: string): StageFailure {
  if (error instanceof StageFailure) return error;
  const failureClass = classify(error);
  const cure = CURES[failureClass];
  return new StageFailure(
    failureClass,
    `MySQL ${where} could not ${doing}: ${describe(error)}${cure === undefined ? '' : ` ${cure}`}`,
    { cause: error, facts: { code: textOf(error, 'code') ?? null, errno: serverNumber(error) ?? null } },
  );
}

function classify(error: unknown): FailureClass {
  const number = serverNumber(error);
  if (number !== undefined) {
    const state = textOf(error, 'sqlState') ?? '';
    return BY_NUMBER[number] ?? BY_SQLSTATE_CLASS[state.slice(0, 2)] ?? 'rejected';
  }
  const code = textOf(error, 'code');
  if (code !== undefined) return BY_CODE[code] ?? 'rejected';
  // mysql2 reports some lost connections as plain Errors without a code.
  return memberOf(error, 'fatal') === true ? 'unavailable' : 'rejected';
}

/** The server's error number; errors of sockets carry a number of the operating system, which is negative. */
function serverNumber(error: unknown): number | undefined {
  const number = memberOf(error, 'errno');
  return typeof number === 'number' && number >= 1000 ? number : undefined;
}

/** An AggregateError of refused addresses has an empty message, so the code speaks for it. */
function describe(error: unknown): string {
  const text = textOf(error, 'message') ?? '';
  const code = textOf(error, 'code');
  const sentence = text === '' ? (code ?? 'unknown error') : text;
  const suffix = text !== '' && code !== undefined ? ` (${code})` : '';
  return `${sentence.replace(/\.$/u, '')}${suffix}.`;
}

function textOf(error: unknown, name: string): string | undefined {
  const value = memberOf(error, name);
  return typeof value === 'string' ? value : undefined;
}

/** By shape and not by class: an error of another realm is no instance of this one's Error. */
function memberOf(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null
    ? (error as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

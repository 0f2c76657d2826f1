import { StageFailure, type FailureClass } from '../../pipeline/failure.ts';

/** By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html); exact codes win over their class. */
const BY_SQLSTATE: Readonly<Record<string, FailureClass>> = {
  '25P03': 'timeout',
  '3D000': 'not_found',
  '3F000': 'not_found',
  '40001': 'conflict',
  '40P01': 'conflict',
  '42501': 'unauthorized',
  '42703': 'not_found',
  '42P01': 'not_found',
  '53300': 'throttled',
  '55006': 'conflict',
  '55P03': 'conflict',
  '57014': 'timeout',
};

/** By the first two characters of the SQLSTATE. */
const BY_SQLSTATE_CLASS: Readonly<Record<string, FailureClass>> = {
  '08': 'unavailable',
  '21': 'data_error',
  '22': 'data_error',
  '23': 'data_error',
  '28': 'unauthorized',
  '40': 'conflict',
  '44': 'data_error',
  '53': 'unavailable',
  '57': 'unavailable',
  '58': 'unavailable',
  '72': 'conflict',
};

/** Codes of Node's sockets and of TLS, when PostgreSQL gave no answer. */
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
  SELF_SIGNED_CERT_IN_CHAIN: 'invalid_config',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'invalid_config',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'invalid_config',
};

const CURES: Readonly<Partial<Record<FailureClass, string>>> = {
  unavailable: 'Check that the server runs and can be reached from the worker.',
  throttled: "Lower the connection's concurrency or raise the server's max_connections.",
  unauthorized: "Check the user and the password of the connection's url and the grants of that user.",
};

/** By SQLSTATE, where the class alone does not say what helps. */
const CURES_BY_SQLSTATE: Readonly<Record<string, string>> = {
  '25P03': 'The transaction waited too long for the worker. Look whether the worker was busy or cut off.',
  '42501': 'Grant its user select on the table and usage on the schema (docs/extracts.md).',
  '55P03': 'Another session holds a lock on the table, perhaps one that alters it. Wait until it has ended.',
  '57014':
    'If nobody cancelled it, it took longer than timeout of the stage or statement_timeout of the server allows. ' +
    'Raise the timeout, add an index on the cursor, or read less at once.',
};

/**
 * What pg threw, as a StageFailure: by SQLSTATE, then by the code of the socket. `where` is the connection as people
 * know it (`connectionLabel`), `doing` completes "could not …" and names the object.
 */
export function toPostgresFailure(error: unknown, where: string, doing: string): StageFailure {
  if (error instanceof StageFailure) return error;
  const failureClass = classify(error);
  const code = codeOf(error);
  const cure = CURES_BY_SQLSTATE[code ?? ''] ?? CURES[failureClass];
  const reason = describe(error);
  return new StageFailure(
    failureClass,
    `PostgreSQL ${where} could not ${doing}: ${reason}${cure === undefined ? '' : ` ${cure}`}`,
    { cause: error, facts: { code: code ?? null } },
  );
}

/** The SQLSTATE of what pg threw, or the code of the socket; undefined when the error has none. */
export function codeOf(error: unknown): string | undefined {
  return textMember(error, 'code');
}

function classify(error: unknown): FailureClass {
  const code = codeOf(error);
  // pg reports a lost connection and an expired connection timeout as plain Errors without a code.
  if (code === undefined) return textMember(error, 'name') === 'Error' ? 'unavailable' : 'rejected';
  const known = BY_SQLSTATE[code] ?? BY_CODE[code];
  if (known !== undefined) return known;
  return code.length === 5 ? (BY_SQLSTATE_CLASS[code.slice(0, 2)] ?? 'rejected') : 'rejected';
}

/** An AggregateError of refused addresses has an empty message, so the code speaks for it. */
function describe(error: unknown): string {
  const text = textMember(error, 'message') ?? '';
  const code = codeOf(error);
  const sentence = text === '' ? (code ?? 'unknown error') : text;
  const suffix = text !== '' && code !== undefined ? ` (${code})` : '';
  return `${sentence.replace(/\.$/u, '')}${suffix}.`;
}

/** By shape and not by class: an error of another realm is no instance of this one's Error. */
function textMember(error: unknown, name: string): string | undefined {
  const value =
    typeof error === 'object' && error !== null
      ? (error as Readonly<Record<string, unknown>>)[name]
      : undefined;
  return typeof value === 'string' ? value : undefined;
}

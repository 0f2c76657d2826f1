import { StageFailure, type FailureClass } from '../../pipeline/failure.ts';

type Facts = Record<string, string | number | null>;

/** Codes of the service, six digits, as it sends them with a failed statement or sign-in. */
const CLASS_BY_CODE: Readonly<Record<string, FailureClass>> = {
  '000603': 'unavailable', // internal error
  '000604': 'unavailable', // cancelled from outside
  '000606': 'invalid_config', // no active warehouse
  '000625': 'conflict', // the transaction lost its lock
  '000630': 'timeout', // STATEMENT_TIMEOUT_IN_SECONDS
  '000904': 'invalid_config', // invalid identifier
  '001003': 'invalid_config', // syntax error
  '001007': 'invalid_config', // invalid type of an argument
  '001044': 'invalid_config', // invalid argument types
  '001789': 'invalid_config', // inconsistent data type
  '002003': 'not_found', // object does not exist or not authorized
  '002043': 'not_found', // object of an operation does not exist
  '002140': 'invalid_config', // unknown function
  '002141': 'invalid_config', // unknown user-defined function
  '003001': 'unauthorized', // insufficient privileges
  '003540': 'unauthorized',
  '090073': 'throttled', // the warehouse cannot be resumed
  '090105': 'invalid_config', // no current database
  '091003': 'not_found', // failure using stage area
  '091016': 'not_found', // remote file was not found
  '100016': 'data_error', // something else than a field delimiter
  '100035': 'data_error', // failed to parse a timestamp
  '100037': 'data_error', // boolean value is not recognized
  '100038': 'data_error', // numeric value is not recognized
  '100039': 'data_error', // numeric value is out of range
  '100040': 'data_error', // date is not recognized
  '100046': 'data_error', // number out of representable range
  '100051': 'data_error', // division by zero
  '100068': 'data_error', // the record ends within a field
  '100069': 'data_error', // failed to parse a document
  '100072': 'data_error', // NULL in a column that takes none
  '100078': 'data_error', // string is too long
  '100080': 'data_error', // number of columns
  '100090': 'data_error', // several source rows for one row
  '100115': 'data_error', // not hexadecimal
  '100132': 'data_error',
  '100142': 'data_error', // failed to decompress
  '100144': 'data_error', // not UTF-8
  '100145': 'data_error', // binary is too long
  '200001': 'unavailable',
  '390100': 'unauthorized', // wrong user or password
  '390101': 'unauthorized',
  '390102': 'unauthorized',
  '390104': 'unavailable', // the session is gone
  '390111': 'unavailable',
  '390112': 'unavailable',
  '390114': 'unavailable',
  '390144': 'unauthorized', // the JWT is not valid
  '390189': 'unauthorized', // role does not exist or not authorized
  '390201': 'not_found', // database or warehouse does not exist or not authorized
};

/** The first three digits of the client's own codes (its error_code.ts). */
const CLASS_BY_CLIENT_CODE: Readonly<Record<string, FailureClass>> = {
  '401': 'unavailable', // network and responses
  '402': 'unavailable', // chunks of large results
  '403': 'invalid_config', // settings
  '404': 'invalid_config', // options of a connection
  '405': 'unavailable',
  '407': 'unavailable', // not connected, or not any more
};

/** What Snowflake says about a statement that failed. */
export interface SqlError {
  readonly code: string;
  readonly message: string;
}

/** A request to Snowflake failed: a StageFailure that names what was asked for. */
export function requestFailure(error: unknown, doing: string, facts: Facts = {}): StageFailure {
  if (error instanceof StageFailure) return error;
  const { code, message } = errorParts(error);
  const status = httpStatus(error);
  const failureClass = endedByTime(error)
    ? 'timeout'
    : status === undefined
      ? classOfCode(code)
      : classOfStatus(status);
  return new StageFailure(failureClass, `Snowflake could not ${doing}: ${message}`, {
    cause: error,
    facts: { ...facts, code },
  });
}

/** The failure of a statement by the code and the text that Snowflake gives for it. */
export function statementFailure(
  { code, message }: SqlError,
  doing: string,
  facts: Facts = {},
): StageFailure {
  const found = placeIn(message);
  return new StageFailure(classOfCode(code), `Snowflake could not ${doing}: ${message.trim()}`, {
    facts: { ...facts, code, ...found },
  });
}

/** Codes come with and without leading zeros: SQLCODE in a block is a number. */
export function classOfCode(code: string): FailureClass {
  const six = code.padStart(6, '0');
  const own = CLASS_BY_CODE[six];
  if (own !== undefined) return own;
  return CLASS_BY_CLIENT_CODE[six.slice(0, 3)] ?? 'rejected';
}

/** COPY names the place in the text of its message: `File 'a.parquet', line 3, character 5`, `column "T"["ID":1]`. */
function placeIn(message: string): Facts {
  const file = /\bFile '([^']+)'/.exec(message)?.[1];
  const row = /\bRow (\d+)/i.exec(message)?.[1] ?? /\bline (\d+)/.exec(message)?.[1];
  const column = /column "[^"]*"\["([^"]+)":\d+\]/.exec(message)?.[1];
  return {
    ...(file === undefined ? {} : { file }),
    ...(row === undefined ? {} : { line: Number(row) }),
    ...(column === undefined ? {} : { column }),
  };
}

/** The HTTP client gave up waiting for an answer; Snowflake's client has one code for every trouble of the network. */
function endedByTime(error: unknown): boolean {
  if (!(error instanceof Error) || !(error.cause instanceof Error) || !('code' in error.cause)) return false;
  return error.cause.code === 'ECONNABORTED' || error.cause.code === 'ETIMEDOUT';
}

function classOfStatus(status: number): FailureClass {
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'unauthorized';
  return status < 500 ? 'rejected' : 'unavailable';
}

function errorParts(error: unknown): SqlError {
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const code = 'code' in error ? String(error.code) : '';
  const reason = error.cause instanceof Error && error.cause.message !== '' ? ` ${error.cause.message}` : '';
  return { code, message: `${error.message}${reason}` };
}

function httpStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('response' in error)) return undefined;
  const { response } = error;
  if (typeof response !== 'object' || response === null || !('statusCode' in response)) return undefined;
  return typeof response.statusCode === 'number' ? response.statusCode : undefined;
}

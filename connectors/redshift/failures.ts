import { StageFailure, type FailureClass } from '../../pipeline/failure.ts';
import { responseStatus } from '../../pipeline/service-error.ts';

type Facts = Record<string, string | number | null>;

/** Exceptions of the Data API and of AWS in general, by name. */
const CLASS_BY_EXCEPTION: Readonly<Record<string, FailureClass>> = {
  ValidationException: 'invalid_config',
  ResourceNotFoundException: 'not_found',
  ActiveStatementsExceededException: 'throttled',
  ActiveSessionsExceededException: 'throttled',
  ActiveWaitingRequestsExceededException: 'throttled',
  ThrottlingException: 'throttled',
  TooManyRequestsException: 'throttled',
  InternalServerException: 'unavailable',
  DatabaseConnectionException: 'unavailable',
  ExecuteStatementException: 'unavailable',
  BatchExecuteStatementException: 'unavailable',
  QueryTimeoutException: 'timeout',
  TimeoutError: 'timeout',
  AccessDeniedException: 'unauthorized',
  UnrecognizedClientException: 'unauthorized',
  InvalidSignatureException: 'unauthorized',
  ExpiredTokenException: 'unauthorized',
  IncompleteSignature: 'unauthorized',
  CredentialsProviderError: 'unauthorized',
};

/** Redshift's own codes, as they stand in the text of a failed statement. */
const CLASS_BY_CODE: Readonly<Record<string, FailureClass>> = {
  '1018': 'conflict',
  '1020': 'conflict',
  '1023': 'conflict',
  '1202': 'data_error',
  '8001': 'data_error',
  '15001': 'data_error',
  '15005': 'unavailable',
  '15007': 'data_error',
};

/** Codes of S3 that COPY passes on: `S3ServiceException:…,Status 404,Error NoSuchKey,…`. */
const CLASS_BY_S3_CODE: Readonly<Record<string, FailureClass>> = {
  NoSuchKey: 'not_found',
  NoSuchBucket: 'not_found',
  AccessDenied: 'unauthorized',
  InvalidAccessKeyId: 'unauthorized',
  ExpiredToken: 'unauthorized',
  SlowDown: 'throttled',
  InternalError: 'unavailable',
  ServiceUnavailable: 'unavailable',
};

/**
 * The Data API reports a failed statement as text only, and most of Redshift's errors carry no code in it. These are
 * the fixed beginnings of those messages; they are looked at after every code, and what matches none is `rejected`.
 */
const CLASS_BY_OPENING: readonly (readonly [RegExp, FailureClass])[] = [
  [/^Load into table /, 'data_error'],
  [
    /^(Spectrum Scan Error|Value too long|Cannot insert a NULL value|Invalid digit|Numeric data overflow)/i,
    'data_error',
  ],
  [
    /^(value too long|invalid input syntax|numeric field overflow|division by zero|.* out of range)/i,
    'data_error',
  ],
  [/^(Mandatory url|The specified (?:S3 )?\w+ .* does not exist|Problem reading manifest)/i, 'not_found'],
  [/^permission denied/i, 'unauthorized'],
  [/^must be owner/i, 'unauthorized'],
  [/^(relation|schema|database) ".*" does not exist/i, 'not_found'],
  [
    /^(syntax error|column .* does not exist|function .* does not exist|operator does not exist)/i,
    'invalid_config',
  ],
  [
    /^(column reference .* is ambiguous|column .* must appear in|column .* specified more than once)/i,
    'invalid_config',
  ],
  [/^(could not serialize|deadlock detected|could not complete because of conflict)/i, 'conflict'],
  [/^(Query .*cancell?ed|canceling statement)/i, 'unavailable'],
];

/** A request to the Data API failed: a StageFailure that names what was asked for. */
export function requestFailure(error: unknown, doing: string, facts: Facts = {}): StageFailure {
  if (error instanceof StageFailure) return error;
  const name = error instanceof Error ? error.name : 'unknown error';
  const message = error instanceof Error && error.message !== '' ? error.message : nestedMessage(error);
  const failureClass = CLASS_BY_EXCEPTION[name] ?? (httpStatus(error) < 500 ? 'rejected' : 'unavailable');
  return new StageFailure(failureClass, `The Redshift Data API could not ${doing}: ${name}: ${message}`, {
    cause: error,
    facts,
  });
}

/** The class of a failed statement, from the text that DescribeStatement gives for it. */
export function classOfStatementError(text: string): FailureClass {
  const s3 =
    CLASS_BY_S3_CODE[
      /\bError ([A-Za-z]+)\b/.exec(/S3ServiceException:[^\n]*/.exec(text)?.[0] ?? '')?.[1] ?? ''
    ];
  if (s3 !== undefined) return s3;
  const code = CLASS_BY_CODE[redshiftCode(text) ?? ''];
  if (code !== undefined) return code;
  const message = text.replace(/^(?:Query #\d+ failed with )?(?:ERROR|FATAL):\s*/, '');
  return CLASS_BY_OPENING.find(([opening]) => opening.test(message))?.[1] ?? 'rejected';
}

/** `ERROR: 1023 DETAIL: …`, or `code: 8001` in the block of details. */
export function redshiftCode(text: string): string | undefined {
  return /^(?:ERROR:\s*)?(\d{4,5})\b/.exec(text)?.[1] ?? /\bcode:\s+(\d{4,5})\b/.exec(text)?.[1];
}

/** A response with a status tells whose fault it was; without one the service was not reached. */
function httpStatus(error: unknown): number {
  return (error instanceof Error ? responseStatus(error) : undefined) ?? 599;
}

/** Node reports a refused connection to a name with several addresses as an AggregateError without a message. */
function nestedMessage(error: unknown): string {
  if (error instanceof AggregateError)
    return error.errors.map((inner) => (inner instanceof Error ? inner.message : String(inner))).join('; ');
  return error instanceof Error ? 'no message' : String(error);
}

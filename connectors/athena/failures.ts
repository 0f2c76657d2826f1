import type { QueryExecution } from '@aws-sdk/client-athena';
import { StageFailure, type FailureClass } from '../../pipeline/failure.ts';
import { responseStatus } from '../../pipeline/service-error.ts';

type Facts = Record<string, string | number | null>;

/** Where a query comes from, so that a failure can name it. */
export interface Place {
  /** Completes "Athena could not …". */
  readonly doing: string;
  /** File that holds the author's SELECT. */
  readonly file: string;
  /** Lines of the query's text that stand before that SELECT. */
  readonly linesBefore: number;
  /** Most bytes that the workgroup lets one query scan. */
  readonly scanLimit: number | undefined;
}

/** Exceptions of the Athena API and of AWS in general, by name. */
const CLASS_BY_EXCEPTION: Readonly<Record<string, FailureClass>> = {
  InvalidRequestException: 'invalid_config',
  ResourceNotFoundException: 'not_found',
  MetadataException: 'unavailable',
  InternalServerException: 'unavailable',
  TooManyRequestsException: 'throttled',
  ThrottlingException: 'throttled',
  TimeoutError: 'timeout',
  AccessDeniedException: 'unauthorized',
  UnrecognizedClientException: 'unauthorized',
  InvalidSignatureException: 'unauthorized',
  ExpiredTokenException: 'unauthorized',
  IncompleteSignature: 'unauthorized',
  CredentialsProviderError: 'unauthorized',
};

/** Error codes of the engine: the text of a failed query starts with one, `COLUMN_NOT_FOUND: line 1:8: Column …`. */
const CLASS_BY_CODE: Readonly<Record<string, FailureClass>> = {
  SYNTAX_ERROR: 'invalid_config',
  COLUMN_NOT_FOUND: 'invalid_config',
  DUPLICATE_COLUMN_NAME: 'invalid_config',
  AMBIGUOUS_NAME: 'invalid_config',
  FUNCTION_NOT_FOUND: 'invalid_config',
  TYPE_MISMATCH: 'invalid_config',
  MISSING_COLUMN_NAME: 'invalid_config',
  MISSING_COLUMN_ALIASES: 'invalid_config',
  EXPRESSION_NOT_AGGREGATE: 'invalid_config',
  INVALID_TABLE_PROPERTY: 'invalid_config',
  NOT_SUPPORTED: 'invalid_config',
  CATALOG_NOT_FOUND: 'not_found',
  SCHEMA_NOT_FOUND: 'not_found',
  TABLE_NOT_FOUND: 'not_found',
  TABLE_ALREADY_EXISTS: 'conflict',
  HIVE_PATH_ALREADY_EXISTS: 'conflict',
  HIVE_CONCURRENT_MODIFICATION_DETECTED: 'conflict',
  DIVISION_BY_ZERO: 'data_error',
  NUMERIC_VALUE_OUT_OF_RANGE: 'data_error',
  INVALID_CAST_ARGUMENT: 'data_error',
  INVALID_FUNCTION_ARGUMENT: 'data_error',
  SUBQUERY_MULTIPLE_ROWS: 'data_error',
  HIVE_BAD_DATA: 'data_error',
  HIVE_CURSOR_ERROR: 'data_error',
  HIVE_PARTITION_SCHEMA_MISMATCH: 'data_error',
  PERMISSION_DENIED: 'unauthorized',
  ACCESS_DENIED: 'unauthorized',
  EXCEEDED_TIME_LIMIT: 'timeout',
  GENERIC_INTERNAL_ERROR: 'unavailable',
};

/** Numbers of the Athena error catalog that say more than the category (Athena User Guide, "Athena error catalog"). */
const CLASS_BY_TYPE: Readonly<Record<number, FailureClass>> = {
  206: 'timeout',
  210: 'timeout',
  1001: 'data_error',
  1002: 'data_error',
};
const SYSTEM_ERROR = 1;

/** A request to Athena failed: a StageFailure that names what was asked for. */
export function requestFailure(error: unknown, doing: string, facts: Facts = {}): StageFailure {
  if (error instanceof StageFailure) return error;
  const name = error instanceof Error ? error.name : 'unknown error';
  const message = messageOf(error);
  // An unknown workgroup or query is told as a wrong request, in a text of its own.
  const missing = name === 'InvalidRequestException' && / (?:is|was) not found\b/i.test(message);
  const known = missing ? 'not_found' : CLASS_BY_EXCEPTION[name];
  const failureClass = known ?? (httpStatus(error) < 500 ? 'rejected' : 'unavailable');
  const cure =
    failureClass === 'unauthorized'
      ? ' Give the worker AWS credentials that may use Athena in this workgroup.'
      : '';
  return new StageFailure(failureClass, `Athena could not ${doing}: ${name}: ${message}${cure}`, {
    cause: error,
    facts,
  });
}

/** A query was not accepted, for its text or for its workgroup. */
export function submissionFailure(error: unknown, place: Place, workgroup: string): StageFailure {
  const facts = { workgroup, file: place.file };
  const { line, column } = positionOf(messageOf(error), place);
  if (line === undefined) return requestFailure(error, `start a query in workgroup ${workgroup}`, facts);
  const at = `${place.file}, line ${String(line)}`;
  return requestFailure(error, `read the SQL of ${at}`, { ...facts, line, column });
}

/** The failure of a query that ended as FAILED or CANCELLED. Its facts name the line and the column of the author's file. */
export function queryFailure({ QueryExecutionId, Status }: QueryExecution, place: Place): StageFailure {
  const { StateChangeReason: reason, AthenaError: error } = Status ?? {};
  const text = reason ?? error?.ErrorMessage ?? 'Athena gives no reason.';
  const facts: Facts = { query: QueryExecutionId ?? null, file: place.file };
  if (/Bytes scanned limit was exceeded/i.test(text))
    return new StageFailure('rejected', scanLimitText(text, place), {
      facts: { ...facts, scanLimit: place.scanLimit ?? null },
    });
  if (Status?.State === 'CANCELLED')
    return new StageFailure(
      'unavailable',
      `Athena could not ${place.doing}: the query was stopped. ${text}`,
      {
        facts,
      },
    );
  const { line, column } = positionOf(text, place);
  if (line !== undefined) Object.assign(facts, { line, column });
  const at = line === undefined ? '' : `, line ${String(line)}`;
  const message = `Athena could not ${place.doing} (${place.file}${at}): ${text}`;
  return new StageFailure(classOf(text, error), message, { facts });
}

function scanLimitText(text: string, { doing, scanLimit, file }: Place): string {
  const limit =
    scanLimit === undefined
      ? 'the limit of its workgroup'
      : `the ${String(scanLimit)} bytes of its workgroup`;
  return `Athena could not ${doing}: the query of ${file} scans more than ${limit} allows. Let it read fewer labels or columns, or raise the limit. (${text})`;
}

function classOf(text: string, error: NonNullable<QueryExecution['Status']>['AthenaError']): FailureClass {
  const code = CLASS_BY_CODE[/^([A-Z][A-Z_]+)\b/.exec(text)?.[1] ?? ''];
  if (code !== undefined) return code;
  if (error?.Retryable === true) return 'unavailable';
  if (/\b(?:slow down|SlowDown|Rate exceeded)\b/i.test(text)) return 'throttled';
  if (/\bAccess ?Denied\b/i.test(text)) return 'unauthorized';
  if (/^Query exhausted resources/i.test(text)) return 'rejected';
  const known = CLASS_BY_TYPE[error?.ErrorType ?? -1];
  return known ?? (error?.ErrorCategory === SYSTEM_ERROR ? 'unavailable' : 'rejected');
}

/** `line 4:8` counts in the text that Reefline sent; the author's SELECT begins further down in it. Columns are left alone. */
function positionOf(
  text: string,
  { linesBefore }: Place,
): { readonly line: number | undefined; readonly column: number | null } {
  const match = /\bline (\d+):(\d+)/.exec(text);
  const line = Number(match?.[1] ?? 0) - linesBefore;
  return match === null || line < 1 ? { line: undefined, column: null } : { line, column: Number(match[2]) };
}

/** A response with a status tells whose fault it was; without one the service was not reached. */
function httpStatus(error: unknown): number {
  return (error instanceof Error ? responseStatus(error) : undefined) ?? 599;
}

/** Node reports a refused connection to a name with several addresses as an AggregateError without a message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError)
    return error.errors.map((inner) => (inner instanceof Error ? inner.message : String(inner))).join('; ');
  return error instanceof Error && error.message !== '' ? error.message : 'no message';
}

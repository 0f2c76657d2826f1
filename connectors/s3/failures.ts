import { StageFailure, type FailureClass } from '../../pipeline/failure.ts';
import { responseStatus, textMember } from '../../pipeline/service-error.ts';

/** Errors of S3 and of the SDK, by name (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). */
const BY_NAME: Readonly<Record<string, FailureClass>> = {
  AbortError: 'unavailable',
  AccessDenied: 'unauthorized',
  AllAccessDisabled: 'unauthorized',
  BucketRegionError: 'invalid_config',
  CredentialsProviderError: 'unauthorized',
  ExpiredToken: 'unauthorized',
  InternalError: 'unavailable',
  InvalidAccessKeyId: 'unauthorized',
  InvalidBucketName: 'invalid_config',
  InvalidToken: 'unauthorized',
  KMSThrottlingException: 'throttled',
  NoSuchBucket: 'not_found',
  NoSuchKey: 'not_found',
  NoSuchUpload: 'conflict',
  NotFound: 'not_found',
  OperationAborted: 'conflict',
  PermanentRedirect: 'invalid_config',
  RequestTimeTooSkewed: 'unauthorized',
  RequestTimeout: 'timeout',
  ServiceUnavailable: 'unavailable',
  SignatureDoesNotMatch: 'unauthorized',
  SlowDown: 'throttled',
  ThrottlingException: 'throttled',
  TimeoutError: 'timeout',
  TokenProviderError: 'unauthorized',
};

/** Codes of Node's sockets, when no answer came at all. */
const BY_CODE: Readonly<Record<string, FailureClass>> = {
  EAI_AGAIN: 'unavailable',
  ECONNREFUSED: 'unavailable',
  ECONNRESET: 'unavailable',
  EHOSTUNREACH: 'unavailable',
  ENETUNREACH: 'unavailable',
  ENOTFOUND: 'unavailable',
  EPIPE: 'unavailable',
  ETIMEDOUT: 'timeout',
};

const CURES: Readonly<Partial<Record<FailureClass, string>>> = {
  unauthorized: 'Give the worker AWS credentials that may read and write this bucket.',
  invalid_config: "Check the bucket's name and the region of the connection.",
  unavailable: 'Check that the S3 endpoint can be reached from the worker.',
};

/**
 * What a call of S3 threw, as a StageFailure: by error name, then socket code, then HTTP status. `doing` completes
 * "S3 could not …" and names the object. A StageFailure passes unchanged: the body of an upload may throw one.
 */
export function toS3Failure(error: unknown, doing: string): StageFailure {
  if (error instanceof StageFailure) return error;
  const failureClass = classify(error);
  const reason = `${nameOf(error) ?? 'unknown error'}: ${textMember(error, 'message') ?? ''}`;
  const cure =
    failureClass === 'not_found' && nameOf(error) === 'NoSuchBucket' ? MISSING_BUCKET : CURES[failureClass];
  return new StageFailure(
    failureClass,
    `S3 could not ${doing}: ${reason}${cure === undefined ? '' : ` ${cure}`}`,
    { cause: error, facts: { error: nameOf(error) ?? null, status: responseStatus(error) ?? null } },
  );
}

const MISSING_BUCKET = 'Create the bucket, or correct the connection.';

function classify(error: unknown): FailureClass {
  const code = textMember(error, 'code');
  return (
    BY_NAME[nameOf(error) ?? ''] ??
    (code === undefined ? undefined : BY_CODE[code]) ??
    classifyStatus(responseStatus(error))
  );
}

/** Without a status the request never reached S3, for example because no region is known. */
function classifyStatus(status: number | undefined): FailureClass {
  if (status === undefined) return 'invalid_config';
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not_found';
  if (status === 408 || status === 504) return 'timeout';
  if (status === 409) return 'conflict';
  return status >= 500 ? 'unavailable' : 'rejected';
}

function nameOf(error: unknown): string | undefined {
  return textMember(error, 'name');
}

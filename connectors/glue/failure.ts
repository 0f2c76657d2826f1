import { StageFailure, type FailureClass } from '../../pipeline/failure.ts';
import { responseStatus, textMember } from '../../pipeline/service-error.ts';

/** Exceptions of the Glue API and of the SDK's credential chain, by name. */
const BY_NAME: Readonly<Record<string, FailureClass>> = {
  AbortError: 'unavailable',
  AccessDeniedException: 'unauthorized',
  AlreadyExistsException: 'conflict',
  ConcurrentModificationException: 'conflict',
  ConcurrentRunsExceededException: 'throttled',
  CredentialsProviderError: 'unauthorized',
  EntityNotFoundException: 'not_found',
  ExpiredTokenException: 'unauthorized',
  FederationSourceRetryableException: 'unavailable',
  IncompleteSignatureException: 'unauthorized',
  InternalServiceException: 'unavailable',
  InvalidClientTokenId: 'unauthorized',
  InvalidInputException: 'rejected',
  InvalidSignatureException: 'unauthorized',
  MissingAuthenticationTokenException: 'unauthorized',
  OperationTimeoutException: 'timeout',
  ResourceNotReadyException: 'unavailable',
  ResourceNumberLimitExceededException: 'rejected',
  ServiceUnavailableException: 'unavailable',
  ThrottlingException: 'throttled',
  TimeoutError: 'timeout',
  TokenProviderError: 'unauthorized',
  UnrecognizedClientException: 'unauthorized',
  ValidationException: 'rejected',
  VersionMismatchException: 'conflict',
};

/** Codes of Node's sockets, when no answer came at all. */
const BY_CODE: Readonly<Record<string, FailureClass>> = {
  ECONNREFUSED: 'unavailable',
  ECONNRESET: 'unavailable',
  EAI_AGAIN: 'unavailable',
  EHOSTUNREACH: 'unavailable',
  ENETUNREACH: 'unavailable',
  ENOTFOUND: 'unavailable',
  EPIPE: 'unavailable',
  ETIMEDOUT: 'timeout',
};

const CURES: Readonly<Partial<Record<FailureClass, string>>> = {
  unauthorized: 'Give the worker AWS credentials that may call Glue on this database and its tables.',
  unavailable:
    'Check that the Glue endpoint and the region of the connection can be reached from the worker.',
};

/** What a call of Glue threw, by exception name, then socket code, then HTTP status. `doing` names the object. */
export function toFailure(error: unknown, doing: string): StageFailure {
  if (error instanceof StageFailure) return error;
  const failureClass = classify(error);
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error';
  const cure = CURES[failureClass];
  const message = `Glue could not ${doing}: ${reason}${cure === undefined ? '' : ` ${cure}`}`;
  return new StageFailure(failureClass, message, {
    cause: error,
    facts: { exception: error instanceof Error ? error.name : null, status: responseStatus(error) ?? null },
  });
}

/** True for a failure of this class that `toFailure` made. */
export function isFailure(error: unknown, failureClass: FailureClass): error is StageFailure {
  return error instanceof StageFailure && error.failureClass === failureClass;
}

function classify(error: unknown): FailureClass {
  const name = textMember(error, 'name') ?? '';
  const code = textMember(error, 'code') ?? '';
  return BY_NAME[name] ?? BY_CODE[code] ?? classifyStatus(responseStatus(error));
}

/** An error without a status never came from Glue: trying the same again would give the same. */
function classifyStatus(status: number | undefined): FailureClass {
  if (status === undefined) return 'rejected';
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not_found';
  if (status === 408 || status === 504) return 'timeout';
  return status >= 500 ? 'unavailable' : 'rejected';
}

import type { FailureClass } from '../../pipeline/failure.ts';
import type { SendError } from '../../pipeline/outgoing.ts';

/** A refusal as SQS names it: an error of a call, or of one entry of a batch. */
interface SqsFailure extends SendError {
  /** Name of the error, such as `AccessDenied`. */
  readonly code: string;
  /** `<code>: <what SQS says>` */
  readonly message: string;
}

/**
 * Error names by class: of SQS, of STS when a role is assumed, and of AWS in general (AWS, "Amazon SQS API reference" and
 * "AWS STS API reference", common errors). Errors of KMS have a name in calls and another in the entries of a batch.
 */
const CLASS_BY_NAME: Readonly<Record<string, FailureClass>> = {
  QueueDoesNotExist: 'not_found',
  'AWS.SimpleQueueService.NonExistentQueue': 'not_found',
  AccessDenied: 'unauthorized',
  AccessDeniedException: 'unauthorized',
  KmsAccessDenied: 'unauthorized',
  'KMS.AccessDeniedException': 'unauthorized',
  InvalidClientTokenId: 'unauthorized',
  UnrecognizedClientException: 'unauthorized',
  SignatureDoesNotMatch: 'unauthorized',
  IncompleteSignature: 'unauthorized',
  MissingAuthenticationToken: 'unauthorized',
  ExpiredToken: 'unauthorized',
  ExpiredTokenException: 'unauthorized',
  RequestExpired: 'unauthorized',
  OptInRequired: 'unauthorized',
  CredentialsProviderError: 'unauthorized',
  RequestThrottled: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  OverLimit: 'throttled',
  KmsThrottled: 'throttled',
  'KMS.ThrottlingException': 'throttled',
  BatchRequestTooLong: 'rejected',
  InvalidMessageContents: 'rejected',
  UnsupportedOperation: 'rejected',
  InvalidAddress: 'invalid_config',
  InvalidSecurity: 'invalid_config',
  KmsDisabled: 'invalid_config',
  'KMS.DisabledException': 'invalid_config',
  KmsInvalidKeyUsage: 'invalid_config',
  'KMS.InvalidKeyUsageException': 'invalid_config',
  KmsInvalidState: 'invalid_config',
  'KMS.InvalidStateException': 'invalid_config',
  KmsNotFound: 'invalid_config',
  'KMS.NotFoundException': 'invalid_config',
  KmsOptInRequired: 'invalid_config',
  'KMS.OptInRequired': 'invalid_config',
  RegionDisabledException: 'invalid_config',
  ValidationError: 'invalid_config',
  TimeoutError: 'timeout',
};

export function classifySqs(error: unknown): SqsFailure {
  const code = error instanceof Error ? error.name : 'unknown error';
  const message = `${code}: ${error instanceof Error ? error.message : String(error)}`;
  const status = httpStatus(error);
  const failureClass = CLASS_BY_NAME[code] ?? (status >= 500 ? 'unavailable' : 'rejected');
  return { failureClass, code, message };
}

/** One entry of a batch that SQS did not take. Undefined: it answered nothing about the entry. */
export function classifyEntry(
  entry:
    | {
        readonly Code?: string | undefined;
        readonly Message?: string | undefined;
        readonly SenderFault?: boolean | undefined;
      }
    | undefined,
): SqsFailure {
  const code = entry?.Code ?? 'no answer for this entry';
  const message = entry?.Message === undefined ? code : `${code}: ${entry.Message}`;
  const failureClass = CLASS_BY_NAME[code] ?? (entry?.SenderFault === true ? 'rejected' : 'unavailable');
  return { failureClass, code, message };
}

/** Of an answer that the SDK read; an error without one never reached the service. */
function httpStatus(error: unknown): number {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode ?? 500;
}

import { SQSServiceException } from '@aws-sdk/client-sqs';
import type { FailureClass } from '../../pipeline/failure.ts';

/** Error names of SQS and of AWS in general, by class (AWS, "Amazon SQS API reference", common errors). */
const CLASS_BY_NAME: Readonly<Record<string, FailureClass>> = {
  QueueDoesNotExist: 'not_found',
  'AWS.SimpleQueueService.NonExistentQueue': 'not_found',
  AccessDenied: 'unauthorized',
  AccessDeniedException: 'unauthorized',
  KmsAccessDenied: 'unauthorized',
  InvalidClientTokenId: 'unauthorized',
  SignatureDoesNotMatch: 'unauthorized',
  CredentialsProviderError: 'unauthorized',
  RequestThrottled: 'throttled',
  ThrottlingException: 'throttled',
  OverLimit: 'throttled',
  KmsThrottled: 'throttled',
  BatchRequestTooLong: 'rejected',
  InvalidMessageContents: 'rejected',
  UnsupportedOperation: 'rejected',
  InvalidAddress: 'invalid_config',
  TimeoutError: 'timeout',
};

export function classifySqs(error: unknown): { failureClass: FailureClass; message: string } {
  const name = error instanceof Error ? error.name : 'unknown error';
  const message = `${name}: ${error instanceof Error ? error.message : String(error)}`;
  const known = CLASS_BY_NAME[name];
  if (known !== undefined) return { failureClass: known, message };
  const status = error instanceof SQSServiceException ? (error.$metadata.httpStatusCode ?? 500) : 500;
  return { failureClass: status >= 500 ? 'unavailable' : 'rejected', message };
}

import type { ServiceFault } from '../attempts.ts';
import type { Answer } from './wire.ts';

/** Status, error code and message of a fault. */
type Words = readonly [status: number, code: string, message: string];

/** What each service says, by the name in its signature (the "Common errors" of the API references). */
const WORDS: Readonly<Record<string, Readonly<Record<ServiceFault, Words>>>> = {
  s3: {
    throttled: [503, 'SlowDown', 'Please reduce your request rate.'],
    unavailable: [500, 'InternalError', 'We encountered an internal error. Please try again.'],
    unauthorized: [403, 'AccessDenied', 'Access Denied'],
  },
  glue: {
    throttled: [400, 'ThrottlingException', 'Rate exceeded'],
    unavailable: [500, 'InternalServiceException', 'An internal service error occurred.'],
    unauthorized: [400, 'AccessDeniedException', 'User is not authorized to perform this action.'],
  },
  sqs: {
    throttled: [
      400,
      'com.amazonaws.sqs#RequestThrottled',
      'The request was denied due to request throttling.',
    ],
    unavailable: [
      503,
      'com.amazonaws.sqs#ServiceUnavailable',
      'The request has failed due to a temporary failure of the server.',
    ],
    unauthorized: [403, 'com.amazonaws.sqs#AccessDeniedException', 'Access to the resource is denied.'],
  },
  'redshift-data': {
    throttled: [400, 'ThrottlingException', 'Rate exceeded'],
    unavailable: [500, 'InternalServerException', 'The Amazon Redshift Data API operation failed.'],
    unauthorized: [400, 'AccessDeniedException', 'User is not authorized to perform this action.'],
  },
  athena: {
    throttled: [400, 'TooManyRequestsException', 'Rate exceeded'],
    unavailable: [500, 'InternalServerException', 'Amazon Athena experienced an internal error.'],
    unauthorized: [400, 'AccessDeniedException', 'You are not authorized to perform this action.'],
  },
};

/** The answer of an AWS service to a request that it refuses for this reason. */
export function awsAnswer(service: string, fault: ServiceFault): Answer {
  const words = WORDS[service];
  if (words === undefined)
    throw new Error(`The contract does not know the errors of the AWS service "${service}".`);
  const [status, code, message] = words[fault];
  return service === 's3'
    ? {
        status,
        headers: { 'content-type': 'application/xml' },
        body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message><RequestId>0</RequestId></Error>`,
      }
    : {
        status,
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': '0' },
        body: JSON.stringify({ __type: code, message }),
      };
}

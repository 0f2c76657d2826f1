import type { ServiceFault } from '../attempts.ts';
import type { Answer } from './wire.ts';

/** Status, code and message (Salesforce REST API, "Status Codes and Error Responses"). */
const WORDS: Readonly<Record<ServiceFault, readonly [status: number, code: string, message: string]>> = {
  throttled: [403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'],
  unavailable: [503, 'SERVER_UNAVAILABLE', 'Server unavailable.'],
  unauthorized: [403, 'INSUFFICIENT_ACCESS', 'insufficient access rights on object id'],
};

/** What Salesforce says to a request that it refuses for this reason; where tokens are given, it has words of OAuth, or its proxies have theirs. */
export function salesforceAnswer(fault: ServiceFault, request: string): Answer {
  if (request.endsWith('/services/oauth2/token')) return tokenAnswer(fault);
  const [status, errorCode, message] = WORDS[fault];
  return jsonAnswer(status, [{ errorCode, message }]);
}

function tokenAnswer(fault: ServiceFault): Answer {
  switch (fault) {
    case 'throttled':
      return { status: 429, headers: {}, body: 'Too many requests' };
    case 'unavailable':
      return { status: 503, headers: {}, body: 'Service unavailable' };
    case 'unauthorized':
      return jsonAnswer(400, { error: 'invalid_client', error_description: 'invalid client credentials' });
  }
}

function jsonAnswer(status: number, body: unknown): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json;charset=UTF-8' },
    body: JSON.stringify(body),
  };
}

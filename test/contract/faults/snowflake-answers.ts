import type { ServiceFault } from '../attempts.ts';
import type { Answer } from './wire.ts';

/** What Snowflake says: throttling and outages by the status alone, refusals of a right as the failure of the request. */
export function snowflakeAnswer(fault: ServiceFault): Answer {
  switch (fault) {
    case 'throttled':
      return { status: 429, headers: {}, body: 'Too many requests' };
    case 'unavailable':
      return { status: 503, headers: {}, body: 'Service unavailable' };
    case 'unauthorized':
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          data: { errorCode: '003001', sqlState: '42501', queryId: '0' },
          code: '003001',
          message: 'SQL access control error:\nInsufficient privileges to operate on this object.',
          success: false,
        }),
      };
  }
}

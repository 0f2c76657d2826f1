import { StageFailure, type FailureClass } from '../../pipeline/failure.ts';

/** Error codes of the REST, Bulk and OAuth endpoints (Salesforce Object Reference, "Exception Codes"; OAuth 2.0 error codes). */
const BY_CODE: Readonly<Record<string, FailureClass>> = {
  API_CURRENTLY_DISABLED: 'unauthorized',
  API_DISABLED_FOR_ORG: 'unauthorized',
  ERROR_HTTP_401: 'unauthorized',
  ERROR_HTTP_403: 'unauthorized',
  INSUFFICIENT_ACCESS: 'unauthorized',
  INVALID_LOGIN: 'unauthorized',
  INVALID_SESSION_ID: 'unauthorized',
  invalid_app_access: 'unauthorized',
  invalid_client: 'unauthorized',
  invalid_client_id: 'unauthorized',
  invalid_grant: 'unauthorized',
  inactive_user: 'unauthorized',
  unsupported_grant_type: 'invalid_config',
  ERROR_HTTP_404: 'not_found',
  NOT_FOUND: 'not_found',
  INVALID_TYPE: 'not_found',
  ERROR_HTTP_429: 'throttled',
  EXCEEDED_QUOTA: 'throttled',
  EXCEEDEDQUOTA: 'throttled',
  REQUEST_LIMIT_EXCEEDED: 'throttled',
  CONCURRENT_REQUESTS_EXCEEDED: 'throttled',
  LIMIT_EXCEEDED: 'throttled',
  TOOMANYLOCKFAILURE: 'conflict',
  UNABLE_TO_LOCK_ROW: 'conflict',
  INVALIDJOBSTATE: 'conflict',
  INVALIDBATCH: 'invalid_config',
  INVALIDJOB: 'invalid_config',
  INVALID_FIELD: 'invalid_config',
  ERROR_HTTP_408: 'timeout',
  ERROR_HTTP_504: 'timeout',
  QUERY_TIMEOUT: 'timeout',
  ERROR_HTTP_500: 'unavailable',
  ERROR_HTTP_502: 'unavailable',
  ERROR_HTTP_503: 'unavailable',
  SERVER_UNAVAILABLE: 'unavailable',
  API_ERROR: 'unavailable',
  UNKNOWN_EXCEPTION: 'unavailable',
  // Names and codes of the HTTP client, when Salesforce gave no answer.
  AbortError: 'timeout',
  ETIMEDOUT: 'timeout',
  CERT_HAS_EXPIRED: 'invalid_config',
  ERR_TLS_CERT_ALTNAME_INVALID: 'invalid_config',
  SELF_SIGNED_CERT_IN_CHAIN: 'invalid_config',
  FetchError: 'unavailable',
};

const CURES: Readonly<Partial<Record<FailureClass, string>>> = {
  unavailable:
    'Check that the loginUrl and the org can be reached from the worker, and https://status.salesforce.com.',
  throttled:
    "The org's API allocation is used up for now; lower the connection's concurrency, or ask Salesforce for more.",
  not_found:
    "Check the name of the object in the stage's to:, and that the user of the connection may see it.",
  unauthorized:
    "Check the connected app of the connection's clientId (OAuth flow, scope api, certificate or secret) and its user.",
};

/** What jsforce threw, as a StageFailure: by the code alone. `doing` completes "could not …" and names the object. */
export function toSalesforceFailure(error: unknown, where: string, doing: string): StageFailure {
  if (error instanceof StageFailure) return error;
  const { name, message, code } = described(error);
  const failureClass = classOf(code) ?? classOf(name) ?? 'rejected';
  const cure = CURES[failureClass];
  const reason = `${message.replace(/\.$/u, '')} (${code ?? name}).`;
  return new StageFailure(
    failureClass,
    `Salesforce ${where} could not ${doing}: ${reason}${cure === undefined ? '' : ` ${cure}`}`,
    { cause: error, facts: { code: code ?? name } },
  );
}

/** The class of a code, or of the message of a job, whose code stands first: `InvalidBatch : Field name not found`. */
export function classOf(code: string | undefined): FailureClass | undefined {
  if (code === undefined) return undefined;
  return BY_CODE[code] ?? BY_CODE[code.toUpperCase()];
}

/** jsforce names its errors by the code of the service, and rejects with anything; by shape, not by class. */
function described(error: unknown): { name: string; message: string; code: string | undefined } {
  const fields = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const text = (name: string): string | undefined => {
    const value = fields[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const message = text('message') ?? String(error);
  // The session delegate of jsforce keeps only the message of what went wrong, in which this connector puts the code first.
  const refreshing = /^Unable to refresh session due to: \[(\w+)\] /.exec(message);
  return {
    name: text('name') ?? 'Error',
    message: refreshing === null ? message : message.slice(refreshing[0].length),
    code: refreshing?.[1] ?? text('errorCode') ?? text('code'),
  };
}

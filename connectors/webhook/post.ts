import type { FailureClass } from '../../pipeline/failure.ts';
import { textMember } from '../../pipeline/service-error.ts';
import type { SendResult } from '../../pipeline/outgoing.ts';

/** How a request ended: taken when there is no error. */
export interface Posted extends Pick<SendResult, 'error' | 'retryAfter' | 'final'> {
  /** The beginning of the answer. */
  readonly text: string;
}

/** Bytes of an answer that are read; a receiver that sends more loses its connection. */
const READ = 4096;
/** Longest wait, in seconds, that a receiver may ask for: one that errs must not silence an endpoint for good. */
const LONGEST_WAIT = 3600;
/** Codes of OpenSSL and Node.js for certificates that are no good. */
const CERTIFICATE = /CERT|^ERR_TLS|SIGNATURE|ISSUER/;

/**
 * Sends one request and never throws. No redirect is followed, because the signature and the message are for this receiver. Texts name
 * the host alone: path and query of an address can be secrets. `milliseconds` is the time for the whole answer.
 */
export async function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  milliseconds: number,
): Promise<Posted> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'user-agent': 'Reefline', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(milliseconds),
    });
    const text = await beginningOf(response);
    return { ...judged(url.host, response.status, response.headers.get('retry-after')), text };
  } catch (error) {
    return { error: unanswered(url.host, error, milliseconds), text: '' };
  }
}

/** What a status says (RFC 9110, section 15; Standard Webhooks, "Delivery success and failure"). */
function judged(host: string, status: number, retryAfter: string | null): Omit<Posted, 'text'> {
  if (status >= 200 && status < 300) return { error: null };
  const failureClass = classOf(status);
  const wait = waitOf(retryAfter, Date.now());
  return {
    error: { failureClass, message: `${host} answered ${String(status)}${MEANING[failureClass] ?? '.'}` },
    ...(status === 410 ? { final: true } : {}),
    ...(wait === undefined ? {} : { retryAfter: wait }),
  };
}

function classOf(status: number): FailureClass {
  if (status === 429) return 'throttled';
  if (status === 408 || status === 504) return 'timeout';
  if (status === 425 || status >= 500) return 'unavailable';
  if (status === 401 || status === 403 || status === 407) return 'unauthorized';
  if (status === 404 || status === 410) return 'not_found';
  return status < 400 ? 'invalid_config' : 'rejected';
}

const MEANING: Readonly<Partial<Record<FailureClass, string>>> = {
  invalid_config: ': redirects are not followed, so configure the address that it points to.',
  not_found: ': nobody takes messages at this address.',
  rejected: ': it refuses this message.',
  unauthorized: ': it does not accept the sender; check the address and the secret.',
};

/** Seconds of a Retry-After, a number of them or a date (RFC 9110, section 10.2.3). `now` in milliseconds since 1970. */
export function waitOf(retryAfter: string | null, now: number): number | undefined {
  if (retryAfter === null) return undefined;
  const seconds = /^\d+$/.test(retryAfter.trim())
    ? Number(retryAfter)
    : (Date.parse(retryAfter) - now) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(LONGEST_WAIT, Math.max(0, seconds));
}

/** Reads the answer, or a connection could not be used again; of a long one the beginning. */
async function beginningOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let read = 0;
  const body: AsyncIterable<Uint8Array> | Iterable<never> = response.body ?? [];
  for await (const part of body) {
    parts.push(part);
    read += part.length;
    if (read >= READ) break;
  }
  return Buffer.concat(parts).toString('utf8', 0, READ);
}

function unanswered(host: string, error: unknown, milliseconds: number): NonNullable<SendResult['error']> {
  if (textMember(error, 'name') === 'TimeoutError') {
    const message = `${host} gave no answer within ${String(milliseconds / 1000)} s.`;
    return { failureClass: 'timeout', message };
  }
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  const code = textMember(cause, 'code') ?? textMember(cause, 'name') ?? 'no connection';
  return {
    failureClass: CERTIFICATE.test(code) ? 'invalid_config' : 'unavailable',
    message: `${host} cannot be reached (${code}).`,
  };
}

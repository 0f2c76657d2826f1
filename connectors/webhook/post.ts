import type { FailureClass } from '../../pipeline/failure.ts';
import { textMember } from '../../pipeline/service-error.ts';
import type { SendError, SendResult } from '../../pipeline/outgoing.ts';
import type { AllowedReceivers } from './allowed-receivers.ts';
import { ForbiddenAddress, guardedConnection } from './guarded-connection.ts';

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

/** Sends a request and never throws. `milliseconds` is the time for the whole answer. */
export type Post = (
  headers: Readonly<Record<string, string>>,
  body: string,
  milliseconds: number,
) => Promise<Posted>;

/**
 * Posts to one address. No redirect is followed, because the signature and the message are for this receiver. Texts name the
 * host alone: path and query of an address can be secrets.
 */
export function postTo(url: URL, allowed: AllowedReceivers): Post {
  const exchange = guardedConnection(url, allowed);
  return async (headers, body, milliseconds) => {
    const time = AbortSignal.timeout(milliseconds);
    try {
      const response = await exchange({ 'user-agent': 'Reefline', ...headers }, body, time);
      const text = await beginningOf(response);
      return { ...judged(url.host, response.statusCode ?? 0, response.headers['retry-after'] ?? null), text };
    } catch (error) {
      return { error: unanswered(url.host, error, time.aborted ? milliseconds : undefined), text: '' };
    }
  };
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
async function beginningOf(response: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let read = 0;
  for await (const part of response) {
    parts.push(part);
    read += part.length;
    if (read >= READ) break;
  }
  return Buffer.concat(parts).toString('utf8', 0, READ);
}

/** `patience`: the milliseconds that are over, when they are. */
function unanswered(host: string, error: unknown, patience: number | undefined): SendError {
  if (error instanceof ForbiddenAddress) return { failureClass: 'invalid_config', message: forbidden(host) };
  if (patience !== undefined)
    return {
      failureClass: 'timeout',
      message: `${host} gave no answer within ${String(patience / 1000)} s.`,
    };
  const code = textMember(error, 'code') ?? textMember(error, 'name') ?? 'no connection';
  return {
    failureClass: CERTIFICATE.test(code) ? 'invalid_config' : 'unavailable',
    message: `${host} cannot be reached (${code}).`,
  };
}

/** Which address it is would tell whoever wrote the name what is there. */
function forbidden(host: string): string {
  return `${host} is at an address of this machine or of a private network, to which nothing is sent. If it is meant, name the host in REEFLINE_WEBHOOK_ALLOW of the workers.`;
}

import { lookup as resolveName, type LookupAddress } from 'node:dns';
import { Agent as PlainAgent, request as plainRequest, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { textMember } from '../../pipeline/service-error.ts';
import { mayReceive, type AllowedReceivers } from './allowed-receivers.ts';

/** The receiver is at an address to which nothing is sent. */
export class ForbiddenAddress extends Error {}

/** Sends one request; the answer is as it comes. No redirect is followed. @throws what the connection says, or ForbiddenAddress. */
export type Exchange = (
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
) => Promise<IncomingMessage>;

/** How names are resolved; replaced in tests. */
export type ResolveName = (
  host: string,
  options: { readonly all: true },
  /** An error comes without addresses. */
  done: (error: NodeJS.ErrnoException | null, found?: LookupAddress[]) => void,
) => void;

/** Milliseconds after which a connection that nobody uses is closed. */
const IDLE = 30_000;

/**
 * Connects to a receiver. Its addresses are judged where the connection is made: a name that meant another address when
 * somebody looked at it, or that changes from one connection to the next, gains nothing.
 */
export function guardedConnection(
  url: URL,
  allowed: AllowedReceivers,
  resolve: ResolveName = resolveName,
): Exchange {
  const secure = url.protocol === 'https:';
  const options = { keepAlive: true, timeout: IDLE, lookup: guardedLookup(allowed, resolve) };
  const agent = secure ? new SecureAgent(options) : new PlainAgent(options);
  const request = secure ? secureRequest : plainRequest;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const exchange = (
    again: boolean,
    ...[headers, body, signal]: Parameters<Exchange>
  ): Promise<IncomingMessage> =>
    new Promise((answer, fail) => {
      const length = { 'content-length': String(Buffer.byteLength(body)) };
      const sent = request(url, { method: 'POST', agent, headers: { ...headers, ...length }, signal });
      sent.on('response', answer);
      sent.on('error', (error) => {
        // The receiver may have closed an idle connection just as it was taken again. If it did see the request, it drops the second by its id.
        const idle =
          sent.reusedSocket && !again && !signal.aborted && textMember(error, 'code') === 'ECONNRESET';
        if (idle) answer(exchange(true, headers, body, signal));
        else fail(error);
      });
      sent.end(body);
    });
  return async (...call) => {
    // Nothing is looked up for a host that is an address already.
    if (isIP(host) !== 0 && !mayReceive(allowed, host, host)) throw new ForbiddenAddress();
    return exchange(false, ...call);
  };
}

/** Finds those addresses of a host that may receive messages; where there are none but others, ForbiddenAddress. */
function guardedLookup(allowed: AllowedReceivers, resolve: ResolveName): LookupFunction {
  return (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      const open = found?.filter(({ address }) => mayReceive(allowed, host, address)) ?? [];
      const [first] = open;
      if (error !== null) done(error, []);
      else if (first === undefined) done(new ForbiddenAddress(), []);
      else if (options.all === true) done(null, open);
      else done(null, first.address, first.family);
    });
  };
}

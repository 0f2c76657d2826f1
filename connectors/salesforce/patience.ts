import type { Connection } from 'jsforce';

type Retry = NonNullable<NonNullable<Parameters<Connection['_transport']['httpRequest']>[1]>['retry']>;

/** An answer that is not complete after so long never comes: Salesforce itself ends what takes it longer. jsforce would wait for 30 minutes. */
export const ANSWER_SECONDS = 600;

/** For what is still said after the stage was told to stop, which nothing depends on. */
const LAST_WORDS_MS = 5_000;

/** More than the limit, so that this connector tells of it first; then jsforce ends the request as well. */
const MARGIN_MS = 1_000;

/**
 * What jsforce itself may send again after a refusal. Not its default, which has PUT as well: it sends a body as a stream, of which
 * nothing is left at the second time, so the upload of a batch would wait for its end until the limit.
 */
const RETRY: Retry = { methods: ['GET', 'HEAD', 'OPTIONS', 'DELETE'] };

/**
 * Ends every wait for the org after a stated time, and at once when the stage is told to stop: jsforce takes no signal, and its own
 * limit ends with the head of an answer.
 */
export function limitPatience(api: Connection, signal: AbortSignal): void {
  for (const transport of new Set([api._transport, api.oauth2._transport])) {
    const send = transport.httpRequest.bind(transport);
    transport.httpRequest = (request, options) => {
      const limit = signal.aborted ? LAST_WORDS_MS : ANSWER_SECONDS * 1_000;
      const answer = send(request, { ...options, timeout: limit + MARGIN_MS, retry: RETRY });
      const stream = answer.stream();
      const stop = (): void => {
        stream.emit('error', new Error('The run was told to stop.'));
      };
      const expire = setTimeout(() => {
        stream.emit('error', silence(limit));
      }, limit);
      const end = (): void => {
        clearTimeout(expire);
        signal.removeEventListener('abort', stop);
      };
      if (!signal.aborted) signal.addEventListener('abort', stop, { once: true });
      answer.then(end, end);
      return answer;
    };
  }
}

/** By the name that the failures know. */
function silence(milliseconds: number): Error {
  const text = `it gave no complete answer within ${String(milliseconds / 1_000)} seconds`;
  return Object.assign(new Error(text), { name: 'AbortError' });
}

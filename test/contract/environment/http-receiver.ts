import { startReceiver, type ReceivedRequest } from '../../support/receiver.ts';
import type { TestReceiver } from '../kinds/receiver.ts';
import type { Scraps } from './scraps.ts';

/** What a receiver does with a request: the message that it found good, or undefined for one that it refuses. */
export type Reads = (request: ReceivedRequest) => { readonly id: string; readonly text: string } | undefined;

/** A receiver on this machine. It refuses with 400 what `reads` finds no good, and takes a message that comes twice once. */
export async function openHttpReceiver(
  scraps: Scraps,
  reads: Reads,
): Promise<{ readonly url: string } & Pick<TestReceiver, 'taken' | 'answerWith' | 'refuseAbove'>> {
  const receiver = await startReceiver();
  scraps.remove('a receiver', () => receiver.close());
  const taken = new Map<string, string>();
  let always: readonly [number, Readonly<Record<string, string>>] | undefined;
  let longest = Infinity;
  let refusal = 413;
  receiver.answer = (request, response) => {
    if (always !== undefined) return response.writeHead(...always).end();
    if (Buffer.byteLength(request.body) > longest) return response.writeHead(refusal).end();
    const read = reads(request);
    if (read === undefined) return response.writeHead(400).end();
    taken.set(read.id, read.text);
    return response.writeHead(200).end('ok');
  };
  return {
    url: `${receiver.url}/in`,
    taken: () => [...taken.values()],
    answerWith: (status, headers = {}) => {
      always = [status, headers];
    },
    refuseAbove: (bytes, status) => {
      longest = bytes;
      refusal = status;
    },
  };
}

/** The words of any server of HTTP (RFC 9110, section 15; RFC 6585, section 4). */
const STATUSES = { throttled: 429, unavailable: 503, unauthorized: 401 } as const;

export function httpAnswer(
  _service: string,
  fault: keyof typeof STATUSES,
): { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  return { status: STATUSES[fault], headers: { 'content-type': 'text/plain' }, body: fault };
}

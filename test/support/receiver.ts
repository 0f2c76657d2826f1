import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Somebody who takes requests over HTTP and answers each as the test says; 200 when it says nothing. */
export interface Receiver {
  readonly url: string;
  /** In the order in which they arrived. */
  readonly requests: ReceivedRequest[];
  /** Most that were under way at once. */
  mostAtOnce: number;
  answer: (request: ReceivedRequest, response: ServerResponse) => unknown;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  let underWay = 0;
  const server = createServer((incoming, response) => {
    const parts: Buffer[] = [];
    underWay += 1;
    receiver.mostAtOnce = Math.max(receiver.mostAtOnce, underWay);
    response.on('close', () => (underWay -= 1));
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const body = Buffer.concat(parts).toString();
      const request = { path: incoming.url ?? '', headers: incoming.headers, body };
      receiver.requests.push(request);
      receiver.answer(request, response);
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests: [],
    mostAtOnce: 0,
    answer: (_, response) => response.end('ok'),
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  return receiver;
}

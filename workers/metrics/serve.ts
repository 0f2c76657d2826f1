import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from '../listen-address.ts';

/** What the three paths answer with. */
export interface Answers {
  /** Everything in the text format of Prometheus. */
  readonly metrics: () => Promise<string>;
  /** Why this process does not work yet or any more; undefined while it does. */
  readonly unready: () => string | undefined;
}

export interface MetricsServer {
  /** Where it answers, with the port that it was given. */
  readonly url: string;
  close(): Promise<void>;
}

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** Serves /metrics, /healthz and /readyz. Throws a sentence when the address cannot be taken. */
export async function serveMetrics({ host, port }: ListenAddress, answers: Answers): Promise<MetricsServer> {
  const server = createServer((request, response) => void answer(request, response, answers));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new Error(
          `REEFLINE_METRICS_ADDRESS ${host}:${String(port)} cannot be served: ${error.code ?? error.message}. Give each worker of a machine a port of its own.`,
        ),
      );
    });
    server.listen(port, host, resolve);
  });
  // A worker that has drained ends, whoever still holds a connection.
  server.unref();
  return { url: urlOf(server), close: () => closed(server) };
}

async function answer(request: IncomingMessage, response: ServerResponse, answers: Answers): Promise<void> {
  const say = (status: number, type: string, text: string): void => {
    response.writeHead(status, { 'content-type': type }).end(text);
  };
  switch ((request.url ?? '').split('?')[0]) {
    case '/metrics':
      await answers.metrics().then(
        (text) => say(200, TEXT, text),
        (error: unknown) => say(500, 'text/plain', `The metrics cannot be read: ${String(error)}\n`),
      );
      return;
    case '/healthz':
      say(200, 'text/plain', 'ok\n');
      return;
    case '/readyz': {
      const why = answers.unready();
      say(why === undefined ? 200 : 503, 'text/plain', `${why ?? 'ok'}\n`);
      return;
    }
    default:
      say(404, 'text/plain', 'Here are /metrics, /healthz and /readyz.\n');
  }
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${String(port)}`;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

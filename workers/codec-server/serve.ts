import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { UnreadablePayload } from '../../client/payload-codec.ts';
import type { ListenAddress } from '../listen-address.ts';
import { readPayloads, writePayloads } from './payload-json.ts';

export interface CodecServerOptions {
  readonly address: ListenAddress;
  readonly codec: PayloadCodec;
  /** Origins of Web UIs, such as `https://temporal.acme.com`, whose pages may ask. */
  readonly origins: readonly string[];
  /** What callers must show as `Authorization: Bearer …`; absent, whoever reaches the address may ask. */
  readonly token: string | undefined;
  /** Told of each kind of payload that stays encrypted, once. */
  readonly say: (line: string) => void;
}

export interface CodecServer {
  /** Where it answers, with the port that it was given. */
  readonly url: string;
  close(): Promise<void>;
}

/** Most bytes of a request: Temporal itself takes no more than 4 MiB at once, which base64 makes larger. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Serves `POST /decode` and `POST /encode` as the codec servers of Temporal do, for its Web UI and its CLI. What no key opens stays as
 * it is, so that the rest of a history can be read.
 */
export async function serveCodec(options: CodecServerOptions): Promise<CodecServer> {
  const { host, port } = options.address;
  const said = new Set<string>();
  const say = (line: string): void => {
    if (!said.has(line) && said.size < 100) options.say(line);
    said.add(line);
  };
  const server = createServer((request, response) => {
    answer(request, response, { ...options, say }).catch((error: unknown) => {
      const { status, message, headers } = error instanceof Refusal ? error : FAILED;
      if (!(error instanceof Refusal))
        say(`A request failed: ${error instanceof Error ? error.message : String(error)}`);
      // What is left of the request is not read.
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers });
      response.end(JSON.stringify({ error: message }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      reject(new Error(`${host}:${port} cannot be served: ${code ?? message}. Choose another address.`)),
    );
    server.listen(port, host, resolve);
  });
  const { address, family, port: given } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${given}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Why a request gets no payloads. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const FAILED = new Refusal(500, 'The request failed; the server says why.');

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { codec, origins, token, say }: CodecServerOptions,
): Promise<void> {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('vary', 'origin');
  const { origin } = request.headers;
  if (origin !== undefined && !origins.includes(origin))
    throw new Refusal(403, 'Pages of this origin may not ask. Name it with --origin.');
  if (origin !== undefined) response.setHeader('access-control-allow-origin', origin);
  const path = (request.url ?? '').split('?')[0];
  if (path !== '/decode' && path !== '/encode') throw new Refusal(404, 'Here are /decode and /encode.');
  if (request.method === 'OPTIONS' && origin !== undefined) {
    response.writeHead(204, PREFLIGHT).end();
    return;
  }
  if (request.method !== 'POST') throw new Refusal(405, 'Ask by POST.', { allow: 'POST, OPTIONS' });
  if (token !== undefined && !shows(request.headers.authorization, token))
    throw new Refusal(401, 'Show the token of this server as Authorization: Bearer …', {
      'www-authenticate': 'Bearer',
    });
  // A page can send anything else without asking first whether it may.
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new Refusal(415, 'Send application/json.');
  const payloads = readPayloads(await bodyOf(request));
  if (payloads === undefined) throw new Refusal(400, 'Send {"payloads": [{"metadata": {…}, "data": "…"}]}.');
  const answered = path === '/encode' ? await codec.encode(payloads) : await opened(codec, payloads, say);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(writePayloads(answered)));
}

const PREFLIGHT = {
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'authorization, content-type, x-namespace',
  'access-control-max-age': '600',
  // A page of the internet that asks a server of this machine.
  'access-control-allow-private-network': 'true',
};

async function opened(
  codec: PayloadCodec,
  payloads: readonly Payload[],
  say: (line: string) => void,
): Promise<Payload[]> {
  return Promise.all(
    payloads.map(async (payload) => {
      try {
        const [decoded = payload] = await codec.decode([payload]);
        return decoded;
      } catch (error) {
        if (!(error instanceof UnreadablePayload)) throw error;
        say(error.message);
        return payload;
      }
    }),
  );
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BYTES) throw new Refusal(413, `Send at most ${MAX_BYTES} bytes.`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Compares in the same time whatever is shown. */
function shows(authorization: string | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`));
}

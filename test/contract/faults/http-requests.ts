import type { ClientRequest, IncomingMessage, RequestOptions, Server } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import { currentWire, type Answer, type Treatment, type Wire } from './wire.ts';

/** Not imported: a module that imports them by name later gets them as they are when somebody first imports them. */
const http = process.getBuiltinModule('node:http');
const https = process.getBuiltinModule('node:https');

type Respond = (response: IncomingMessage) => void;
type Request = (...args: unknown[]) => ClientRequest;

/** Tokens and keys are fetched from here; they are no steps of a connector. */
const CREDENTIAL_SERVICES: ReadonlySet<string> = new Set(['sts', 'sso', 'sso-oauth', 'signin']);
const CREDENTIAL_HOSTS = /^(169\.254\.\d+\.\d+|(portal\.sso|oidc)\..*amazonaws\.com)$/u;

/**
 * Puts the wire below every client that speaks HTTP or HTTPS through Node.js. Requests outside of an attempt pass
 * untouched; encryption, signatures and pools stay those of the client.
 */
export function interceptRequests(): void {
  for (const module of [http, https]) {
    const original = module.request as unknown as Request;
    const request: Request = (...args) => treat(original, args);
    const get: Request = (...args) => request(...args).end();
    Object.assign(module, { request, get });
  }
}

function treat(original: Request, args: unknown[]): ClientRequest {
  const wire = currentWire();
  const { url, options, respond } = readArguments(args);
  const about = wire && describe(url, options);
  if (wire === undefined || about === undefined) return original(...args);
  const treatment = wire.treat(about.service, about.name);
  switch (treatment.kind) {
    case 'pass':
      return original(...args);
    case 'lost':
      return withoutAnswer(original(...args));
    case 'cut':
    case 'silent':
    case 'answered': {
      const connected = {
        ...options,
        agent: undefined,
        createConnection: () => connectionTo(treatment, wire),
      };
      return original(
        ...(url === undefined ? [] : [url]),
        connected,
        ...(respond === undefined ? [] : [respond]),
      );
    }
  }
}

function readArguments(args: unknown[]): { url?: string | URL; options: RequestOptions; respond?: Respond } {
  const [first, ...others] = args;
  const url = typeof first === 'string' || first instanceof URL ? first : undefined;
  const [options, respond] =
    url === undefined ? args : typeof others[0] === 'function' ? [{}, others[0]] : others;
  return {
    ...(url === undefined ? {} : { url }),
    options: options ?? {},
    ...(typeof respond === 'function' ? { respond: respond as Respond } : {}),
  };
}

/** Undefined for requests that only fetch credentials. */
function describe(
  url: string | URL | undefined,
  options: RequestOptions,
): { service: string; name: string } | undefined {
  const parsed = url === undefined ? undefined : new URL(url);
  const host = options.hostname ?? options.host ?? parsed?.hostname ?? '';
  const headers = new Map(
    Object.entries((options.headers ?? {}) as Record<string, unknown>).map(([name, value]) => [
      name.toLowerCase(),
      String(value),
    ]),
  );
  const signed = /\/([^/]+)\/aws4_request/u.exec(headers.get('authorization') ?? '')?.[1];
  if (CREDENTIAL_HOSTS.test(host) || CREDENTIAL_SERVICES.has(signed ?? '')) return undefined;
  const path = (options.path ?? parsed?.pathname ?? '/').split('?', 1)[0] ?? '/';
  const operation = headers.get('x-amz-target')?.split('.').at(-1);
  return { service: signed ?? host, name: operation ?? `${options.method ?? 'GET'} ${path}` };
}

/** The request goes out and takes effect; when its answer comes, the client sees a broken connection instead. */
function withoutAnswer(request: ClientRequest): ClientRequest {
  const emit = request.emit.bind(request);
  request.emit = (name: string | symbol, ...values: unknown[]): boolean => {
    if (name !== 'response') return emit(name, ...values);
    const [response] = values as [IncomingMessage];
    emit('error', connectionReset());
    response.resume();
    response.socket.destroy();
    return true;
  };
  return request;
}

function connectionTo(treatment: Exclude<Treatment, { kind: 'pass' | 'lost' }>, wire: Wire): Duplex {
  const [client, server] = duplexPair();
  wire.hold(client);
  server.on('error', () => undefined);
  if (treatment.kind === 'answered') answering(treatment.answer).emit('connection', likeSocket(server));
  else server.resume();
  if (treatment.kind === 'cut') setImmediate(() => client.destroy(connectionReset()));
  return likeSocket(client);
}

function answering({ status, headers, body }: Answer): Server {
  return http.createServer((request, response) => {
    request.on('error', () => undefined).resume();
    request.once('end', () => response.writeHead(status, headers).end(body));
  });
}

/** Clients tune their sockets; a stream in memory has nothing to tune. */
function likeSocket(stream: Duplex): Duplex {
  const same = (): Duplex => stream;
  return Object.assign(stream, {
    setKeepAlive: same,
    setNoDelay: same,
    setTimeout: same,
    ref: same,
    unref: same,
  });
}

function connectionReset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', errno: -104, syscall: 'read' });
}

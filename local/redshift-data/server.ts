import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { Copy } from './copy.ts';
import { Databases } from './databases.ts';
import { Executor } from './executor.ts';
import { listingOperations } from './listings.ts';
import { type Operation, statementOperations } from './operations.ts';
import type { Body } from './request.ts';
import { invalid, ServiceError } from './service-error.ts';
import { StatementStore } from './statement-store.ts';
import { listen, type Listening } from '../listen.ts';
import { refuseSignature } from '../signature-time.ts';

export interface RedshiftDataOptions {
  /** Folder for statements, results and temporary files; one server per folder. */
  readonly dir: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** URL of a superuser of a PostgreSQL 18 server; database `dev` is created in it when absent. */
  readonly postgresUrl: string;
  /** Where `s3://` is, addressed by path. */
  readonly s3Endpoint: string;
}

const PREFIX = 'RedshiftData.';
/** 40 statements of 100 kB and their parameters. */
const BODY_LIMIT_BYTES = 8 * 1024 * 1024;

/** Starts a Redshift Data API (JSON 1.1) whose SQL runs on PostgreSQL. */
export async function startRedshiftData(
  options: RedshiftDataOptions,
): Promise<{ url: string; stop(): Promise<void> }> {
  const dir = resolve(options.dir);
  await mkdir(dir, { recursive: true });
  const store = new StatementStore(join(dir, 'statements.sqlite'));
  const databases = new Databases(options.postgresUrl, dir);
  const copy = new Copy(options.s3Endpoint, join(dir, 'copy'));
  const executor = new Executor(store, databases, copy);
  store.failInterrupted(Date.now());
  const operations = { ...statementOperations(store, executor), ...listingOperations(databases) };
  const server = createServer((request, response) => {
    void answer(operations, request, response);
  });
  let listening: Listening;
  try {
    await Promise.all([databases.prepare(), copy.prepare()]);
    listening = await listen(server, options);
  } catch (error) {
    await databases.stop();
    store.close();
    throw error;
  }
  return {
    url: listening.url,
    stop: async () => {
      const closed = listening.close();
      await executor.stop();
      await closed;
      await copy.stop();
      await databases.stop();
      store.close();
    },
  };
}

async function answer(
  operations: Readonly<Record<string, Operation>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (refuseSignature(request, response)) return;
  try {
    const { operation, body } = await read(operations, request);
    send(response, 200, await operation(body));
  } catch (error) {
    const failure =
      error instanceof ServiceError
        ? error
        : new ServiceError('InternalServerException', error instanceof Error ? error.message : String(error));
    response.setHeader('x-amzn-errortype', failure.type);
    send(response, failure.httpStatus, JSON.stringify(failure.body()));
  }
}

async function read(
  operations: Readonly<Record<string, Operation>>,
  request: IncomingMessage,
): Promise<{ operation: Operation; body: Body }> {
  const target = String(request.headers['x-amz-target'] ?? '');
  const name = target.startsWith(PREFIX) ? target.slice(PREFIX.length) : '';
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_LIMIT_BYTES) throw invalid('The request is too large.');
    chunks.push(chunk as Buffer);
  }
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (operation === undefined) {
    throw new ServiceError(
      'UnknownOperationException',
      `This local Redshift Data API does not support "${target}".`,
    );
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
    if (typeof body === 'object' && body !== null && !Array.isArray(body))
      return { operation, body: body as Body };
  } catch {
    // Answered below, like any other body that is not an object.
  }
  throw new ServiceError('ValidationException', 'The request body is not a JSON object.');
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(body);
}

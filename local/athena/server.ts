import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { Executor } from './executor.ts';
import { AthenaFault } from './fault.ts';
import { GlueTables } from './glue-tables.ts';
import { Objects } from './objects.ts';
import { athenaOperations, type Operation } from './operations.ts';
import type { Body } from './request.ts';
import { QueryStore } from './store.ts';
import { PRIMARY } from './workgroups.ts';
import { listen, type Listening } from '../listen.ts';
import { refuseSignature } from '../signature-time.ts';

export interface AthenaOptions {
  /** Folder for queries, results and temporary files; one server per folder. */
  readonly dir: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Where `s3://` is, addressed by path. */
  readonly s3Endpoint: string;
  readonly glueEndpoint: string;
}

const TARGET = 'AmazonAthena.';
/** The longest query, and room for the rest of its request. */
const MAX_BODY = 1024 * 1024;

/** Starts an Athena (JSON 1.1) whose SQL runs on DuckDB over the files and tables of the S3 and Glue stand-ins. */
export async function startAthena(options: AthenaOptions): Promise<{ url: string; stop(): Promise<void> }> {
  const dir = resolve(options.dir);
  const scratch = join(dir, 'scratch');
  await mkdir(scratch, { recursive: true });
  const objects = new Objects(options.s3Endpoint, dir);
  await objects.prepare();
  const glue = new GlueTables(options.glueEndpoint);
  const store = new QueryStore(join(dir, 'queries.sqlite'));
  store.failInterrupted(Date.now());
  if (store.workgroup(PRIMARY) === undefined) {
    const defaults = { enabled: true, enforced: false, output: undefined, scanLimit: undefined };
    store.saveWorkgroup({ name: PRIMARY, ...defaults, created: Date.now() });
  }
  const executor = new Executor(store, { glue, objects, scratch });
  const operations = athenaOperations(store, executor, objects);
  const server = createServer((request, response) => {
    void answer(operations, request, response);
  });
  const release = (): void => {
    glue.stop();
    objects.stop();
    store.close();
  };
  let listening: Listening;
  try {
    listening = await listen(server, options);
  } catch (error) {
    release();
    throw error;
  }
  return {
    url: listening.url,
    stop: async () => {
      const closed = listening.close();
      await executor.stop();
      await closed;
      release();
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
    const body = await readBody(request);
    const target = String(request.headers['x-amz-target'] ?? '');
    const name = target.startsWith(TARGET) ? target.slice(TARGET.length) : '';
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (operation === undefined)
      throw new AthenaFault('UnknownOperationException', `This local Athena does not support "${target}".`);
    send(response, 200, await operation(parseBody(body)));
  } catch (error) {
    const fault =
      error instanceof AthenaFault
        ? error
        : new AthenaFault('InternalServerException', error instanceof Error ? error.message : String(error));
    response.setHeader('x-amzn-errortype', fault.name);
    send(response, fault.httpStatus, { __type: fault.name, Message: fault.message });
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read on to the end without keeping it: a client that is still sending would miss the answer.
    if (bytes <= MAX_BODY) chunks.push(chunk);
  }
  if (bytes > MAX_BODY) throw new AthenaFault('InvalidRequestException', 'The request is too large.');
  return Buffer.concat(chunks).toString('utf8');
}

function parseBody(text: string): Body {
  try {
    const body: unknown = JSON.parse(text === '' ? '{}' : text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body;
  } catch {
    // Answered below, like any other body that is not an object.
  }
  throw new AthenaFault('InvalidRequestException', 'The request body is not a JSON object.');
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': randomUUID(),
  });
  response.end(JSON.stringify(body));
}

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { databaseOperations } from './databases.ts';
import { GlueFault } from './fault.ts';
import type { Operations } from './operation.ts';
import { partitionBatchOperations } from './partition-batches.ts';
import { partitionOperations } from './partitions.ts';
import { openStore, type Store } from './store.ts';
import { tableVersionOperations } from './table-versions.ts';
import { tableOperations } from './tables.ts';
import { listen, type Listening } from '../listen.ts';
import { refuseSignature } from '../signature-time.ts';

const OPERATIONS: Operations = {
  ...databaseOperations,
  ...tableOperations,
  ...tableVersionOperations,
  ...partitionOperations,
  ...partitionBatchOperations,
};

const TARGET = 'AWSGlue.';
/** Larger than any request that keeps the limits of the reference in practice; bounds the memory of one request. */
const MAX_BODY = 16 * 1024 * 1024;

export interface RunningGlue {
  /** `http://host:port`, for AWS_ENDPOINT_URL_GLUE. */
  readonly url: string;
  /** Ends open connections and closes the file; the state stays in the folder. */
  stop(): Promise<void>;
}

/**
 * A Glue Data Catalog on this machine: databases, tables with versions, partitions, as JSON 1.1 over HTTP. Requests
 * are not authenticated. Operations and members that it does not imitate are refused in the service's error shape.
 */
export async function startGlue(options: {
  readonly dir: string;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}): Promise<RunningGlue> {
  const store = openStore(options.dir);
  const server = createServer((request, response) => {
    void answer(store, request, response);
  });
  let listening: Listening;
  try {
    listening = await listen(server, options);
  } catch (error) {
    store.close();
    throw error;
  }
  return {
    url: listening.url,
    async stop() {
      await listening.close();
      store.close();
    },
  };
}

async function answer(store: Store, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (refuseSignature(request, response)) return;
  try {
    const body = await readBody(request);
    send(response, 200, dispatch(store, request.headers['x-amz-target'], body));
  } catch (error) {
    if (error instanceof GlueFault) send(response, 400, { __type: error.code, Message: error.message });
    else {
      const message = error instanceof Error ? error.message : 'unknown';
      send(response, 500, { __type: 'InternalServiceException', Message: message });
    }
  }
}

function dispatch(store: Store, target: string | string[] | undefined, body: string): object {
  const name = typeof target === 'string' && target.startsWith(TARGET) ? target.slice(TARGET.length) : '';
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (operation === undefined) {
    throw new GlueFault('UnknownOperationException', `The operation '${name}' is not supported.`);
  }
  return operation(store, parseJson(body));
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body === '' ? '{}' : body);
  } catch {
    throw new GlueFault('SerializationException', 'The request body is not JSON.');
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Read on to the end without keeping it: a client that is still sending would miss the answer.
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  if (size > MAX_BODY) throw new GlueFault('InvalidInputException', 'The request is too large.');
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': randomUUID(),
  });
  response.end(JSON.stringify(body));
}

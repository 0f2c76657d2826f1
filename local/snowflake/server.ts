import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { AccountStore } from './account-store.ts';
import { CsvCopy } from './copy-csv.ts';
import { ParquetCopy } from './copy-parquet.ts';
import { Databases } from './databases.ts';
import { Executor } from './executor.ts';
import { Fault } from './fault.ts';
import { QueryStore } from './query-store.ts';
import { Routes, type Answer } from './routes.ts';
import { Sessions } from './sessions.ts';
import { listen } from '../listen.ts';

export interface SnowflakeOptions {
  /** Folder for users, queries, results and temporary files; one server per folder. */
  readonly dir: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** URL of a superuser of a PostgreSQL server; each database of Snowflake is one there. */
  readonly postgresUrl: string;
  /** Where `s3://` is, addressed by path. */
  readonly s3Endpoint: string;
}

const BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Starts a Snowflake account that speaks the protocol of Snowflake's own clients and whose SQL runs on PostgreSQL. The user ADMIN
 * with the password `local` and the role ACCOUNTADMIN creates the others, warehouses, databases and integrations, by SQL.
 */
export async function startSnowflake(
  options: SnowflakeOptions,
): Promise<{ url: string; stop(): Promise<void> }> {
  const dir = resolve(options.dir);
  await mkdir(dir, { recursive: true });
  const file = new DatabaseSync(join(dir, 'account.sqlite'));
  const account = new AccountStore(file);
  const queries = new QueryStore(file);
  const databases = new Databases(options.postgresUrl, dir);
  const parquet = new ParquetCopy(options.s3Endpoint, join(dir, 'copy'));
  const csv = new CsvCopy(options.s3Endpoint);
  const executor = new Executor({ account, queries, databases, parquet, csv });
  const sessions = new Sessions(account, databases);
  const routes = new Routes({ executor, sessions, queries });
  const server = createServer((request, response) => {
    void answer(routes, request, response);
  });
  queries.failInterrupted();
  await Promise.all([databases.prepare(), parquet.prepare()]);
  const listening = await listen(server, options);
  return {
    url: listening.url,
    stop: async () => {
      const closed = listening.close();
      await executor.stop();
      await closed;
      await sessions.stop();
      await parquet.stop();
      csv.stop();
      file.close();
    },
  };
}

/** Failures are answered with status 200 and a code, as the service does. */
async function answer(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
  try {
    const reply = await routes.answer({
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      origin: url.origin,
      token: /^Snowflake Token="(.*)"$/.exec(request.headers.authorization ?? '')?.[1] ?? '',
      body: await readBody(request),
    });
    send(response, reply);
  } catch (error) {
    const code = error instanceof Fault ? error.code : '000603';
    const message = error instanceof Error ? error.message : String(error);
    const sqlState = error instanceof Fault ? error.sqlState : 'XX000';
    send(response, { body: { data: { errorCode: code, sqlState }, code, message, success: false } });
  }
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_LIMIT_BYTES) throw new Fault('000603', 'The request is too large.');
    chunks.push(chunk as Buffer);
  }
  const raw = Buffer.concat(chunks);
  const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8');
  const body: unknown = text === '' ? {} : JSON.parse(text);
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

function send(response: ServerResponse, { status = 200, body, text }: Answer): void {
  // Chunks of results come from a store of objects and are no JSON by themselves.
  const type = text === undefined ? 'application/json' : 'binary/octet-stream';
  response.writeHead(status, { 'content-type': type });
  response.end(text ?? JSON.stringify(body));
}

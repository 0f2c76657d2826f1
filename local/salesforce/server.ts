import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Allocation, type AllocationOptions } from './allocation.ts';
import { SalesforceFault } from './fault.ts';
import { IngestJobs } from './ingest-jobs.ts';
import { JobStore } from './job-store.ts';
import { Objects, type ObjectDefinition } from './objects.ts';
import { Records } from './records.ts';
import { Sessions, type Credentials } from './sessions.ts';
import { query } from './soql.ts';
import { listen } from '../listen.ts';

export interface SalesforceOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** File of the records and jobs, or `:memory:`. */
  readonly path: string;
  readonly objects: readonly ObjectDefinition[];
  readonly credentials: Credentials;
  readonly allocation?: AllocationOptions;
  /** Most bytes of one upload before base64; the service's 150 MB of base64 when absent. */
  readonly uploadBytes?: number;
}

export interface RunningSalesforce {
  /** The login URL, and the instance URL of every session. */
  readonly url: string;
  readonly sessions: Sessions;
  readonly jobs: IngestJobs;
  readonly allocation: Allocation;
  /** Method and resource of every request, such as `POST jobs/ingest`. */
  readonly requests: readonly string[];
  /** Breaks the connection of the next request that matches, before the org sees it or after it has acted on it. */
  interrupt(when: 'before' | 'after', request: RegExp): void;
  stop(): Promise<void>;
}

interface Interruption {
  readonly when: 'before' | 'after';
  readonly request: RegExp;
}

const VERSIONS = ['60.0', '61.0', '62.0', '63.0', '64.0'];
const UPLOAD_BYTES = (150_000_000 / 4) * 3;
const RESULTS = ['successfulResults', 'failedResults', 'unprocessedrecords'] as const;

/** What an answer is made of: JSON, CSV text, or nothing. */
type Answer = { readonly status: number; readonly json?: object; readonly csv?: string };

/**
 * A Salesforce org on this machine: OAuth tokens, describe, limits, query, and upserts by Bulk API 2.0 into SQLite. What it does
 * not imitate it refuses as the service refuses an unknown resource.
 */
export async function startSalesforce(options: SalesforceOptions): Promise<RunningSalesforce> {
  const objects = new Objects(options.objects);
  const records = new Records(options.path, objects.all());
  const sessions = new Sessions(options.credentials);
  const allocation = new Allocation(options.allocation);
  const store = new JobStore(options.path);
  const jobs = new IngestJobs(objects, records, store, (rows) => allocation.spendBatches(rows));
  const requests: string[] = [];
  const interruptions: Interruption[] = [];
  const org = {
    interruptions,
    objects,
    records,
    sessions,
    allocation,
    jobs,
    requests,
    uploadBytes: options.uploadBytes ?? UPLOAD_BYTES,
  };
  const server = createServer((request, response) => {
    void respond(org, request, response);
  });
  const listening = await listen(server, options);
  return {
    url: listening.url,
    sessions,
    jobs,
    allocation,
    requests,
    interrupt: (when, request) => {
      interruptions.push({ when, request });
    },
    stop: async () => {
      await listening.close();
      records.close();
      store.close();
    },
  };
}

interface OrgParts {
  readonly objects: Objects;
  readonly records: Records;
  readonly sessions: Sessions;
  readonly allocation: Allocation;
  readonly jobs: IngestJobs;
  readonly requests: string[];
  readonly interruptions: Interruption[];
  readonly uploadBytes: number;
}

async function respond(org: OrgParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (interrupted(org, 'before', request)) return void response.destroy();
  const answer = await answerTo(org, request).catch((error: unknown): Answer => {
    if (error instanceof SalesforceFault) return { status: error.status, json: error.body() };
    const message = error instanceof Error ? error.message : String(error);
    return { status: 500, json: [{ errorCode: 'UNKNOWN_EXCEPTION', message }] };
  });
  if (interrupted(org, 'after', request)) return void response.destroy();
  if (response.destroyed) return;
  const type = answer.csv === undefined ? 'application/json;charset=UTF-8' : 'text/csv';
  response.writeHead(answer.status, { 'content-type': type, 'sforce-limit-info': org.allocation.header() });
  response.end(answer.csv ?? (answer.json === undefined ? '' : JSON.stringify(answer.json)));
}

function interrupted(org: OrgParts, when: Interruption['when'], request: IncomingMessage): boolean {
  const asked = `${request.method ?? ''} ${request.url ?? ''}`;
  const at = org.interruptions.findIndex((each) => each.when === when && each.request.test(asked));
  if (at >= 0) org.interruptions.splice(at, 1);
  return at >= 0;
}

async function answerTo(org: OrgParts, request: IncomingMessage): Promise<Answer> {
  const { method = 'GET', headers } = request;
  const base = `http://${headers.host ?? ''}`;
  const url = new URL(request.url ?? '/', base);
  const body = await readBody(request, org.uploadBytes);
  if (url.pathname === '/services/oauth2/token' && method === 'POST') {
    org.requests.push('POST token');
    return { status: 200, json: org.sessions.grant(new URLSearchParams(body), base) };
  }
  if (url.pathname === '/services/data')
    return { status: 200, json: VERSIONS.map((version) => ({ version, url: `/services/data/v${version}` })) };
  const [, version = '', resource = ''] = /^\/services\/data\/v(\d+\.\d)\/(.+)$/.exec(url.pathname) ?? [];
  if (!VERSIONS.includes(version)) throw notFound();
  org.requests.push(`${method} ${resource}`);
  org.sessions.check(headers.authorization);
  org.allocation.spendRequest();
  return route(org, method, resource, { url, body, contentType: headers['content-type'] ?? '' });
}

interface Asked {
  readonly url: URL;
  readonly body: string;
  readonly contentType: string;
}

function route(org: OrgParts, method: string, resource: string, asked: Asked): Answer {
  const [first, second, third, fourth] = resource.split('/');
  if (first === 'jobs' && second === 'ingest') return ingest(org, method, third, fourth, asked);
  if (method === 'DELETE' && first === 'sobjects' && second !== undefined && third !== undefined)
    return deleteRecord(org, decodeURIComponent(second), decodeURIComponent(third));
  if (method !== 'GET') throw notFound();
  if (first === 'limits') return { status: 200, json: org.allocation.limits() };
  if (first === 'query')
    return { status: 200, json: query(org.objects, org.records, asked.url.searchParams.get('q') ?? '') };
  if (first === 'sobjects' && second !== undefined && third === 'describe')
    return { status: 200, json: org.objects.describe(decodeURIComponent(second)) };
  throw notFound();
}

function deleteRecord({ objects, records }: OrgParts, name: string, id: string): Answer {
  const object = objects.find(name);
  if (object === undefined || !records.delete(object, id)) throw notFound();
  return { status: 204 };
}

function ingest(
  { jobs }: OrgParts,
  method: string,
  id: string | undefined,
  part: string | undefined,
  { body, contentType }: Asked,
): Answer {
  if (id === undefined) {
    if (method === 'POST') return { status: 200, json: jobs.create(fieldsOf(body)) };
    return { status: 200, json: { done: true, records: jobs.list() } };
  }
  if (part === 'batches' && method === 'PUT') {
    if (!contentType.startsWith('text/csv'))
      throw new SalesforceFault(415, 'UNSUPPORTED_MEDIA_TYPE', 'Content-Type must be text/csv');
    jobs.upload(id, body);
    return { status: 201 };
  }
  const kind = RESULTS.find((each) => each === part);
  if (kind !== undefined && method === 'GET') return { status: 200, csv: jobs.results(id, kind) };
  if (part !== undefined) throw notFound();
  if (method === 'GET') return { status: 200, json: jobs.info(id) };
  if (method === 'PATCH') return { status: 200, json: jobs.setState(id, fieldsOf(body)['state']) };
  if (method !== 'DELETE') throw notFound();
  jobs.delete(id);
  return { status: 204 };
}

function fieldsOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Answered below, like any other body that is not an object.
  }
  throw new SalesforceFault(400, 'JSON_PARSER_ERROR', 'The request body is not a JSON object.');
}

async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read on to the end without keeping it: a client that is still sending would miss the answer.
    if (bytes <= limit) chunks.push(chunk);
  }
  if (bytes > limit)
    throw new SalesforceFault(413, 'REQUEST_ENTITY_TOO_LARGE', 'The upload is larger than 150 MB.');
  return Buffer.concat(chunks).toString('utf8');
}

function notFound(): SalesforceFault {
  return new SalesforceFault(404, 'NOT_FOUND', 'The requested resource does not exist');
}

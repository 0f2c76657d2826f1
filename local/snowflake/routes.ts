import type { Executor } from './executor.ts';
import { Fault } from './fault.ts';
import type { QueryRecord, QueryStore } from './query-store.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { SignInRequest } from './sign-in.ts';
import { folded } from './translate.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly origin: string;
  readonly token: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  /** Instead of a body: what is sent as it is. */
  readonly text?: string;
}

/** Milliseconds after which the service says that a query goes on, and the client asks for its result again. */
const LONGEST_WAIT = 45_000;
const TOKEN_SECONDS = 3_600;
const MASTER_SECONDS = 14_400;

/** The requests that clients send, by path. */
export class Routes {
  readonly #executor: Executor;
  readonly #sessions: Sessions;
  readonly #queries: QueryStore;

  constructor(parts: { executor: Executor; sessions: Sessions; queries: QueryStore }) {
    this.#executor = parts.executor;
    this.#sessions = parts.sessions;
    this.#queries = parts.queries;
  }

  async answer(request: Request): Promise<Answer> {
    const { method, path } = request;
    const [, queryId = '', action = ''] =
      /^\/queries\/([0-9a-f-]{36})\/(result|abort-request)$/.exec(path) ?? [];
    if (path === '/session/v1/login-request') return this.#login(request);
    if (path === '/session/token-request') return this.#renew(request);
    if (path === '/session/heartbeat') return this.#alive(request);
    if (path === '/session' && request.query.get('delete') === 'true') return this.#end(request);
    if (path === '/telemetry/send') return ok({});
    if (path === '/queries/v1/query-request') return this.#query(request);
    if (path === '/queries/v1/abort-request') return this.#abortRequest(request);
    if (action === 'abort-request') return this.#abort(request, queryId);
    if (action === 'result') return this.#result(request, queryId);
    const monitored = /^\/monitoring\/queries\/([0-9a-f-]{36})$/.exec(path)?.[1];
    if (monitored !== undefined) return this.#monitor(request, monitored);
    const [, chunk = '', at = ''] = /^\/chunks\/([0-9a-f-]{36})\/(\d+)$/.exec(path) ?? [];
    if (chunk !== '') return this.#chunk(chunk, Number(at));
    return {
      status: 404,
      body: { success: false, message: `${method} ${path} is not known to this local Snowflake.` },
    };
  }

  async #login({ query, body }: Request): Promise<Answer> {
    const data = (body['data'] ?? {}) as SignInRequest & {
      SESSION_PARAMETERS?: Readonly<Record<string, unknown>>;
    };
    const named = (parameter: string): string | undefined => {
      const value = query.get(parameter);
      return value === null || value === '' ? undefined : folded(value);
    };
    const session = await this.#sessions.open(data, {
      database: named('databaseName'),
      schema: named('schemaName'),
      warehouse: named('warehouse'),
      role: named('roleName'),
      validate: data.SESSION_PARAMETERS?.['CLIENT_VALIDATE_DEFAULT_PARAMETERS'] !== false,
    });
    return ok({
      ...tokens(session),
      displayUserName: session.place.user,
      serverVersion: '9.0.0',
      firstLogin: false,
      sessionId: session.id,
      parameters: parametersOf(session),
      sessionInfo: placeOf(session),
    });
  }

  #renew({ token }: Request): Answer {
    return ok(tokens(this.#sessions.ofMaster(token)));
  }

  #alive({ token }: Request): Answer {
    this.#sessions.find(token);
    return ok(null);
  }

  async #end({ token }: Request): Promise<Answer> {
    await this.#sessions.close(token);
    return ok(null);
  }

  async #query({ token, query, body, origin }: Request): Promise<Answer> {
    const session = this.#sessions.find(token);
    const id = this.#executor.start(session, {
      sql: textOf(body['sqlText']),
      request: query.get('requestId'),
      describeOnly: body['describeOnly'] === true,
    });
    if (body['asyncExec'] === true)
      return inProgress(id, '333334', 'Query execution in progress. Asynchronous execution is enabled.');
    return this.#ended(id, session, origin);
  }

  async #result({ token, origin }: Request, id: string): Promise<Answer> {
    const session = this.#sessions.find(token);
    this.#ownQuery(session, id);
    return this.#ended(id, session, origin);
  }

  async #ended(id: string, session: Session, origin: string): Promise<Answer> {
    const record = await this.#executor.wait(id, LONGEST_WAIT);
    if (record === undefined) throw new Fault('000709', `Statement ${id} not found`, '02000');
    if (record.status === 'RUNNING') return inProgress(id, '333333', 'Query execution in progress.');
    if (record.status !== 'SUCCESS') {
      const { code, message, sqlState } = record;
      return { body: { data: { errorCode: code, sqlState, queryId: id }, code, message, success: false } };
    }
    return ok(this.#resultOf(record, session, origin));
  }

  #resultOf(record: QueryRecord, session: Session, origin: string): Readonly<Record<string, unknown>> {
    const [, ...others] = this.#queries.partRows(record.id);
    const first = JSON.parse(`[${this.#queries.part(record.id, 0) ?? ''}]`) as unknown;
    const chunks = others.map((rowCount, at) => ({
      url: `${origin}/chunks/${record.id}/${String(at + 1)}`,
      rowCount,
      uncompressedSize: this.#queries.part(record.id, at + 1)?.length ?? 0,
      compressedSize: 0,
    }));
    return {
      parameters: parametersOf(session),
      rowtype: record.rowType,
      rowset: first,
      total: record.rows,
      returned: record.rows,
      queryId: record.id,
      queryResultFormat: 'json',
      ...(chunks.length === 0 ? {} : { chunks, chunkHeaders: {} }),
      finalDatabaseName: session.place.database ?? null,
      finalSchemaName: session.place.schema ?? null,
      finalWarehouseName: session.place.warehouse ?? null,
      finalRoleName: session.place.role ?? null,
      statementTypeId: record.statementType,
      version: 1,
      sqlState: '00000',
    };
  }

  async #abortRequest({ token, body }: Request): Promise<Answer> {
    this.#sessions.find(token);
    const found = this.#queries.ofRequest(textOf(body['requestId']));
    if (found !== undefined) await this.#executor.cancel(found.id);
    return ok(null);
  }

  async #abort({ token }: Request, id: string): Promise<Answer> {
    this.#ownQuery(this.#sessions.find(token), id);
    await this.#executor.cancel(id);
    return ok(null);
  }

  #monitor({ token }: Request, id: string): Answer {
    const session = this.#sessions.find(token);
    const record = this.#queries.find(id);
    if (record?.user !== session.place.user) return ok({ queries: [] });
    const { status, code, message, sql, startedAt } = record;
    const failed = code === '' ? {} : { errorCode: code, errorMessage: message };
    return ok({ queries: [{ id, status, state: status, sqlText: sql, startTime: startedAt, ...failed }] });
  }

  /** The addresses of chunks are signed in the service and are good without a session; here the id is the secret. */
  #chunk(id: string, at: number): Answer {
    const text = this.#queries.part(id, at);
    return text === undefined ? { status: 404, text: '' } : { text };
  }

  #ownQuery(session: Session, id: string): void {
    if (this.#queries.find(id)?.user === session.place.user) return;
    throw new Fault('000709', `Statement ${id} not found`, '02000');
  }
}

function ok(data: unknown): Answer {
  return { body: { data, code: null, message: null, success: true } };
}

function inProgress(id: string, code: string, message: string): Answer {
  const data = { queryId: id, getResultUrl: `/queries/${id}/result`, queryAbortsAfterSecs: 300 };
  return { body: { data, code, message, success: true } };
}

function tokens(session: Session): Readonly<Record<string, unknown>> {
  return {
    token: session.token,
    sessionToken: session.token,
    masterToken: session.masterToken,
    validityInSeconds: TOKEN_SECONDS,
    masterValidityInSeconds: MASTER_SECONDS,
    validityInSecondsST: TOKEN_SECONDS,
    validityInSecondsMT: MASTER_SECONDS,
  };
}

function placeOf({ place }: Session): Readonly<Record<string, unknown>> {
  return {
    databaseName: place.database ?? null,
    schemaName: place.schema ?? null,
    warehouseName: place.warehouse ?? null,
    roleName: place.role ?? null,
  };
}

function parametersOf(session: Session): readonly { name: string; value: unknown }[] {
  return [...session.parameters].map(([name, value]) => ({
    name,
    value: value === 'true' ? true : value === 'false' ? false : value,
  }));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

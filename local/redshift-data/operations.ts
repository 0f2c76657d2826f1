import { createHash, randomUUID } from 'node:crypto';
import type { Executor } from './executor.ts';
import { type Body, requiredText, statementRequest, text, waitSeconds, whole } from './request.ts';
import { invalid, ServiceError } from './service-error.ts';
import type {
  Progress,
  StatementRecord,
  StatementRequest,
  StatementStatus,
  StatementStore,
} from './statement-store.ts';

/** The service's limit of statements that wait or run at a time. */
const ACTIVE_LIMIT = 500;
const STATUSES: readonly (StatementStatus | 'ALL')[] = [
  'SUBMITTED',
  'PICKED',
  'STARTED',
  'FINISHED',
  'FAILED',
  'ABORTED',
  'ALL',
];

/** JSON text of an answer. */
export type Operation = (body: Body) => Promise<string>;

/** The operations on statements, by the name in `X-Amz-Target`. */
export function statementOperations(store: StatementStore, executor: Executor): Record<string, Operation> {
  return {
    ExecuteStatement: (body) => execute(store, executor, body, false),
    BatchExecuteStatement: (body) => execute(store, executor, body, true),
    DescribeStatement: async (body) => {
      const id = requiredText(body, 'Id');
      const seconds = waitSeconds(body);
      find(store, id);
      await executor.wait(id, seconds);
      return JSON.stringify(description(find(store, id)));
    },
    GetStatementResult: (body) => result(store, executor, body),
    CancelStatement: async (body) => {
      const id = requiredText(body, 'Id');
      if (id.includes(':')) throw invalid(`Could not cancel a sub-statement: ${id}`);
      const { status } = find(store, id);
      if (!(await executor.cancel(id)))
        throw invalid(`Could not cancel a query that is already in ${status} state with ID: ${id}`);
      return JSON.stringify({ Status: true });
    },
    ListStatements: (body) => Promise.resolve(JSON.stringify(list(store, body))),
  };
}

async function execute(
  store: StatementStore,
  executor: Executor,
  body: Body,
  batch: boolean,
): Promise<string> {
  const request = statementRequest(body, batch);
  const seconds = waitSeconds(body);
  const id = accept(store, executor, request, text(body, 'ClientToken'));
  await executor.wait(id, seconds);
  const record = find(store, id);
  return JSON.stringify({
    Id: id,
    CreatedAt: record.createdAt / 1000,
    ...identity(request),
    Status: record.status,
    RedshiftPid: record.pid === 0 ? undefined : record.pid,
    HasResultSet: record.hasResultSet,
  });
}

/** The same token gives the same statement, however often it is sent; another content under it is a mistake. */
function accept(
  store: StatementStore,
  executor: Executor,
  request: StatementRequest,
  token: string | undefined,
): string {
  const fingerprint = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  if (token !== undefined && (token.length < 1 || token.length > 64))
    throw invalid('ClientToken must have 1 to 64 characters.');
  const known = token === undefined ? undefined : store.findByToken(token);
  if (known !== undefined) {
    if (known.fingerprint === fingerprint) return known.id;
    throw invalid('ClientToken was already used with other parameters.');
  }
  if (store.activeCount() >= ACTIVE_LIMIT) {
    throw new ServiceError(
      'ActiveStatementsExceededException',
      `Active statements exceeded the allowed quota (${ACTIVE_LIMIT}).`,
    );
  }
  const id = randomUUID();
  store.insert(id, request, token, fingerprint, Date.now());
  executor.submit(id);
  return id;
}

function find(store: StatementStore, id: string): StatementRecord {
  const record = store.find(id);
  if (record === undefined)
    throw new ServiceError('ResourceNotFoundException', `Query does not exist.`, { ResourceId: id });
  return record;
}

function identity(request: StatementRequest): Record<string, string | undefined> {
  return {
    ClusterIdentifier: request.clusterIdentifier,
    WorkgroupName: request.workgroupName,
    Database: request.database,
    DbUser: request.dbUser,
    SecretArn: request.secretArn,
  };
}

function progressFields(progress: Progress): Record<string, unknown> {
  return {
    Id: progress.id,
    Status: progress.status,
    CreatedAt: progress.createdAt / 1000,
    UpdatedAt: progress.updatedAt / 1000,
    Duration: progress.duration,
    Error: progress.error,
    ResultRows: progress.resultRows,
    ResultSize: progress.resultSize,
    RedshiftQueryId: progress.queryId,
    HasResultSet: progress.hasResultSet,
  };
}

function description(record: StatementRecord): Record<string, unknown> {
  const { request } = record;
  const [, position] = record.id.split(':');
  return {
    ...progressFields(record),
    ...identity(request),
    RedshiftPid: record.pid,
    ResultFormat: 'JSON',
    ExecutionMode: request.batch ? request.executionMode : undefined,
    QueryParameters: request.parameters.length > 0 ? request.parameters : undefined,
    QueryString:
      request.batch && position === undefined ? undefined : request.sqls[Number(position ?? 1) - 1],
    SubStatements:
      request.batch && position === undefined
        ? record.subStatements.map((sub, at) => ({ ...progressFields(sub), QueryString: request.sqls[at] }))
        : undefined,
  };
}

async function result(store: StatementStore, executor: Executor, body: Body): Promise<string> {
  const id = requiredText(body, 'Id');
  const token = text(body, 'NextToken');
  const seconds = waitSeconds(body);
  find(store, id);
  await executor.wait(id, seconds);
  const { status, hasResultSet, request } = find(store, id);
  if (status !== 'FINISHED')
    throw new ServiceError('ResourceNotFoundException', `Query is not finished: it is ${status}.`, {
      ResourceId: id,
    });
  if (request.batch && !id.includes(':'))
    throw invalid('Results of a batch are those of its sub-statements: give the Id of one.');
  const page = pageOf(id, token);
  const found = hasResultSet ? store.page(id, page) : undefined;
  if (found === undefined)
    throw new ServiceError(
      'ResourceNotFoundException',
      'Query does not have result. Please check query status with DescribeStatement.',
      { ResourceId: id },
    );
  const next = found.last ? '' : `,"NextToken":${JSON.stringify(tokenOf(id, page + 1))}`;
  return `{"Records":${found.records},"ColumnMetadata":${found.columns},"TotalNumRows":${found.total}${next}}`;
}

function tokenOf(id: string, page: number): string {
  return Buffer.from(`${id}/${page}`).toString('base64url');
}

function pageOf(id: string, token: string | undefined): number {
  if (token === undefined) return 0;
  const [of, page] = Buffer.from(token, 'base64url').toString('utf8').split('/');
  if (of !== id || page === undefined || !/^\d+$/.test(page)) throw invalid('NextToken is not valid.');
  return Number(page);
}

function list(store: StatementStore, body: Body): Record<string, unknown> {
  const status = text(body, 'Status') as StatementStatus | 'ALL' | undefined;
  if (status !== undefined && !STATUSES.includes(status))
    throw invalid(`Status ${status} is not one of ${STATUSES.join(', ')}.`);
  const token = text(body, 'NextToken');
  const { records, next } = store.list({
    status,
    namePrefix: text(body, 'StatementName'),
    database: text(body, 'Database'),
    target: text(body, 'ClusterIdentifier') ?? text(body, 'WorkgroupName'),
    before: token === undefined ? undefined : pageOf('list', token),
    limit: whole(body, 'MaxResults', 0, 100) ?? 100,
  });
  return {
    Statements: records.map(({ request, ...record }) => ({
      Id: record.id,
      QueryString: request.batch ? undefined : request.sqls[0],
      QueryStrings: request.batch ? request.sqls : undefined,
      IsBatchStatement: request.batch,
      Status: record.status,
      StatementName: request.statementName,
      SecretArn: request.secretArn,
      CreatedAt: record.createdAt / 1000,
      UpdatedAt: record.updatedAt / 1000,
      QueryParameters: request.parameters.length > 0 ? request.parameters : undefined,
      ResultFormat: 'JSON',
    })),
    NextToken: next === undefined ? undefined : tokenOf('list', next),
  };
}

import { createHash, randomUUID } from 'node:crypto';
import type { Executor } from './executor.ts';
import { engineError } from './engine-error.ts';
import { AthenaFault, invalid, QueryError } from './fault.ts';
import type { Objects } from './objects.ts';
import { object, refuse, requiredText, text, whole, type Body } from './request.ts';
import { readStatement, translate, type Statement } from './statement.ts';
import type { QueryRecord, QueryRequest, QueryStore } from './store.ts';
import { checkLocation, createWorkgroup, findWorkgroup, getWorkgroup, PRIMARY } from './workgroups.ts';

/** Bytes of a query's text, the quota of the service. */
const MAX_QUERY_BYTES = 262_144;
const MAX_PAGE_ROWS = 1000;

export type Operation = (body: Body) => object | Promise<object>;

/** The operations that this stand-in knows, by the name in `X-Amz-Target`. */
export function athenaOperations(
  store: QueryStore,
  executor: Executor,
  objects: Objects,
): Readonly<Record<string, Operation>> {
  return {
    StartQueryExecution: (body) => start(store, executor, objects, body),
    GetQueryExecution: (body) => ({ QueryExecution: description(find(store, body)) }),
    StopQueryExecution: async (body) => {
      await executor.cancel(find(store, body).id);
      return {};
    },
    GetQueryResults: (body) => results(store, body),
    CreateWorkGroup: (body) => createWorkgroup(store, body),
    GetWorkGroup: (body) => getWorkgroup(store, body),
  };
}

async function start(store: QueryStore, executor: Executor, objects: Objects, body: Body): Promise<object> {
  const token = requiredText(body, 'ClientRequestToken');
  if (token.length < 32 || token.length > 128)
    throw invalid(
      "Value at 'clientRequestToken' failed to satisfy constraint: Member must have length between 32 and 128",
    );
  const request = readRequest(store, body);
  const { sql, workgroup, database, catalog, output } = request;
  const identity = JSON.stringify([sql, workgroup, database, catalog, output]);
  const fingerprint = createHash('sha256').update(identity).digest('hex');
  const known = store.findByToken(token);
  if (known !== undefined) {
    if (known.fingerprint !== fingerprint) throw invalid('Idempotent parameters do not match');
    return { QueryExecutionId: known.id };
  }
  if (!(await objects.hasBucket(output)))
    throw invalid(`Unable to verify/create output bucket ${/^s3:\/\/([^/]+)/.exec(output)?.[1] ?? ''}`);
  const { statement, failure } = check(request);
  // Another request with this token may have come while the bucket was looked for.
  const other = store.findByToken(token);
  if (other !== undefined) return { QueryExecutionId: other.id };
  const record = newRecord(request, statement);
  store.insert(record, token, fingerprint);
  if (statement !== undefined) executor.submit(record, statement);
  else if (failure !== undefined) {
    const { category, type, retryable } = failure;
    const error = { category, type, retryable };
    store.save({ ...record, state: 'FAILED', reason: failure.message, error, completed: Date.now() });
  }
  return { QueryExecutionId: record.id };
}

/** What does not parse is refused at once; what parses and is not imitated is accepted and fails. */
function check(request: QueryRequest): { statement?: Statement; failure?: QueryError } {
  try {
    const statement = readStatement(request.sql);
    if (statement.kind === 'create-as' && statement.properties.has('external_location') && request.enforced)
      throw invalid(
        "The Create Table As Select query failed because it was submitted with an 'external_location' property to an Athena Workgroup that enforces a centralized output location for all queries. Please remove the 'external_location' property and resubmit the query.",
      );
    translate(request.sql, statement);
    return { statement };
  } catch (error) {
    if (error instanceof QueryError) return { failure: error };
    const failure = engineError(error, request.sql);
    throw failure instanceof AthenaFault ? failure : invalid(failure.message);
  }
}

function readRequest(store: QueryStore, body: Body): QueryRequest {
  refuse(body, ['ExecutionParameters', 'ResultReuseConfiguration', 'EngineConfiguration']);
  const sql = requiredText(body, 'QueryString');
  if (Buffer.byteLength(sql) > MAX_QUERY_BYTES)
    throw invalid(
      `Value at 'queryString' failed to satisfy constraint: Member must have length less than or equal to ${String(MAX_QUERY_BYTES)}`,
    );
  const workgroup = findWorkgroup(store, text(body, 'WorkGroup') ?? PRIMARY);
  if (!workgroup.enabled) throw invalid(`WorkGroup ${workgroup.name} is disabled.`);
  const context = object(body, 'QueryExecutionContext');
  const catalog = text(context, 'Catalog')?.toLowerCase();
  if (catalog !== undefined && catalog !== 'awsdatacatalog')
    throw invalid(`Catalog ${catalog} is not found.`);
  const given = text(object(body, 'ResultConfiguration'), 'OutputLocation');
  if (given !== undefined) checkLocation(given);
  const output = workgroup.enforced ? workgroup.output : (given ?? workgroup.output);
  if (output === undefined)
    throw invalid(
      'No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.',
    );
  return {
    sql,
    workgroup: workgroup.name,
    database: text(context, 'Database')?.toLowerCase(),
    catalog,
    output: output.replace(/\/*$/, '/'),
    scanLimit: workgroup.scanLimit,
    enforced: workgroup.enforced,
  };
}

function newRecord(request: QueryRequest, statement: Statement | undefined): QueryRecord {
  const kinds = { select: 'SELECT', 'create-as': 'CREATE_TABLE_AS_SELECT', unload: 'UNLOAD' } as const;
  return {
    ...request,
    id: randomUUID(),
    state: 'QUEUED',
    statement: kinds[statement?.kind ?? 'select'],
    submitted: Date.now(),
    scanned: 0,
    columns: [],
  };
}

function find(store: QueryStore, body: Body): QueryRecord {
  const id = requiredText(body, 'QueryExecutionId');
  const record = store.find(id);
  if (record === undefined) throw invalid(`QueryExecution ${id} was not found`);
  return record;
}

function description(record: QueryRecord): object {
  const { error, completed, submitted } = record;
  const took = Math.max(0, (completed ?? Date.now()) - submitted);
  return {
    QueryExecutionId: record.id,
    Query: record.sql,
    StatementType: record.statement === 'CREATE_TABLE_AS_SELECT' ? 'DDL' : 'DML',
    SubstatementType: record.statement,
    ResultConfiguration: { OutputLocation: record.resultUri ?? `${record.output}${record.id}` },
    QueryExecutionContext: { Database: record.database, Catalog: record.catalog },
    Status: {
      State: record.state,
      StateChangeReason: record.reason,
      SubmissionDateTime: submitted / 1000,
      CompletionDateTime: completed === undefined ? undefined : completed / 1000,
      AthenaError: error && {
        ErrorCategory: error.category,
        ErrorType: error.type,
        Retryable: error.retryable,
        ErrorMessage: record.reason,
      },
    },
    Statistics: {
      EngineExecutionTimeInMillis: took,
      TotalExecutionTimeInMillis: took,
      DataScannedInBytes: record.scanned,
      DataManifestLocation: record.manifestUri,
    },
    WorkGroup: record.workgroup,
    EngineVersion: { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: 'Athena engine version 3' },
  };
}

function results(store: QueryStore, body: Body): object {
  const limit = whole(body, 'MaxResults', 1, MAX_PAGE_ROWS) ?? MAX_PAGE_ROWS;
  const record = find(store, body);
  const { id, columns, statement, state } = record;
  if (state === 'FAILED' || state === 'CANCELLED')
    throw invalid(`Query did not finish successfully. Final query state: ${state}`);
  if (state !== 'SUCCEEDED') throw invalid(`Query has not yet finished. Current state: ${state}`);
  const token = text(body, 'NextToken');
  const from = token === undefined ? 0 : offsetOf(id, token);
  // The headings of a SELECT are its row 0.
  const headings = statement === 'SELECT' && from === 0 ? [columns.map(({ name }) => name)] : [];
  const at = from === 0 || statement !== 'SELECT' ? from : from - 1;
  const found = store.rows(id, at, limit - headings.length + 1);
  const page = [...headings, ...found.slice(0, limit - headings.length)];
  const more = found.length > limit - headings.length;
  return {
    ...(record.written === undefined ? {} : { UpdateCount: record.written }),
    ResultSet: {
      Rows: page.map((row) => ({
        Data: row.map((cell) => (cell === null ? {} : { VarCharValue: cell })),
      })),
      ResultSetMetadata: { ColumnInfo: columns.map(columnInfo) },
    },
    ...(more ? { NextToken: tokenOf(id, from + page.length) } : {}),
  };
}

function columnInfo({ name, type, precision, scale }: QueryRecord['columns'][number]): object {
  return {
    CatalogName: 'hive',
    SchemaName: '',
    TableName: '',
    Name: name,
    Label: name,
    Type: type,
    Precision: precision,
    Scale: scale,
    Nullable: 'UNKNOWN',
    CaseSensitive: type === 'varchar',
  };
}

function tokenOf(id: string, offset: number): string {
  return Buffer.from(`${id}/${String(offset)}`).toString('base64url');
}

function offsetOf(id: string, token: string): number {
  const [of, offset] = Buffer.from(token, 'base64url').toString('utf8').split('/');
  if (of !== id || offset === undefined || !/^[1-9]\d*$/.test(offset)) throw invalid('Invalid NextToken');
  return Number(offset);
}

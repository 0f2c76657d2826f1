import { invalid } from './service-error.ts';
import type { Parameter, StatementRequest } from './statement-store.ts';
import { parameterNames } from './translate.ts';

export type Body = Readonly<Record<string, unknown>>;

/** https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html */
const STATEMENT_LIMIT_BYTES = 100 * 1024;
const BATCH_LIMIT = 40;
const MAX_WAIT_SECONDS = 30;

/** The text under `name`, undefined when absent. @throws ServiceError when it is something else or empty. */
export function text(body: Body, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalid(`${name} must be a string.`);
  return value;
}

export function requiredText(body: Body, name: string): string {
  const value = text(body, name);
  if (value === undefined || value === '') throw invalid(`${name} is required.`);
  return value;
}

/** @throws ServiceError when it is not a whole number from `min` to `max`. */
export function whole(body: Body, name: string, min: number, max: number): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw invalid(`${name} must be a whole number from ${min} to ${max}.`);
  }
  return value;
}

/** Seconds, 0 to 30. */
export function waitSeconds(body: Body): number {
  return whole(body, 'WaitTimeSeconds', 0, MAX_WAIT_SECONDS) ?? 0;
}

/** A cluster or a workgroup, not both, and the database in it. */
export function target(body: Body): {
  clusterIdentifier: string | undefined;
  workgroupName: string | undefined;
  database: string;
} {
  const clusterIdentifier = text(body, 'ClusterIdentifier');
  const workgroupName = text(body, 'WorkgroupName');
  if (clusterIdentifier !== undefined && workgroupName !== undefined) {
    throw invalid('Only one of ClusterIdentifier and WorkgroupName can be specified.');
  }
  if (clusterIdentifier === undefined && workgroupName === undefined) {
    throw invalid('Either ClusterIdentifier or WorkgroupName must be specified.');
  }
  if (text(body, 'SecretArn') !== undefined && text(body, 'DbUser') !== undefined) {
    throw invalid('Only one of SecretArn and DbUser can be specified.');
  }
  if (workgroupName !== undefined && text(body, 'DbUser') !== undefined) {
    throw invalid('DbUser cannot be specified with WorkgroupName.');
  }
  return { clusterIdentifier, workgroupName, database: requiredText(body, 'Database') };
}

/** What ExecuteStatement or BatchExecuteStatement asks for. @throws ServiceError naming the field. */
export function statementRequest(body: Body, batch: boolean): StatementRequest {
  refuseSessions(body);
  const format = text(body, 'ResultFormat');
  if (format !== undefined && format !== 'JSON')
    throw invalid('ResultFormat CSV is not supported by this local Redshift.');
  const mode = text(body, 'ExecutionMode') ?? 'TRANSACTION';
  if (mode !== 'TRANSACTION' && mode !== 'AUTO_COMMIT')
    throw invalid('ExecutionMode must be TRANSACTION or AUTO_COMMIT.');
  const sqls = batch ? batchSqls(body['Sqls']) : [requiredText(body, 'Sql')];
  for (const sql of sqls) checkSql(sql);
  const parameters = readParameters(body['Parameters']);
  checkParameters(sqls, parameters);
  return {
    sqls,
    batch,
    executionMode: mode,
    ...target(body),
    secretArn: text(body, 'SecretArn'),
    dbUser: text(body, 'DbUser'),
    statementName: text(body, 'StatementName'),
    parameters,
  };
}

function refuseSessions(body: Body): void {
  for (const name of ['SessionId', 'SessionKeepAliveSeconds']) {
    if (body[name] !== undefined && body[name] !== null)
      throw invalid(`${name} is not supported by this local Redshift.`);
  }
}

function batchSqls(value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0) throw invalid('Sqls must have at least one statement.');
  if (value.length > BATCH_LIMIT) throw invalid(`Sqls must have at most ${BATCH_LIMIT} statements.`);
  if (!value.every((sql) => typeof sql === 'string')) throw invalid('Sqls must be strings.');
  return value;
}

function checkSql(sql: string): void {
  if (sql.trim() === '') throw invalid('The SQL statement is empty.');
  if (Buffer.byteLength(sql) > STATEMENT_LIMIT_BYTES)
    throw invalid('The SQL statement is longer than 100 KB.');
}

function readParameters(value: unknown): Parameter[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length === 0)
    throw invalid('Parameters must have at least one element.');
  return value.map((entry: unknown) => {
    const parameter = (entry ?? {}) as Body;
    const name = requiredText(parameter, 'name');
    if (!/^[0-9a-zA-Z_]+$/.test(name)) throw invalid(`Parameter name "${name}" must match [0-9a-zA-Z_]+.`);
    // The service takes neither NULL nor an empty text as a value.
    return { name, value: requiredText(parameter, 'value') };
  });
}

function checkParameters(sqls: readonly string[], parameters: readonly Parameter[]): void {
  const used = new Set<string>();
  for (const sql of sqls) {
    try {
      for (const name of parameterNames(sql)) used.add(name);
    } catch {
      // A text that cannot be read fails as a statement, where its error belongs.
      return;
    }
  }
  const given = new Set(parameters.map(({ name }) => name));
  if (given.size < parameters.length) throw invalid('Parameters list contains duplicate parameters.');
  const unused = [...given].filter((name) => !used.has(name));
  if (unused.length > 0)
    throw invalid(`Parameters list contains unused parameters. Unused parameters: [${unused.join(', ')}]`);
  const absent = [...used].filter((name) => !given.has(name));
  if (parameters.length > 0 && absent.length > 0)
    throw invalid(`Parameters list lacks parameters: [${absent.join(', ')}]`);
}

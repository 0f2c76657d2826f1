import type { Connection } from '../pipeline/connection.ts';
import type { Problem } from './problem.ts';
import { snowflakeProblems } from './snowflake-rules.ts';
import { holdsPassword, isMalformedReference, isPlain, referencedName } from './secret-reference.ts';
import type { FieldPath, YamlFile } from './yaml-file.ts';

/** Secrets in plain text and references that are none, in the fields of one connection or endpoint. Values are never repeated. */
export function secretProblems(
  yaml: YamlFile,
  path: FieldPath,
  fields: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value !== 'string') continue;
    const at = [...path, field];
    if (holdsPassword(value)) {
      const cure = 'put the whole value into an environment variable of the worker and write "${env:NAME}"';
      problems.push(yaml.problem(at, 'this value holds a secret in plain text', cure));
    } else if (isMalformedReference(value)) {
      const cure = 'write "${env:NAME}" and nothing else in the value; NAME is of letters, digits and _';
      problems.push(yaml.problem(at, 'this is no reference to an environment variable', cure));
    } else if (field === 'kind' && referencedName(value) !== undefined) {
      problems.push(yaml.problem(at, 'a kind cannot be a reference', 'write the kind itself'));
    }
  }
  return problems;
}

/** What a schema cannot say about a connection whose fields are all right by themselves. */
export function connectionProblems(
  yaml: YamlFile,
  path: FieldPath,
  connection: Connection,
): readonly Problem[] {
  switch (connection.kind) {
    case 'postgres':
      return isPostgresUrl(connection.url)
        ? []
        : [
            yaml.problem(
              [...path, 'url'],
              'this is no postgres:// URL',
              'write "${env:NAME}" and set the variable to postgres://user:password@host:port/database',
            ),
          ];
    case 'mysql':
      return isMysqlUrl(connection.url)
        ? []
        : [
            yaml.problem(
              [...path, 'url'],
              'this is no mysql:// URL',
              'write "${env:NAME}" and set the variable to mysql://user:password@host:port/database',
            ),
          ];
    case 's3':
      return connection.prefix !== undefined && /^\/|\/$|\/\//.test(connection.prefix)
        ? [
            yaml.problem(
              [...path, 'prefix'],
              'a prefix has no slash at its ends and no empty part',
              'write it like stage or data/stage',
            ),
          ]
        : [];
    case 'redshift':
      return redshiftProblems(yaml, path, connection);
    case 'salesforce':
      return salesforceProblems(yaml, path, connection);
    case 'snowflake':
      return snowflakeProblems(yaml, path, connection);
    case 'glue':
      return [];
    case 'athena':
      return (['location', 'output'] as const).flatMap((field) =>
        isFolder(connection[field])
          ? []
          : [
              yaml.problem(
                [...path, field],
                'this is no folder in S3',
                'write it like s3://lake/tables, with the name of a bucket and no empty part',
              ),
            ],
      );
  }
}

/** The fields of each way to sign in, and the ones that are secrets. */
function salesforceProblems(
  yaml: YamlFile,
  path: FieldPath,
  connection: Extract<Connection, { kind: 'salesforce' }>,
): readonly Problem[] {
  const { loginUrl, clientSecret, username, password, privateKey } = connection;
  const problems = (['clientSecret', 'password', 'privateKey'] as const)
    .filter((field) => isPlain(connection[field]))
    .map((field) =>
      yaml.problem(
        [...path, field],
        'this value is a secret in plain text',
        'put it into an environment variable of the worker and write "${env:NAME}"',
      ),
    );
  const add = (field: string, problem: string, cure: string): void => {
    problems.push(yaml.problem([...path, field], problem, cure));
  };
  if (isPlain(loginUrl) && !/^https?:\/\/[^/\s]+\/?$/.test(loginUrl))
    add(
      'loginUrl',
      'this is no address of a Salesforce login',
      'write it like https://acme.my.salesforce.com',
    );
  if (privateKey !== undefined && password !== undefined)
    add('password', 'there are two ways to sign in', 'remove password: or privateKey:');
  if ((privateKey ?? password) !== undefined && username === undefined)
    add('username', 'a privateKey or a password belongs to a user', 'add username:');
  if ((privateKey ?? password) === undefined && username !== undefined)
    add(
      'username',
      'a user without a privateKey or a password cannot sign in',
      'add one of them, or remove username:',
    );
  if (privateKey === undefined && clientSecret === undefined)
    add(
      'clientSecret',
      'this way to sign in needs the secret of the connected app',
      'add clientSecret: or privateKey:',
    );
  return problems;
}

function isFolder(text: string | undefined): boolean {
  // What looks like a reference has its own problem.
  if (text === undefined || referencedName(text) !== undefined || isMalformedReference(text)) return true;
  return /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[^/\s]+)*\/?$/.test(text);
}

function redshiftProblems(
  yaml: YamlFile,
  path: FieldPath,
  { cluster, workgroup, dbUser, secretArn }: Extract<Connection, { kind: 'redshift' }>,
): readonly Problem[] {
  if (cluster === undefined && workgroup === undefined) {
    return [
      yaml.problem(
        [...path, 'workgroup'],
        'neither a cluster nor a workgroup is named',
        'add workgroup: for Redshift Serverless, or cluster:',
      ),
    ];
  }
  if (cluster !== undefined && workgroup !== undefined) {
    return [
      yaml.problemAtKey(
        [...path, 'workgroup'],
        'a connection is either to a cluster or to a workgroup',
        'remove cluster: or workgroup:',
      ),
    ];
  }
  if (dbUser !== undefined && workgroup !== undefined) {
    return [
      yaml.problemAtKey(
        [...path, 'dbUser'],
        'a serverless workgroup takes no dbUser',
        'remove it, or name a secretArn',
      ),
    ];
  }
  if (dbUser !== undefined && secretArn !== undefined) {
    return [
      yaml.problemAtKey(
        [...path, 'dbUser'],
        'the user is already in the secret that secretArn names',
        'remove dbUser, or remove secretArn to get temporary credentials of that user',
      ),
    ];
  }
  return [];
}

function isPostgresUrl(text: string): boolean {
  return isUrlOf(/^postgres(ql)?:\/\/\S+$/, text);
}

function isMysqlUrl(text: string): boolean {
  return isUrlOf(/^(mysql|mariadb):\/\/\S+$/, text);
}

function isUrlOf(shape: RegExp, text: string): boolean {
  // What looks like a reference or holds a password has its own problem.
  if (referencedName(text) !== undefined || isMalformedReference(text) || holdsPassword(text)) return true;
  return shape.test(text) && URL.canParse(text);
}

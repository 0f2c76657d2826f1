import type { Connection } from '../pipeline/connection.ts';
import type { Problem } from './problem.ts';
import { holdsPassword, isMalformedReference, referencedName } from './secret-reference.ts';
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
    case 'glue':
      return [];
  }
}

function redshiftProblems(
  yaml: YamlFile,
  path: FieldPath,
  { cluster, workgroup, dbUser }: Extract<Connection, { kind: 'redshift' }>,
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
  return [];
}

function isPostgresUrl(text: string): boolean {
  // What looks like a reference or holds a password has its own problem.
  if (referencedName(text) !== undefined || isMalformedReference(text) || holdsPassword(text)) return true;
  return /^postgres(ql)?:\/\/\S+$/.test(text) && URL.canParse(text);
}

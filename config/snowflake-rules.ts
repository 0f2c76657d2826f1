import type { SnowflakeConnection } from '../pipeline/connection.ts';
import type { Problem } from './problem.ts';
import { holdsPassword, isMalformedReference, referencedName } from './secret-reference.ts';
import type { FieldPath, YamlFile } from './yaml-file.ts';

/** How a Snowflake connection signs in, which of its fields are secrets, and what an account is called. */
export function snowflakeProblems(
  yaml: YamlFile,
  path: FieldPath,
  connection: SnowflakeConnection,
): readonly Problem[] {
  const { account, privateKey, privateKeyPassphrase, password } = connection;
  const problems: Problem[] = [];
  const add = (field: string, problem: string, cure: string): void => {
    problems.push(yaml.problem([...path, field], problem, cure));
  };
  for (const field of ['privateKey', 'privateKeyPassphrase', 'password'] as const) {
    if (isPlain(connection[field]))
      add(
        field,
        'this value is a secret in plain text',
        'put it into an environment variable of the worker and write "${env:NAME}"',
      );
  }
  if (isPlain(account) && !/^[A-Za-z0-9]\w*(?:[.-]\w+)*$/.test(account))
    add(
      'account',
      'this is no identifier of an account',
      'write it like acme-analytics, without https:// and without snowflakecomputing.com',
    );
  else if (/\.snowflakecomputing\.(com|cn)$/i.test(account))
    add(
      'account',
      'this is the address of an account and not its identifier',
      'write what stands before .snowflakecomputing.com',
    );
  if (privateKey === undefined && password === undefined)
    add(
      'privateKey',
      'there is no way to sign in',
      'add privateKey: or password: with a reference such as "${env:SNOWFLAKE_KEY}"',
    );
  if (privateKey !== undefined && password !== undefined)
    add('password', 'there are two ways to sign in', 'remove password: or privateKey:');
  if (privateKey === undefined && privateKeyPassphrase !== undefined)
    add(
      'privateKeyPassphrase',
      'a passphrase belongs to a privateKey',
      'add privateKey:, or remove privateKeyPassphrase:',
    );
  return problems;
}

/** What looks like a reference or holds a password has its own problem. */
function isPlain(text: string | undefined): boolean {
  return (
    text !== undefined &&
    referencedName(text) === undefined &&
    !isMalformedReference(text) &&
    !holdsPassword(text)
  );
}

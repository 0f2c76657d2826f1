import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { missingFile } from '../../config/missing-file.ts';
import { referencedName } from '../../config/secret-reference.ts';
import type { SalesforceConnection } from '../../pipeline/connection.ts';
import type { Project } from '../../pipeline/project.ts';

/** What the embedded cloud is asked to start for one connection (local/salesforce). */
export interface OrgRequest {
  readonly objects: unknown;
  readonly credentials: Readonly<Record<'clientId' | 'clientSecret' | 'username' | 'password', string>> & {
    readonly publicKey: string;
  };
}

/** An org for one connection, and the values of the variables that the connection signs in with. */
export interface PreparedOrg {
  readonly request: OrgRequest;
  readonly variables: Readonly<Record<string, string>>;
  /** The file of the objects was there. */
  readonly seeded: boolean;
}

/**
 * Chooses credentials for an org that stands in for the connection, and reads its objects and their fields from
 * `seed/<connection>.objects.json`; without the file it has none.
 * @throws when the file is no list in JSON.
 */
export async function prepareOrg(
  dir: string,
  name: string,
  connection: SalesforceConnection,
): Promise<PreparedOrg> {
  const variables: Record<string, string> = {};
  const valueOf = (field: 'clientId' | 'clientSecret' | 'username' | 'password'): string => {
    const written = connection[field];
    const variable = written === undefined ? undefined : referencedName(written);
    const value = variable === undefined && written !== undefined ? written : randomBytes(12).toString('hex');
    if (variable !== undefined) variables[variable] = value;
    return value;
  };
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = referencedName(connection.privateKey ?? '');
  if (key !== undefined) variables[key] = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const text = await readFile(join(dir, 'seed', `${name}.objects.json`), 'utf8').catch(missingFile);
  const credentials = {
    clientId: valueOf('clientId'),
    clientSecret: valueOf('clientSecret'),
    username: valueOf('username'),
    password: valueOf('password'),
    publicKey: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
  return {
    request: { objects: text === undefined ? [] : objectsOf(`seed/${name}.objects.json`, text), credentials },
    variables,
    seeded: text !== undefined,
  };
}

/** The same for every connection to Salesforce, by its name. */
export async function prepareOrgs(
  dir: string,
  { connections }: Pick<Project, 'connections'>,
): Promise<Readonly<Record<string, PreparedOrg>>> {
  const orgs: Record<string, PreparedOrg> = {};
  for (const [name, connection] of Object.entries(connections))
    if (connection.kind === 'salesforce') orgs[name] = await prepareOrg(dir, name, connection);
  return orgs;
}

function objectsOf(file: string, text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
  } catch (error) {
    throw new Error(`${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  throw new Error(`${file} holds no list of objects. Write [{ "name": "Account", "fields": [ … ] }].`);
}

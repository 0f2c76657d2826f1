import { generateKeyPairSync } from 'node:crypto';
import { Connection } from 'jsforce';
import { startSalesforce, type RunningSalesforce } from '../../local/salesforce/server.ts';
import type { ObjectDefinition } from '../../local/salesforce/objects.ts';
import type { SalesforceConnection } from '../../pipeline/connection.ts';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const credentials = {
  clientId: 'reefline-app',
  clientSecret: 'app secret',
  username: 'mover@example.com',
  password: 'pass+token',
  publicKey: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
};

/** An org of a suite's own, how to reach it, and a client that looks into it. */
export interface TestOrg {
  readonly org: RunningSalesforce;
  readonly connection: SalesforceConnection;
  /** The same org by username and password, and by JWT bearer. */
  readonly byPassword: SalesforceConnection;
  readonly byAssertion: SalesforceConnection;
  /** jsforce with a session of its own. */
  client(): Promise<Connection>;
  query(soql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** An object with one field of every type. */
export const ACCOUNT: ObjectDefinition = {
  name: 'Account',
  fields: [
    { name: 'Shop_Id__c', type: 'string', length: 40, externalId: true, unique: true },
    { name: 'Name', type: 'string', length: 80, required: true },
    { name: 'Notes__c', type: 'textarea', length: 200_000 },
    { name: 'Email__c', type: 'email', length: 80 },
    { name: 'Tier__c', type: 'picklist', values: ['gold', 'silver'] },
    { name: 'Active__c', type: 'boolean' },
    { name: 'Orders__c', type: 'int', precision: 8 },
    { name: 'Revenue__c', type: 'currency', precision: 18, scale: 2 },
    { name: 'Rate__c', type: 'double', precision: 18, scale: 6 },
    { name: 'Since__c', type: 'date' },
    { name: 'Seen__c', type: 'datetime' },
    { name: 'Score__c', type: 'double', precision: 3, scale: 0, readOnly: true },
  ],
};

export async function openTestOrg(
  options: { objects?: readonly ObjectDefinition[]; uploadBytes?: number } = {},
): Promise<TestOrg> {
  const org = await startSalesforce({
    host: '127.0.0.1',
    port: 0,
    path: ':memory:',
    objects: options.objects ?? [ACCOUNT],
    credentials,
    ...(options.uploadBytes === undefined ? {} : { uploadBytes: options.uploadBytes }),
  });
  const { clientId, clientSecret, username, password } = credentials;
  const base = { kind: 'salesforce', loginUrl: org.url, clientId } as const;
  const client = async (): Promise<Connection> => {
    const api = new Connection({
      loginUrl: org.url,
      version: '62.0',
      oauth2: { loginUrl: org.url, clientId, clientSecret },
    });
    await api.authorize({ grant_type: 'client_credentials' });
    return api;
  };
  return {
    org,
    connection: { ...base, clientSecret },
    byPassword: { ...base, clientSecret, username, password },
    byAssertion: {
      ...base,
      username,
      privateKey: keys.privateKey
        .export({ type: 'pkcs8', format: 'pem' })
        .toString()
        .replaceAll('\n', String.raw`\n`),
    },
    client,
    async query(soql) {
      const { records } = await (await client()).query<Record<string, unknown>>(soql);
      return records.map(({ attributes: _attributes, ...values }) => values);
    },
    close: () => org.stop(),
  };
}

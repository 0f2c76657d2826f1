import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from 'jsforce';
import { prepareOrg } from '../../cli/dev/salesforce-org.ts';
import { StandIns } from '../../cli/dev/stand-ins.ts';
import { startLocalCloud, type LocalCloudOptions } from '../../local/cloud.ts';
import type { SalesforceConnection } from '../../pipeline/connection.ts';
import type { Project } from '../../pipeline/project.ts';
import { resolveConnection } from '../../workers/secrets.ts';
import { ACCOUNT } from '../support/salesforce-org.ts';

const crm: SalesforceConnection = {
  kind: 'salesforce',
  loginUrl: '${env:CRM_LOGIN}',
  clientId: '${env:CRM_CLIENT_ID}',
  clientSecret: '${env:CRM_CLIENT_SECRET}',
};
const connections: Project['connections'] = {
  crm,
  other: { ...crm, loginUrl: 'https://acme.my.salesforce.com' },
  late: crm,
};
const project: Project = { connections, datasets: [], endpoints: [], pipelines: [], stages: [] };
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reefline-salesforce-dev-'));
  mkdirSync(join(dir, 'seed'));
  writeFileSync(join(dir, 'seed', 'crm.objects.json'), JSON.stringify([ACCOUNT]));
});

afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

async function signIn(connection: SalesforceConnection): Promise<Connection> {
  const { loginUrl, clientId, clientSecret = '' } = connection;
  const api = new Connection({ loginUrl, version: '62.0', oauth2: { loginUrl, clientId, clientSecret } });
  await api.authorize({ grant_type: 'client_credentials' });
  return api;
}

test('dev gives a Salesforce connection an org with the objects of its file, and its records outlive a restart', async () => {
  const orgs = { crm: await prepareOrg(dir, 'crm', crm) };
  const objects = [ACCOUNT];
  const salesforce = { crm: { objects, credentials: orgs.crm.request.credentials } };
  const options: LocalCloudOptions = { dir: join(dir, 'cloud'), temporal: false, salesforce };
  const first = await startLocalCloud({ ...options, keep: true });
  try {
    const standIns = new StandIns(first, dir, orgs);
    await standIns.provide(project);
    expect(standIns.made()).toMatchObject([
      { of: 'connections.crm', variable: 'CRM_LOGIN', remark: 'with the objects of seed/crm.objects.json' },
      { of: 'connections.other', variable: null, address: '' },
      { of: 'connections.late', variable: null, address: '', remark: expect.stringContaining('again') },
    ]);
    const api = await signIn(resolveConnection(crm, standIns.environment()) as SalesforceConnection);
    const rows = await api.bulk2.loadAndWaitForResults({
      object: 'Account',
      operation: 'upsert',
      externalIdFieldName: 'Shop_Id__c',
      input: 'Shop_Id__c,Name\na1,Reef\n',
    });
    expect(rows.failedResults).toEqual([]);
  } finally {
    await first.stop();
  }
  const second = await startLocalCloud(options);
  try {
    const written = resolveConnection(crm, {
      ...orgs.crm.variables,
      CRM_LOGIN: second.salesforceUrls['crm'],
    });
    const api = await signIn(written as SalesforceConnection);
    const { records } = await api.query<{ Name: string }>('SELECT Name FROM Account');
    expect(records.map(({ Name }) => Name)).toEqual(['Reef']);
  } finally {
    await second.stop();
  }
});

test('an objects file that is no list is refused by its name', async () => {
  writeFileSync(join(dir, 'seed', 'broken.objects.json'), '{}');
  await expect(prepareOrg(dir, 'broken', crm)).rejects.toThrow(/seed\/broken\.objects\.json holds no list/);
});

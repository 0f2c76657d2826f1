import { describe, expect, test } from '@jest/globals';
import { formatProblem } from '../../config/problem.ts';
import { readProject } from '../../config/project.ts';
import { secretReferences } from '../../config/secret-reference.ts';
import { SHOP_PROJECT, withProject } from '../support/project-files.ts';

const CRM =
  'kind: salesforce, loginUrl: "https://acme.my.salesforce.com", clientId: "${env:CRM_ID}", clientSecret: "${env:CRM_SECRET}"';
const STAGE =
  'publish: warehouse.marts.daily_revenue, to: crm.sobjects.Revenue__c, key: [day], fields: { day: Day__c }, max_failed_rows: 5';

/** The shop with a Salesforce org, to which it also publishes. */
async function read(connection = CRM, stage = STAGE) {
  const files = {
    ...SHOP_PROJECT,
    'reefline.yaml': (SHOP_PROJECT['reefline.yaml'] ?? '').replace(
      'endpoints:',
      () => `  crm: { ${connection} }\nendpoints:`,
    ),
    'pipelines/orders.yaml': `${SHOP_PROJECT['pipelines/orders.yaml'] ?? ''}  - push_crm: { ${stage} }\n`,
  };
  return withProject(files, readProject);
}

async function problemsOf(connection?: string, stage?: string): Promise<readonly string[]> {
  const reading = await read(connection, stage);
  return 'problems' in reading ? reading.problems.map(formatProblem) : [];
}

describe('a publish to Salesforce', () => {
  test('is understood, with its field names and its tolerance, and its secrets stay references', async () => {
    const reading = await read();
    if (!('project' in reading)) throw new Error(reading.problems.map(formatProblem).join('\n'));
    const stage = reading.project.stages.find(({ name }) => name === 'push_crm');
    expect(stage).toMatchObject({
      output: 'crm.sobjects.Revenue__c',
      work: { kind: 'publish', key: ['day'], fields: { day: 'Day__c' }, maxFailedRows: 5 },
    });
    expect(reading.project.connections['crm']).toMatchObject({ clientSecret: '${env:CRM_SECRET}' });
    expect(secretReferences(reading.project).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['CRM_ID', 'CRM_SECRET']),
    );
  });

  test.each<[string, string | undefined, string | undefined, RegExp]>([
    [
      'a secret in plain text',
      CRM.replace('"${env:CRM_SECRET}"', 'abc123'),
      undefined,
      /clientSecret: .*plain text/,
    ],
    ['a login page', CRM.replace('.com"', '.com/login"'), undefined, /loginUrl: .*no address/],
    ['no secret', CRM.replace(/, clientSecret.*/, ''), undefined, /clientSecret: .*needs the secret/],
    ['a key without a user', `${CRM}, privateKey: "\${env:KEY}"`, undefined, /username: .*belongs to a user/],
    ['a user that cannot sign in', `${CRM}, username: mover`, undefined, /username: .*cannot sign in/],
    [
      'two ways to sign in',
      `${CRM}, username: mover, password: "\${env:P}", privateKey: "\${env:KEY}"`,
      undefined,
      /password: .*two ways/,
    ],
    ['a version that is none', `${CRM}, apiVersion: "62"`, undefined, /apiVersion: .*62\.0/],
    ['a schema', undefined, STAGE.replace('sobjects', 'public'), /to: .*write crm\.sobjects\.Revenue__c/i],
    ['two key columns', undefined, STAGE.replace('[day]', '[day, revenue]'), /key: .*one external id/],
    [
      'fields of a serving table',
      undefined,
      STAGE.replace('crm.sobjects.Revenue__c', 'serving.app.revenue'),
      /fields is for Salesforce, and serving is postgres[^]*max_failed_rows is for Salesforce/,
    ],
    [
      'deletes',
      undefined,
      `${STAGE}, mode: replace, deletes: propagate`,
      /mode is for PostgreSQL, and crm is salesforce[^]*deletes is for PostgreSQL/,
    ],
    [
      'a destination that cannot be',
      undefined,
      STAGE.replace('crm.sobjects', 'lake.shop'),
      /postgres or salesforce/,
    ],
  ])('with %s is refused with a cure', async (_what, connection, stage, message) => {
    expect((await problemsOf(connection, stage)).join('\n')).toMatch(message);
  });
});

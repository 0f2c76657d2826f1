import { describe, expect, test } from '@jest/globals';
import type { Problem } from '../../config/problem.ts';
import { readProject } from '../../config/project.ts';
import { stageColumns } from '../../config/stage-columns.ts';
import { staticTables } from '../../config/static-tables.ts';
import { lineageGraph } from '../../pipeline/lineage.ts';
import type { Project } from '../../pipeline/project.ts';
import { eventTypeOf } from '../../pipeline/routing.ts';
import { type ProjectFiles, SHOP_PROJECT, withProject } from '../support/project-files.ts';

const SQL = `SELECT o.origin, count(*) AS orders
FROM acme_shop.orders AS o JOIN awsdatacatalog.Marts.Rates AS r ON r.id = o.id
WHERE o.note <> '\\' AND o.timelabel = :timelabel GROUP BY 1
`;
const STAGE =
  '  - rates: { transform: sql/rates.sql, to: lakehouse.marts.rates, every: 1h, schedule: "5 * * * *", mode: append }\n  - per_origin: { transform: sql/per_origin.sql, to: lakehouse.marts.per_origin, mode: append }\n';

function filesOf(edit: (text: string) => string = (text) => text, sql = SQL): ProjectFiles {
  return {
    ...SHOP_PROJECT,
    'reefline.yaml': edit(
      (SHOP_PROJECT['reefline.yaml'] ?? '').replace(
        'endpoints:',
        '  crm: { kind: salesforce, loginUrl: "https://acme.my.salesforce.com", clientId: a, clientSecret: "${env:CRM_SECRET}" }\n  lakehouse: { kind: athena, location: s3://acme-lake/tables, workgroup: main }\nendpoints:',
      ),
    ),
    'pipelines/orders.yaml': edit((SHOP_PROJECT['pipelines/orders.yaml'] ?? '') + STAGE),
    'sql/rates.sql': 'SELECT 1 AS id\n',
    'sql/per_origin.sql': sql,
  };
}

async function projectOf(files: ProjectFiles): Promise<Project> {
  const reading = await withProject(files, readProject);
  if ('problems' in reading) throw new Error(JSON.stringify(reading.problems));
  return reading.project;
}

async function problemsOf(files: ProjectFiles): Promise<readonly Problem[]> {
  const reading = await withProject(files, readProject);
  return 'problems' in reading ? reading.problems : [];
}

describe('a transform into Athena', () => {
  test('reads the tables of a glue connection, with its prefix, and those of its own by either name', async () => {
    const project = await projectOf(filesOf());
    const stage = project.stages.find(({ name }) => name === 'per_origin');
    expect(stage?.inputs.map(({ dataset }) => dataset)).toEqual([
      'catalog.shop.orders',
      'lakehouse.marts.rates',
    ]);
    expect(stage && eventTypeOf(stage, project)).toBe('athena');
  });

  test('has the lineage of its columns through those tables', async () => {
    const project = await projectOf(filesOf());
    const statics = staticTables(project);
    const columns = stageColumns(project, lineageGraph(project, statics), statics, new Map());
    const stage = project.stages.find(({ name }) => name === 'per_origin');
    const [origin] = stage === undefined ? [] : columns.madeBy(stage);
    expect(origin).toMatchObject({
      name: 'origin',
      from: [{ dataset: 'catalog.shop.orders', column: 'origin' }],
    });
  });

  test.each([
    [
      'a mode that rewrites rows',
      'per_origin, mode: append',
      'per_origin, mode: merge, key: [origin]',
      /nothing rewrites single rows.*merge/,
      /mode append.*or replace/,
    ],
    [
      'a location that is no folder',
      's3://acme-lake/tables',
      '/tmp/tables',
      /no folder in S3/,
      /s3:\/\/lake/,
    ],
    [
      'an output that is no folder',
      'workgroup: main }\nendpoints',
      'workgroup: main, output: "s3://b//x" }\nendpoints',
      /no folder in S3/,
      /s3:\/\/lake/,
    ],
    [
      'a load into it',
      'to: warehouse.analytics.orders',
      'to: lakehouse.shop.loaded',
      /lakehouse is athena.*load writes to a redshift/,
      /warehouse/,
    ],
  ])('is refused for %s, with a cure', async (_, find, put, problem, cure) => {
    expect(Object.values(filesOf()).join('\n')).toContain(find);
    const problems = await problemsOf(filesOf((text) => text.replace(find, put)));
    const found = problems.find((each) => problem.test(each.problem));
    expect(found?.cure).toMatch(cure);
  });

  test('may be published to Salesforce', async () => {
    const publish =
      '  - push: { publish: lakehouse.marts.per_origin, to: crm.sobjects.Revenue__c, key: [origin] }\n';
    const files = filesOf();
    const { stages } = await projectOf({
      ...files,
      'pipelines/orders.yaml': (files['pipelines/orders.yaml'] ?? '') + publish,
    });
    expect(stages.find(({ name }) => name === 'push')).toMatchObject({
      output: 'crm.sobjects.Revenue__c',
      inputs: [{ dataset: 'lakehouse.marts.per_origin' }],
    });
  });

  test('may make the whole table anew', async () => {
    const { stages } = await projectOf(
      filesOf((text) => text.replace('per_origin, mode: append', 'per_origin, mode: replace')),
    );
    expect(stages.find(({ name }) => name === 'per_origin')?.work).toMatchObject({ mode: 'replace' });
  });

  test('may be checked, by SQL that is read as Athena reads it', async () => {
    const check = (sql: string): string =>
      `  - sane: { check: lakehouse.marts.per_origin, blocking: true, assert: [ { a: { sql: ${JSON.stringify(sql)} } } ] }\n`;
    const files = filesOf();
    const withCheck = (sql: string): ProjectFiles => ({
      ...files,
      'pipelines/orders.yaml': (files['pipelines/orders.yaml'] ?? '') + check(sql),
    });
    const project = await projectOf(
      withCheck(
        String.raw`SELECT 1 AS a FROM marts.per_origin WHERE origin <> '\' AND timelabel = :timelabel`,
      ),
    );
    const stage = project.stages.find(({ name }) => name === 'sane');
    expect(stage).toMatchObject({ output: 'lakehouse.marts.per_origin$sane', work: { kind: 'check' } });
    expect(stage && eventTypeOf(stage, project)).toBe('athena');
    expect(await problemsOf(withCheck('SELECT 1 AS a FROM marts.per_origin WHERE x = :hour'))).toMatchObject([
      { problem: expect.stringMatching(/:hour is no parameter/) },
    ]);
  });

  test('is refused for a table that nobody produces, with the place', async () => {
    const sql = 'SELECT 1 AS a\nFROM shop.orders WHERE timelabel = :timelabel\n';
    const problems = await problemsOf(filesOf(undefined, sql));
    expect(problems).toMatchObject([{ file: 'sql/per_origin.sql', line: 2 }]);
    expect(problems[0]?.problem).toMatch(/shop\.orders/);
  });
});

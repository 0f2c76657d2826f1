import { describe, expect, test } from '@jest/globals';
import { formatProblem } from '../../config/problem.ts';
import { readProject } from '../../config/project.ts';
import { check, ORDERS, RESULT, shopWith, UNIQUE } from '../support/check-files.ts';
import { type ProjectFiles, SHOP_PROJECT, withProject } from '../support/project-files.ts';

async function problemsOf(files: ProjectFiles): Promise<readonly string[]> {
  const reading = await withProject(files, readProject);
  return 'problems' in reading ? reading.problems.map(formatProblem) : [];
}

describe('a broken check', () => {
  const inline = (sql: string): string => `[ { broken: { sql: ${JSON.stringify(sql)} } } ]`;
  const longName = 'check_'.padEnd(60, 'x');
  const wide = `warehouse.analytics.${'orders'.padEnd(100, 'x')}`;

  test.each<
    readonly [name: string, stages: readonly string[], expected: readonly RegExp[], files?: ProjectFiles]
  >([
    [
      'without assertions',
      [`check_orders: { check: ${ORDERS} }`],
      [/^pipelines\/checks\.yaml:3:\d+ {2}stages\.check_orders\.assert: this field is missing\. Add assert/],
    ],
    ['with an empty list', [check('', '[]')], [/:3:\d+ {2}stages\.check_orders\.assert: this list is empty/]],
    [
      'with too many assertions',
      [check('', `[${'{ a: x.sql }, '.repeat(41)}]`)],
      [/stages\.check_orders\.assert: these are more than 40 assertions\. Split them into several checks/],
    ],
    [
      'with a target of its own',
      [check(', to: warehouse.analytics.result')],
      [/:3:\d+ {2}stages\.check_orders\.to: this key is not known\. Remove it/],
    ],
    [
      'with a mode of a word',
      [check(', blocking: yess')],
      [/stages\.check_orders\.blocking: this is a text\. Write true or false/],
    ],
    [
      'with an unknown key in an assertion',
      [check('', '[ { a: { sqll: select 1 } } ]')],
      [
        /stages\.check_orders\.assert\.0\.a: an assertion has either sql or file\. Write sql:/,
        /stages\.check_orders\.assert\.0\.a\.sqll: this key is not known\. Did you mean sql\?/,
      ],
    ],
    [
      'with both sql and file',
      [check('', '[ { a: { sql: select 1, file: sql/checks/unique_ids.sql } } ]')],
      [/stages\.check_orders\.assert\.0\.a: an assertion has either sql or file\. Write sql:/],
    ],
    [
      'with an unknown severity',
      [check('', '[ { a: { sql: select 1 from analytics.orders, severity: eror } } ]')],
      [
        /:3:\d+ {2}stages\.check_orders\.assert\.0\.a\.severity: this value is not known\. Did you mean error\?/,
      ],
    ],
    [
      'with an assertion that is no text and no mapping',
      [check('', '[ { a: 5 } ]')],
      [/stages\.check_orders\.assert\.0\.a: this is a number\. Write a text or a mapping/],
    ],
    [
      'with two assertions in one entry',
      [check('', '[ { a: sql/checks/unique_ids.sql, b: sql/checks/unique_ids.sql } ]')],
      [/stages\.check_orders\.assert\.0: an entry under assert has exactly one key.*Write "- name/],
    ],
    [
      'with a bad name of an assertion',
      [check('', '[ { No-Negative: sql/checks/unique_ids.sql } ]')],
      [/stages\.check_orders\.assert\.0\.No-Negative: this is no name\. Write a small letter/],
    ],
    [
      'with two assertions of one name',
      [check('', '[ { a: sql/checks/unique_ids.sql }, { a: sql/checks/unique_ids.sql } ]')],
      [/:3:\d+ {2}stages\.check_orders\.assert\.1\.a: this check already has an assertion a\. Rename/],
    ],
    [
      'with a missing file',
      [check('', '[ { a: sql/checks/unique.sql }, { b: { file: ../x.sql } } ]')],
      [
        /:3:\d+ {2}stages\.check_orders\.assert\.0\.a: there is no file sql\/checks\/unique\.sql\. Create it/,
        /:3:\d+ {2}stages\.check_orders\.assert\.1\.b\.file: the SQL file lies outside of the project\. Name a file/,
      ],
    ],
    [
      'with SQL in a file that is wrong',
      [check()],
      [
        /^sql\/checks\/unique_ids\.sql:2:\d+ {2}stages\.check_orders\.assert\.0\.unique_ids: :hour is no parameter/,
      ],
      { 'sql/checks/unique_ids.sql': 'select 1 from analytics.orders\nwhere x = :hour\n' },
    ],
    [
      'with a file that reads an unknown table',
      [check()],
      [
        /^sql\/checks\/unique_ids\.sql:2:6 {2}stages\.check_orders\.assert\.0\.unique_ids: no stage and no outside dataset produces table geo\.zones\. Declare .*static: \[geo\.zones\]/,
      ],
      { 'sql/checks/unique_ids.sql': 'select 1\nfrom geo.zones\n' },
    ],
    [
      'with an inline text that is no SELECT',
      [check('', inline('delete from analytics.orders'))],
      [
        /^pipelines\/checks\.yaml:3:\d+ {2}stages\.check_orders\.assert\.0\.broken\.sql: the statement is no SELECT but DELETE\. Write exactly one SELECT/,
      ],
    ],
    [
      'with an inline text that is wrong on a later line',
      [check('', inline('select 1\nfrom analytics.orders,\n  geo.zones'))],
      [
        /^pipelines\/checks\.yaml:3:\d+ {2}stages\.check_orders\.assert\.0\.broken\.sql: no stage .* produces table geo\.zones \(line 3 of the SQL\)\. Declare/,
      ],
    ],
    [
      'with SQL that is too long',
      [check()],
      [/^pipelines\/checks\.yaml:3:\d+ .*the SQL is larger than 90000 bytes.*Split it/],
      { 'sql/checks/unique_ids.sql': `${UNIQUE}${'-- \n'.repeat(25_000)}` },
    ],
    [
      'of a dataset that nobody produces, although its SQL is wrong as well',
      [`check_orders: { check: warehouse.analytics.order, assert: ${inline('select 1 from (')} }`],
      [
        /stages\.check_orders\.check: no stage produces warehouse\.analytics\.order\. Did you mean warehouse\.analytics\.orders\?/,
        /stages\.check_orders\.assert\.0\.broken\.sql: the SQL does not parse/,
      ],
    ],
    [
      'of files',
      [`check_orders: { check: lake.shop.orders, assert: [ { a: { sql: select 1 } } ] }`],
      [
        /stages\.check_orders\.check: connection lake is s3, but a check reads from a redshift or athena or snowflake connection\. Use warehouse/,
      ],
    ],
    [
      'of the result of a check',
      [check(), `check_check: { check: ${RESULT}, assert: [ { a: { sql: select 1 } } ] }`],
      [
        /:4:\d+ {2}stages\.check_check\.check: .* is the result of a check, which is no table\. Name the table/,
      ],
    ],
    [
      'whose SQL reads the result of a check',
      [check(), check('', inline('select 1 from analytics.orders$check_orders')).replace('orders:', 'more:')],
      [
        /:4:\d+ {2}stages\.check_more\.assert\.0\.broken\.sql: no stage .* produces table analytics\.orders\$check_orders/,
      ],
    ],
    [
      'with a static table that it does not read',
      [check(', static: [geo.zones]')],
      [/stages\.check_orders\.static\.0: the SQL does not read geo\.zones\. Remove it/],
    ],
    [
      'with an override of what is no input',
      [check(', inputs: { warehouse.partners.fares: { window: as_of } }')],
      [/stages\.check_orders\.inputs\.warehouse\.partners\.fares: .* is no input of this stage/],
    ],
    [
      'that blocks and is rarer than its dataset',
      [check(', blocking: true, every: 1d')],
      [
        /:3:\d+ {2}stages\.check_orders\.every: a blocking check looks at every label of .*1h and not 1d\. Remove every/,
      ],
    ],
    [
      'that blocks and looks at labels that failed',
      [check(`, blocking: true, inputs: { ${ORDERS}: { on: [SUCCESS, FAILURE] } }`)],
      [
        /stages\.check_orders\.inputs\.warehouse\.analytics\.orders: a blocking check looks at every label.*Remove it/,
      ],
    ],
    [
      'that blocks and would run without what it checks',
      [
        `check_orders: { check: ${ORDERS}, blocking: true, when: any, deadline: { after: 2h, then: partial }, assert: [ { a: { sql: "select 1 from partners.fares" } } ] }`,
      ],
      [
        /stages\.check_orders\.when: a blocking check needs all of its inputs.*Remove when/,
        /stages\.check_orders\.deadline\.then: a blocking check cannot run with a part.*Write wait or fail/,
      ],
    ],
    [
      'with the name of another check of the dataset',
      [check()],
      [
        /^pipelines\/more\.yaml:3:\d+ {2}stages\.check_orders: .*\$check_orders is already produced by stage checks\.check_orders.*Give this check another name/,
      ],
      { 'pipelines/more.yaml': `pipeline: more\nstages:\n  - ${check()}\n` },
    ],
    [
      'whose name is too long',
      [`${longName}: { check: ${wide}, assert: [ { a: { sql: select 1 } } ] }`],
      [
        /^pipelines\/checks\.yaml:3:5 {2}stages\.check_x+: the result of this check would be the dataset .* Shorten the name/,
      ],
      {
        'reefline.yaml': `${SHOP_PROJECT['reefline.yaml'] ?? ''}  ${wide}: { every: 1d, type: redshift }\n`,
      },
    ],
    [
      'that waits for what it holds back',
      [
        'check_orders: { check: warehouse.analytics.orders, blocking: true, assert: [ { sums: { sql: "select 1 from marts.daily_revenue" } } ], every: 1h }',
      ],
      [
        /:3:\d+ {2}stages\.check_orders: these stages wait for each other: .*checks\.check_orders.*orders\.daily_revenue.*blocking: false in the check checks\.check_orders/,
      ],
    ],
    [
      'that waits for a check that waits for it',
      [
        `check_orders: { check: ${ORDERS}, blocking: true, assert: [ { a: { sql: "select 1 from partners.fares" } } ] }`,
        `check_fares: { check: warehouse.partners.fares, blocking: true, assert: [ { a: { sql: "select 1 from analytics.orders" } } ] }`,
      ],
      [
        /:3:\d+ {2}stages\.check_orders: these stages wait for each other: checks\.check_orders -> checks\.check_fares -> checks\.check_orders\..*blocking: false/,
      ],
    ],
  ])('%s says where, what and the cure', async (_, stages, expected, files = {}) => {
    const problems = await problemsOf(shopWith(stages, files));
    expect(problems).toEqual(expected.map((pattern): unknown => expect.stringMatching(pattern)));
  });
});

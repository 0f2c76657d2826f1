import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { PublishWork } from '../../pipeline/stage.ts';
import { openTestOrg, type TestOrg } from '../support/salesforce-org.ts';
import { jobsMade, L8, L9, OUTPUT, salesforceSource } from '../support/salesforce-source.ts';
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts';

let warehouse: TestWarehouse;
let crm: TestOrg;
beforeAll(async () => {
  warehouse = await openTestWarehouse('salesforce');
  await warehouse.query('CREATE SCHEMA marts');
});
afterAll(() => warehouse.close());
beforeEach(async () => {
  crm = await openTestOrg();
  await warehouse.query('DROP TABLE IF EXISTS reefline.applied, reefline.failed_rows');
});
afterEach(() => crm.close());

const source = (columns: string, work?: Partial<PublishWork>) =>
  salesforceSource(warehouse, crm, columns, work);
const accounts = () => crm.query('SELECT Shop_Id__c, Name FROM Account ORDER BY Shop_Id__c');
const failedRows = (columns = 'row_key, error_code') =>
  warehouse.query(`SELECT ${columns} FROM reefline.failed_rows ORDER BY revision, row_key`);

describe('publishing to Salesforce', () => {
  test('inserts, then updates by external id, whatever the way to sign in', async () => {
    const table = await source('shop_id int, name varchar(80)');
    await table.fill("(1, 'a'), (2, 'b')");
    await expect(table.publish({ connection: crm.byPassword })).resolves.toMatchObject({
      rows: 2,
      columns: null,
    });
    await table.fill("(2, 'B'), (3, 'c')", L9);
    await expect(table.publish({ timelabel: L9, connection: crm.byAssertion })).resolves.toMatchObject({
      rows: 2,
    });
    expect(await accounts()).toEqual([
      { Shop_Id__c: '1', Name: 'a' },
      { Shop_Id__c: '2', Name: 'B' },
      { Shop_Id__c: '3', Name: 'c' },
    ]);
  });

  test('happens once per revision: a repeated and an older run send nothing and return the same figures', async () => {
    const table = await source('shop_id int, name varchar(80)');
    await table.fill("(1, 'second')");
    await table.publish({ revision: 2 });
    await table.fill("(1, 'changed'), (2, 'changed')");
    for (const revision of [1, 2])
      await expect(table.publish({ revision })).resolves.toMatchObject({ rows: 1 });
    expect(jobsMade(crm)).toBe(1);
    expect(await accounts()).toEqual([{ Shop_Id__c: '1', Name: 'second' }]);
    await expect(table.publish({ revision: 3 })).resolves.toMatchObject({ rows: 2 });
  });

  test('of a whole table ignores a label older than the newest that was published', async () => {
    const table = await source('shop_id int, name varchar(80)', { rows: 'all' });
    await table.fill("(1, 'nine')", L9);
    await table.publish({ timelabel: L9 });
    await expect(table.publish({ timelabel: L8 })).resolves.toMatchObject({ rows: 0 });
    expect(jobsMade(crm)).toBe(1);
  });

  test('a label without rows is a success with 0 rows and without a job', async () => {
    const table = await source('shop_id int, name varchar(80)');
    await expect(table.publish()).resolves.toMatchObject({ rows: 0 });
    expect(jobsMade(crm)).toBe(0);
  });

  test('awkward values come back equal', async () => {
    const text = String.raw`E'quote " and '' comma, back\\slash, line\nend, tab\there, 😀 é ﷽ #N/A'`;
    const table = await source(
      'shop_id varchar(40), name varchar(80), notes__c varchar(65535), active__c boolean, orders__c int, revenue__c numeric(38,10), ' +
        'rate__c float8, since__c date, seen__c timestamptz',
    );
    await table.fill(
      `('x,"1"', 'first', ${text}, true, 12345678, '1234567890123.45'::numeric, 0.1::float8, '2024-02-29'::date, '2024-07-01 02:00:00+02'::timestamptz),
       ('x2', 'second', NULL, false, NULL, -0.01, -1e-6::float8, NULL, NULL),
       ('x3', 'third', repeat('é', 40000), false, 0, 0, 0, '1700-01-01'::date, '1999-12-31 23:59:59Z'::timestamptz)`,
    );
    await expect(table.publish()).resolves.toMatchObject({ rows: 3 });
    const fields = 'Shop_Id__c, Notes__c, Active__c, Orders__c, Revenue__c, Rate__c, Since__c, Seen__c';
    const original = await table.sql('SELECT notes__c FROM $table ORDER BY shop_id');
    expect(await crm.query(`SELECT ${fields} FROM Account ORDER BY Shop_Id__c`)).toEqual([
      {
        Shop_Id__c: 'x,"1"',
        Notes__c: original[0]?.['notes__c'],
        Active__c: true,
        Orders__c: 12_345_678,
        Revenue__c: 1_234_567_890_123.45,
        Rate__c: 0.1,
        Since__c: '2024-02-29',
        Seen__c: '2024-07-01T00:00:00.000+0000',
      },
      {
        Shop_Id__c: 'x2',
        Notes__c: null,
        Active__c: false,
        Orders__c: null,
        Revenue__c: -0.01,
        Rate__c: -0.000001,
        Since__c: null,
        Seen__c: null,
      },
      {
        Shop_Id__c: 'x3',
        Notes__c: original[2]?.['notes__c'],
        Active__c: false,
        Orders__c: 0,
        Revenue__c: 0,
        Rate__c: 0,
        Since__c: '1700-01-01',
        Seen__c: '1999-12-31T23:59:59.000+0000',
      },
    ]);
  });

  test('NULL empties a field that had a value', async () => {
    const table = await source('shop_id int, name varchar(80), notes__c varchar(80)');
    await table.fill("(1, 'a', 'old')");
    await table.publish();
    await table.fill("(1, 'a', NULL::varchar)");
    await table.publish({ revision: 2 });
    expect(await crm.query('SELECT Notes__c FROM Account')).toEqual([{ Notes__c: null }]);
  });

  test('a value that Salesforce would change is refused with column and row, before anything is sent', async () => {
    const table = await source('shop_id int, name varchar(80), revenue__c numeric(12,4)');
    await table.fill("(1, 'a', 1.5), (2, 'b', 1.005)");
    const refused = table.publish();
    await expect(refused).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { column: 'revenue__c', key: '2' },
    });
    await expect(refused).rejects.toThrow(/Column "revenue__c".*Account\.Revenue__c/);
    expect(jobsMade(crm)).toBe(0);
  });

  test.each([
    ['duplicate', "(1, 'a'), (1, 'b')", /\(shop_id\) = \(1\) appears in 2 rows/],
    ['missing', "(NULL::int, 'a')", /\(shop_id\) = \(NULL\) is NULL/],
  ])('a %s key is refused before anything is sent', async (_kind, values, message) => {
    const table = await source('shop_id int, name varchar(80)');
    await table.fill(values);
    await expect(table.publish()).rejects.toThrow(message);
    expect(jobsMade(crm)).toBe(0);
  });
});

describe('rows that Salesforce refuses', () => {
  const mixed = `(1, 'a', 'gold'), (2, NULL::varchar, 'gold'), (3, 'c', E'no "such" \\\\tier'), (4, 'd', NULL::varchar)`;

  test('are kept in the warehouse, once, and fail the run when there are more than it tolerates', async () => {
    const table = await source('shop_id int, name varchar(80), tier__c varchar(20)');
    await table.fill(mixed);
    const refused = table.publish();
    await expect(refused).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { failed: 2, sent: 4, tolerated: 0 },
    });
    const message = await refused.then(
      () => '',
      (error: unknown) => String(error),
    );
    const query = /SELECT row_key.*(?=\.$)/.exec(message)?.[0];
    expect(await warehouse.query(`${query ?? ''} ORDER BY row_key`)).toMatchObject([
      { row_key: '2', error_code: 'REQUIRED_FIELD_MISSING' },
      { row_key: '3', error_code: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST' },
    ]);
    expect((await accounts()).map(({ Shop_Id__c: id }) => id)).toEqual(['1', '4']);
  });

  test('are tolerated up to max_failed_rows; what was sent can be read, and the run repeats nothing', async () => {
    const table = await source('shop_id int, name varchar(80), tier__c varchar(20)', { maxFailedRows: 2 });
    await table.fill(mixed);
    await expect(table.publish()).resolves.toMatchObject({ rows: 2 });
    await expect(table.publish()).resolves.toMatchObject({ rows: 2 });
    const rows = await failedRows('dataset, reefline_timelabel, revision, row_key, sent');
    expect(rows).toMatchObject([
      { dataset: OUTPUT, reefline_timelabel: L8, revision: 1, row_key: '2' },
      { row_key: '3' },
    ]);
    expect(JSON.parse(String(rows[1]?.['sent']))).toEqual({
      Shop_Id__c: '3',
      Name: 'c',
      Tier__c: 'no "such" \\tier',
    });
    expect(jobsMade(crm)).toBe(1);
  });

  test('of a later revision stand beside those of the earlier one', async () => {
    const table = await source('shop_id int, name varchar(80)', { maxFailedRows: 1 });
    await table.fill('(1, NULL::varchar)');
    await table.publish();
    await table.publish({ revision: 2 });
    expect(await failedRows('revision, row_key')).toEqual([
      { revision: 1, row_key: '1' },
      { revision: 2, row_key: '1' },
    ]);
  });
});

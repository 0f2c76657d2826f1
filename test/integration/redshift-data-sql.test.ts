import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TestRedshift } from '../support/redshift-data.ts';

let redshift: TestRedshift;
beforeAll(async () => {
  redshift = await TestRedshift.start();
});
afterAll(async () => {
  await redshift.stop();
});

describe('Redshift SQL', () => {
  test.each([
    ["datediff(hour, '2001-01-01 00:59:59', '2001-01-01 01:00:00')", 1],
    ["datediff(day, timestamp '2001-01-01 23:59:59', timestamp '2001-01-02 00:00:00')", 1],
    ["datediff(day, timestamp '2001-01-01 00:00:00', timestamp '2001-01-01 23:59:59')", 0],
    ["datediff(week, date '2001-01-06', date '2001-01-07')", 1],
    ["datediff(month, date '2001-02-01', date '2001-01-31')", -1],
    ["datediff(year, date '2000-12-31', date '2001-01-01')", 1],
    ["datediff(second, timestamp '2001-01-01 00:00:00.9', timestamp '2001-01-01 00:00:01.1')", 1],
    ["dateadd(month, 1, date '2001-01-31')", '2001-02-28 00:00:00'],
    ["add_months(date '2001-02-28', 1)", '2001-03-31 00:00:00'],
    ["convert_timezone('America/New_York', timestamp '2001-01-01 05:00:00')", '2001-01-01 00:00:00'],
    ["extract(hour from timestamp '2001-01-01 05:59:59')", 5],
    ["decode(2, 1, 'one', 2, 'two', 'more')", 'two'],
    ["nvl2(null, 'a', 'b')", 'b'],
    ['7 / 2', 3],
    ["strtol('ff', 16)", 255],
    ["sha2('', 256)", 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ["'a\\\\b'", 'a\\b'],
    ['1.5::decimal', '2'],
  ])('%s', async (expression, value) => {
    expect(await redshift.rows(`SELECT ${expression}`)).toEqual([[value]]);
  });

  test('averages of whole numbers are whole, and texts are listed in order', async () => {
    const from = "(SELECT 1 AS n, 'b' AS w UNION ALL SELECT 2, 'a') AS t";
    const sql = `SELECT avg(n), avg(n::float8), listagg(w, '-') WITHIN GROUP (ORDER BY w), median(n) FROM ${from}`;
    expect(await redshift.rows(sql)).toEqual([[1, 1.5, 'a-b', 1.5]]);
  });

  test('keys are informational: doubled rows are taken', async () => {
    await redshift.rows(
      'CREATE TABLE doubled (id int ENCODE az64, name varchar(5) UNIQUE, PRIMARY KEY (id)) DISTKEY (id) SORTKEY (id)',
    );
    await redshift.rows("INSERT INTO doubled VALUES (1, 'a'), (1, 'a')");
    expect(await redshift.rows('SELECT count(*) FROM doubled')).toEqual([[2]]);
    const columns = await redshift.rows(
      'SELECT "column", type FROM pg_table_def WHERE tablename = \'doubled\'',
    );
    expect(columns).toEqual([
      ['id', 'integer'],
      ['name', 'character varying(5)'],
    ]);
  });

  test('merges, and keeps a materialized view', async () => {
    await redshift.rows("CREATE TABLE merged AS SELECT 1 AS id, 'old'::varchar(5) AS v");
    await redshift.rows('CREATE MATERIALIZED VIEW merged_view AUTO REFRESH YES AS SELECT id, v FROM merged');
    await redshift.rows(
      "MERGE INTO merged USING (SELECT 1 AS id, 'new' AS v UNION ALL SELECT 2, 'two') AS s ON merged.id = s.id " +
        'WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v)',
    );
    await redshift.rows('REFRESH MATERIALIZED VIEW merged_view');
    expect(await redshift.rows('SELECT * FROM merged_view ORDER BY id')).toEqual([
      [1, 'new'],
      [2, 'two'],
    ]);
  });
});

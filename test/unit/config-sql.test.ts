import { describe, expect, test } from '@jest/globals';
import { readSql } from '../../config/sql-inputs.ts';

function tablesOf(sql: string): readonly string[] {
  const { tables, problems } = readSql(sql, 'redshift');
  expect(problems).toEqual([]);
  return tables
    .filter((table) => !table.maybeNested)
    .map(({ catalog, schema, table }) =>
      [catalog, schema, table].filter((part) => part !== undefined).join('.'),
    );
}

describe('the tables that a SELECT reads', () => {
  test.each([
    ['a plain SELECT', 'select * from s.a', ['s.a']],
    [
      'joins of every kind',
      'select 1 from s.a left join s.b using (x) cross join s.c, s.d',
      ['s.a', 's.b', 's.c', 's.d'],
    ],
    [
      'joins in parentheses',
      'select 1 from (s.a join s.b on true) left join s.c on true',
      ['s.a', 's.b', 's.c'],
    ],
    [
      'subqueries anywhere',
      'select (select max(x) from s.a) from (select 1 from s.b) q where exists (select 1 from s.c) and y in (select y from s.d)',
      ['s.a', 's.b', 's.c', 's.d'],
    ],
    [
      'a SELECT in a function, a CASE, HAVING and ORDER BY',
      'select coalesce((select 1 from s.a), case when x then (select 2 from s.b) end) from s.c group by 1 having max(z) > (select 1 from s.d) order by (select 1 from s.e)',
      ['s.a', 's.b', 's.c', 's.d', 's.e'],
    ],
    [
      'unions',
      '(select 1 from s.a) union all select 2 from s.b except select 3 from s.c intersect select 4 from s.d',
      ['s.a', 's.b', 's.c', 's.d'],
    ],
    [
      'CTEs, which are no tables',
      'with a as (select 1 from s.t), b as (select 1 from a) select * from b join a on true',
      ['s.t'],
    ],
    ['CTEs over a union', 'with a as (select 1 from s.t) select * from a union select * from A', ['s.t']],
    [
      'a CTE inside a subquery, unknown outside',
      'select * from (with z as (select 1 from s.a) select * from z) q, z',
      ['s.a', 'z'],
    ],
    [
      'a CTE with the name of a table in a schema',
      'with orders as (select * from s.orders) select * from orders',
      ['s.orders'],
    ],
    [
      'a CTE that reads a table of its own name',
      'with orders as (select * from orders) select * from orders',
      ['orders'],
    ],
    [
      'a recursive CTE',
      'with recursive r(n) as (select x from s.a union all select n + 1 from r) select * from r',
      ['s.a'],
    ],
    ['quoted names', 'select 1 from "S x"."T.y" t', ['S x.T.y']],
    ['a database in front', 'select 1 from dev.s.a', ['dev.s.a']],
    [
      'table functions, which are no tables',
      'select * from generate_series(1, 2) g join s.a on true',
      ['s.a'],
    ],
    [
      'nested fields of a row, which are no tables',
      'select * from s.customers c, c.orders o',
      ['s.customers'],
    ],
    ['columns that are called like tables', 'select a.b, s.t.c from s.t', ['s.t']],
    [
      'comments and texts, which read nothing',
      "select 'from s.x' /* from s.y */ from s.a -- from s.z",
      ['s.a'],
    ],
    [
      'parameters',
      "select :timelabel, :interval_start::date, ':x' from s.a where t between :interval_start and :interval_end",
      ['s.a'],
    ],
    [
      'windows, QUALIFY and PIVOT',
      'select row_number() over (partition by x) from s.a pivot (sum(x) for y in (1, 2)) qualify 1 = 1',
      ['s.a'],
    ],
    ['a semicolon at the end', 'select 1 from s.a;', ['s.a']],
  ])('%s', (_, sql, tables) => {
    expect([...tablesOf(sql)].sort()).toEqual([...tables].sort());
  });

  test('stand where they are written, also behind characters of several units', () => {
    const { tables } = readSql("-- 😀 é\nselect '😀', :timelabel\n  from s.a", 'redshift');
    expect(tables).toMatchObject([{ schema: 's', table: 'a', line: 3, column: 8 }]);
  });
});

describe('SQL that is refused', () => {
  test.each([
    ['', 1, /no statement/],
    ['-- nothing\n', 1, /no statement/],
    ['select 1\nfrom s.a where ((1 = 1', 2, /does not parse/],
    ['insert into s.a select 1', 1, /no SELECT but INSERT/],
    ['create table s.a as select 1', 1, /no SELECT but CREATE TABLE/],
    ['select 1 into s.b from s.a', 1, /INTO/],
    ['select 1 from s.a;\nselect 2', 1, /2 statements/],
    ["select 1\nfrom s.a where x = ':day' and\n  y = :day", 2, /:day is no parameter/],
  ])('%j', (sql, line, problem) => {
    const { problems } = readSql(sql, 'redshift');
    expect(problems).toMatchObject([{ line, problem: expect.stringMatching(problem) }]);
    expect(problems[0]?.cure).not.toBe('');
  });
});

import { describe, expect, test } from '@jest/globals';
import { readSqlColumns, type SqlColumn, type TableColumns } from '../../config/sql-columns.ts';

const ORDERS: TableColumns = { schema: 'a', table: 'orders', columns: ['id', 'amount', 'discount', 'cust'] };
const CUSTOMERS: TableColumns = { schema: 'a', table: 'customers', columns: ['id', 'name', 'country'] };

/** `revenue <- a.orders.amount a.orders.discount`, sources sorted; `?` for what is not told. */
function written(column: SqlColumn): string {
  const nameOf = ({ catalog, schema, table }: Parts): string =>
    [catalog, schema, table].filter((part) => part !== undefined).join('.');
  switch (column.kind) {
    case 'every':
      return `* <- ${[...column.tables.map(nameOf).sort(), ...(column.certain ? [] : ['?'])].join(' ')}`;
    case 'column': {
      const from = column.from.map((source) => `${nameOf(source.table)}.${source.column}`).sort();
      return `${column.name ?? '-'} <- ${[...from, ...(column.complete ? [] : ['?'])].join(' ')}`.trimEnd();
    }
  }
}

interface Parts {
  readonly catalog: string | undefined;
  readonly schema: string | undefined;
  readonly table: string;
}

function columnsOf(sql: string, known: readonly TableColumns[] = []): readonly string[] {
  return readSqlColumns(sql, 'redshift', known).map(written);
}

describe('the columns of a SELECT, from its text alone', () => {
  test.each<[string, string, readonly string[]]>([
    ['a column and an alias', 'select x, y as z from s.t', ['x <- s.t.x', 'z <- s.t.y']],
    [
      'an expression over two columns',
      'select o.amount - o.discount as revenue from a.orders o',
      ['revenue <- a.orders.amount a.orders.discount'],
    ],
    [
      'CASE, CAST and functions',
      "select case when x > 1 then y else 0 end as c, x::date as d, coalesce(nullif(trim(z), ''), 'none') as f from s.t",
      ['c <- s.t.x s.t.y', 'd <- s.t.x', 'f <- s.t.z'],
    ],
    [
      'aggregates',
      "select k, sum(v) as total, count(distinct w) as n, listagg(x, ',') within group (order by y) as l from s.t group by k",
      ['k <- s.t.k', 'total <- s.t.v', 'n <- s.t.w', 'l <- s.t.x s.t.y'],
    ],
    [
      'a window function with its partition and order',
      'select row_number() over (partition by k order by ts desc) as rn, lag(v) over (order by ts) as before from s.t',
      ['rn <- s.t.k s.t.ts', 'before <- s.t.ts s.t.v'],
    ],
    [
      'constants, parameters, the clock and a count of rows, which come from no column',
      "select 'web' as channel, :timelabel as label, getdate() as at, count(*) as n from s.t",
      ['channel <-', 'label <-', 'at <-', 'n <-'],
    ],
    [
      'joined tables by their aliases, whatever the join conditions are',
      'select o.x, c.y from s.o o left join s.c as c on c.k = o.k and c.z > o.z',
      ['x <- s.o.x', 'y <- s.c.y'],
    ],
    [
      'tables by their own names, with and without a database',
      'select orders.x, u.y from dev.s.orders, s.u',
      ['x <- dev.s.orders.x', 'y <- s.u.y'],
    ],
    [
      'a chain of CTEs',
      'with b as (select x as k, y from s.t), c as (select k, y * 2 as yy from b) select k, yy + 1 as z from c',
      ['k <- s.t.x', 'z <- s.t.y'],
    ],
    [
      'a CTE with names of its own',
      'with c(p, q) as (select x, y from s.t) select p, q from c',
      ['p <- s.t.x', 'q <- s.t.y'],
    ],
    [
      'a CTE that hides a table of the same name',
      'with orders as (select x as z from s.orders) select z from orders',
      ['z <- s.orders.x'],
    ],
    [
      'CTEs that only pass a table on',
      'with b as (select * from s.t), c as (select * from b) select x, y as z from c',
      ['x <- s.t.x', 'z <- s.t.y'],
    ],
    [
      'a count and a constant inside a CTE',
      "with c as (select k, count(*) as n, 'web' as w from s.t group by k) select k, n, w from c",
      ['k <- s.t.k', 'n <-', 'w <-'],
    ],
    [
      'a recursive CTE',
      'with recursive r as (select id, n from s.t union all select e.k, r.n + e.v from r join s.edges e on e.i = r.id) select id, n from r',
      ['id <- s.edges.k s.t.id', 'n <- s.edges.v s.t.n'],
    ],
    [
      'a subquery in FROM, and one in it',
      'select q.z from (select p.y as z from (select x as y from s.t) p) q',
      ['z <- s.t.x'],
    ],
    [
      'a scalar subquery',
      'select o.x, (select max(c.v) from s.c c where c.k = o.k) as m from s.o o',
      ['x <- s.o.x', 'm <- s.c.v'],
    ],
    [
      'a condition with a subquery, which picks rows only',
      'select x from s.t where k in (select k from s.u) and exists (select 1 from s.v)',
      ['x <- s.t.x'],
    ],
    [
      'a union, by position',
      'select x as k from s.a union all select y from s.b union select z from s.c',
      ['k <- s.a.x s.b.y s.c.z'],
    ],
    [
      'a union in parentheses with an order',
      '(select x as k from s.a) union all (select y from s.b) order by 1 limit 3',
      ['k <- s.a.x s.b.y'],
    ],
    [
      'a union in a subquery',
      'select k from (select x as k from s.a union select y from s.b) u',
      ['k <- s.a.x s.b.y'],
    ],
    [
      'SQL functions of the standard with words between their arguments',
      "select position('a' in e.x) as p, extract(hour from y) as h from s.t e",
      ['p <- s.t.x', 'h <- s.t.y'],
    ],
    ['DISTINCT and TOP', 'select distinct top 3 x, y from s.t', ['x <- s.t.x', 'y <- s.t.y']],
    [
      'an alias that the next column uses',
      'select x as a, a * 2 as b from s.t',
      ['a <- s.t.x', 'b <- s.t.x'],
    ],
    [
      'names in quotes',
      'select "Weird Col", t."a.b" as c from s."T t" t',
      ['Weird Col <- s.T t.Weird Col', 'c <- s.T t.a.b'],
    ],
    ['expressions without a name', 'select count(*), max(v) from s.t', ['- <-', '- <- s.t.v']],
    ['* of one table', 'select * from s.t', ['* <- s.t']],
    [
      '* of one table beside columns of another',
      'select t.*, u.z, coalesce(u.y, 0) as y from s.t t join s."u$" u on true',
      ['* <- s.t', 'z <- s.u$.z', 'y <- s.u$.y'],
    ],
    ['* of two tables', 'select * from s.t join s.u x on true', ['* <- s.t s.u']],
    [
      '* of a CTE that names its columns',
      'with c as (select x as k, y from s.t) select * from c',
      ['k <- s.t.x', 'y <- s.t.y'],
    ],
  ])('%s', (_what, sql, expected) => {
    expect(columnsOf(sql)).toEqual(expected);
  });
});

describe('the columns of a SELECT, with the columns of its tables', () => {
  test.each<[string, string, readonly string[]]>([
    [
      '* is expanded, in whatever letters the table is written',
      'select * from A.Orders',
      [
        'id <- A.Orders.id',
        'amount <- A.Orders.amount',
        'discount <- A.Orders.discount',
        'cust <- A.Orders.cust',
      ],
    ],
    [
      '* through CTEs',
      'with b as (select * from a.customers), c as (select *, upper(name) as big from b) select * from c',
      [
        'id <- a.customers.id',
        'name <- a.customers.name',
        'country <- a.customers.country',
        'big <- a.customers.name',
      ],
    ],
    [
      'a column without a table belongs to the one that has it',
      'select name, amount from a.orders o join a.customers c on c.id = o.cust',
      ['name <- a.customers.name', 'amount <- a.orders.amount'],
    ],
    [
      'a column of USING comes from both',
      'select id from a.orders join a.customers using (id)',
      ['id <- a.customers.id a.orders.id'],
    ],
    [
      'a column that is newer than what is known',
      'select brand_new from a.orders',
      ['brand_new <- a.orders.brand_new'],
    ],
  ])('%s', (_what, sql, expected) => {
    expect(columnsOf(sql, [ORDERS, CUSTOMERS])).toEqual(expected);
  });
});

describe('what the SQL does not tell is marked, not guessed', () => {
  test.each<[string, string, readonly string[]]>([
    ['a column that either table may have', 'select y from s.t join s.u on true', ['y <- ?']],
    ['one of them in an expression', 'select t.x + y as z from s.t t join s.u u on true', ['z <- s.t.x ?']],
    [
      'a column through * of two tables',
      'with c as (select * from s.t join s.u on true) select x from c',
      ['x <- ?'],
    ],
    ['* of such a CTE', 'with c as (select * from s.t join s.u on true) select * from c', ['* <- s.t s.u ?']],
    [
      '* of a CTE that adds a column to *',
      'with c as (select *, 1 as one from s.t) select * from c',
      ['* <- s.t ?', 'one <-'],
    ],
    [
      '* of a union, which goes by position',
      'select * from s.a union all select * from s.b',
      ['* <- s.a s.b ?'],
    ],
    ['* EXCLUDE', 'select * exclude (x) from s.t', ['* <- s.t ?']],
    ['PIVOT', 'select f.v, * from s.t pivot (sum(a) for b in (1, 2)) f', ['v <- ?', '* <- ?']],
    ['an alias list of a subquery', 'select p from (select x from s.t) as q(p)', ['p <- ?']],
    [
      'an alias that a subquery uses for another table',
      'select (select count(*) from s.b z where z.i = a.i) as n from s.a a join s.c z on true',
      ['n <- ?'],
    ],
    ['rows without a table', 'values (1, 2)', ['* <- ?']],
    ['SQL that does not parse', 'select from where', ['* <- ?']],
  ])('%s', (_what, sql, expected) => {
    expect(columnsOf(sql)).toEqual(expected);
  });

  test('columns left out by EXCLUDE are not brought back by what is known of the table', () => {
    expect(columnsOf('select * exclude (amount) from a.orders', [ORDERS])).toEqual(['* <- a.orders ?']);
  });
});

import type { ProjectFiles } from './project-files.ts';

/** The project of docs/on-call.md: hourly orders and daily accounts become a revenue per day, which a shop's CRM reads. */
export function shopFiles(bucket: string, database: string): ProjectFiles {
  return {
    'reefline.yaml': `connections:
  shop:      { kind: postgres, url: "\${env:SHOP_URL}" }
  lake:      { kind: s3, bucket: ${bucket} }
  warehouse: { kind: redshift, database: ${database}, workgroup: main }
  serving:   { kind: postgres, url: "\${env:SERVING_URL}" }
endpoints:
  customers: { kind: sqs, queueUrl: "\${env:CUSTOMER_QUEUE_URL}", health: { failedCalls: 100 } }
datasets:
  warehouse.partners.rates: { every: 1d, type: redshift }
`,
    'pipelines/accounts.yaml': `pipeline: accounts
stages:
  - fetch_accounts: { extract: shop.public.accounts, to: lake.shop.accounts, mode: snapshot, schedule: "10 0 * * *" }
  - load_accounts:  { load: lake.shop.accounts, to: warehouse.analytics.accounts, mode: replace }
`,
    'pipelines/orders.yaml': ORDERS,
    'sql/daily_revenue.sql': DAILY_REVENUE,
  };
}

const ORDERS = `pipeline: orders
stages:
  - fetch_orders:  { extract: shop.public.orders, to: lake.shop.orders, mode: incremental_append, cursor: created_at, schedule: "10 * * * *" }
  - load_orders:   { load: lake.shop.orders, to: warehouse.analytics.orders, mode: merge, key: [id] }
  - check_orders:
      check: warehouse.analytics.orders
      blocking: true
      assert:
        - amounts_are_positive: { sql: "select id, amount from analytics.orders where reefline_timelabel = :timelabel and amount <= 0" }
  - daily_revenue: { transform: sql/daily_revenue.sql, to: warehouse.marts.daily_revenue, every: 1d, mode: append }
  - push_revenue:  { publish: warehouse.marts.daily_revenue, to: serving.public.daily_revenue, key: [day, country] }
`;

const DAILY_REVENUE = `select r.day, a.country, count(*) as orders, cast(sum(o.amount * r.rate) as decimal(18,2)) as revenue
from analytics.orders o
join analytics.accounts a on a.id = o.account_id
join partners.rates r on r.currency = a.currency
where o.created_at >= :interval_start and o.created_at < :interval_end
  and r.day = cast(:interval_start as date)
group by r.day, a.country
`;

/** The revenue of a day is to be there at six o'clock. */
export const PUNCTUAL = ['every: 1d, mode: append }', 'every: 1d, mode: append, deadline: 6h }'] as const;

/** Most orders have no discount, and what is computed with NULL is NULL, which a sum leaves out. */
export const WRONG_REVENUE = DAILY_REVENUE.replace(
  'sum(o.amount * r.rate)',
  'sum((o.amount - o.discount) * r.rate)',
);
export const RIGHT_REVENUE = DAILY_REVENUE.replace(
  'sum(o.amount * r.rate)',
  'sum((o.amount - coalesce(o.discount, 0)) * r.rate)',
);
export const GUARDED_ORDERS = `${ORDERS}  - check_revenue:
      check: warehouse.marts.daily_revenue
      blocking: true
      assert:
        - orders_bring_money: { sql: "select day, country, orders, revenue from marts.daily_revenue where reefline_timelabel = :timelabel and coalesce(revenue, 0) < 10 * orders" }
`;

/** What the source and the warehouse hold when the story begins; the rates are written by a service outside. */
export const SHOP_TABLES = `
create table accounts (id int primary key, country text not null, currency text not null);
insert into accounts values (1, 'CH', 'CHF'), (2, 'DE', 'EUR'), (3, 'US', 'USD');
create table orders (id bigint primary key, account_id int not null, amount numeric(10,2) not null, created_at timestamptz not null);
insert into orders
select h * 3 + n, n, 20 + 10 * n + h % 7, timestamptz '2020-03-02 00:05Z' + h * interval '1 hour' + n * interval '10 minutes'
  from generate_series(0, 5 * 24 - 1) h, generate_series(1, 3) n;
`;
export const WAREHOUSE_TABLES = `
create schema partners;
create table partners.rates (day date, currency text, rate numeric(8,4));
insert into partners.rates
select day::date, currency, rate from generate_series('2020-03-02'::date, '2020-03-06', '1 day') day,
  (values ('CHF', 0.94), ('EUR', 1.11), ('USD', 1.00)) v (currency, rate);
`;

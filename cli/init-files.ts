/** The files of the project that `reefline init` writes, by their path in it. */
export const INIT_FILES: Readonly<Record<string, string>> = {
  'reefline.yaml': `# What all pipelines of the project share. Secrets are references that only a worker resolves.
connections:
  shop: { kind: postgres, url: '\${env:SHOP_URL}' }
  lake: { kind: s3, bucket: orders-lake, prefix: stage }
  warehouse: { kind: redshift, workgroup: orders, database: dev }
  serving: { kind: postgres, url: '\${env:SERVING_URL}' }

# Where the events of all datasets are sent.
endpoints:
  customers: { kind: sqs, queueUrl: '\${env:EVENTS_QUEUE_URL}' }
`,

  'pipelines/orders.yaml': `pipeline: orders
stages:
  # Every minute, so that there is something to see. '10 * * * *' fetches each hour at ten past the next one.
  - fetch_orders:
      extract: shop.public.orders
      to: lake.shop.orders
      mode: incremental_append
      cursor: created_at
      schedule: '* * * * *'
  - load_orders: { load: lake.shop.orders, to: warehouse.analytics.orders, mode: merge, key: [id] }
  # Its input is the table that the SQL reads. With "every: 1h" it would wait for 60 of 60 minutes.
  - revenue: { transform: sql/revenue.sql, to: warehouse.marts.revenue, mode: append }
  - serve_revenue: { publish: warehouse.marts.revenue, to: serving.public.revenue, key: [minute, product] }
`,

  'sql/revenue.sql': `-- What was sold in one minute, by product.
SELECT
  CAST(:interval_start AS TIMESTAMP) AS minute,
  o.product,
  COUNT(*) AS orders,
  CAST(SUM(o.price) AS DECIMAL(12, 2)) AS revenue
FROM analytics.orders AS o
WHERE o.created_at >= :interval_start AND o.created_at < :interval_end
GROUP BY o.product
`,

  'seed/shop.sql': `-- "reefline dev" runs this once in the database that stands in for the connection "shop".
-- One order every five seconds from a quarter of an hour ago until tomorrow: new ones become due by themselves.
CREATE TABLE public.orders (
  id bigint PRIMARY KEY,
  product text NOT NULL,
  price numeric(10, 2) NOT NULL,
  created_at timestamp NOT NULL
);

INSERT INTO public.orders
SELECT
  n,
  (ARRAY['tea', 'coffee', 'cocoa'])[1 + n % 3],
  round((2 + n % 7 + 0.5 * (n % 2))::numeric, 2),
  date_trunc('minute', now() AT TIME ZONE 'UTC') - interval '15 minutes' + n * interval '5 seconds'
FROM generate_series(1, 17280) AS n;
`,

  '.gitignore': `# Variables with secrets are for the workers, not for the repository.
.env
*.log
`,

  'README.md': `# Orders

A Reefline project: orders go from a shop's database to the warehouse, are summed up there, and the sums are served.

| file                    | holds                                                    |
| ----------------------- | -------------------------------------------------------- |
| \`reefline.yaml\`         | connections and endpoints                                |
| \`pipelines/orders.yaml\` | the stages: fetch, load, transform, publish              |
| \`sql/revenue.sql\`       | the transform; its inputs are the tables that it reads   |
| \`seed/shop.sql\`         | sample rows of the source, for \`reefline dev\`            |

\`\`\`
reefline validate     # all problems at once, needs no server
reefline dev          # runs it on this machine; change a file and it is applied
reefline status       # how the newest labels of each stage stand
\`\`\`

To run it for real, set \`SHOP_URL\`, \`SERVING_URL\` and \`EVENTS_QUEUE_URL\` for the workers, \`REEFLINE_CATALOG_URL\` and
\`TEMPORAL_ADDRESS\` for all, then \`reefline catalog migrate\` and \`reefline apply\`.
`,
};

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Files of a project by their path in it. */
export type ProjectFiles = Readonly<Record<string, string>>;

const SETTINGS = `connections:
  shop:      { kind: postgres, url: "\${env:SHOP_URL}" }
  lake:      { kind: s3, bucket: acme-lake, prefix: stage }
  catalog:   { kind: glue, databasePrefix: acme_ }
  warehouse: { kind: redshift, database: dev, workgroup: main }
  serving:   { kind: postgres, url: "\${env:SERVING_URL}" }
endpoints:
  customers: { kind: sqs, queueUrl: "\${env:CUSTOMER_QUEUE_URL}" }
datasets:
  warehouse.partners.fares: { every: 1d, type: redshift }
`;

const ORDERS = `pipeline: orders
stages:
  - fetch_orders:    { extract: shop.public.orders, to: lake.shop.orders, mode: incremental_append, cursor: created_at, schedule: "10 * * * *" }
  - register_orders: { register: lake.shop.orders, to: catalog.shop.orders }
  - load_orders:     { load: lake.shop.orders, to: warehouse.analytics.orders, mode: merge, key: [id] }
  - daily_revenue:   { transform: sql/daily_revenue.sql, to: warehouse.marts.daily_revenue, every: 1d, mode: append }
  - push_revenue:    { publish: warehouse.marts.daily_revenue, to: serving.public.daily_revenue, key: [day] }
`;

const DAILY_REVENUE = `select date_trunc('day', created_at)::date as day, sum(o.price) as revenue
from analytics.orders o
join partners.fares f on f.id = o.fare_id
where o.created_at >= :interval_start and o.created_at < :interval_end
group by 1
`;

/** A small project without problems: an hourly table, a daily summary of it and its publication. */
export const SHOP_PROJECT: ProjectFiles = {
  'reefline.yaml': SETTINGS,
  'pipelines/orders.yaml': ORDERS,
  'sql/daily_revenue.sql': DAILY_REVENUE,
};

/** The same with one more section in its settings. */
export function shopWith(section: string): ProjectFiles {
  return { ...SHOP_PROJECT, 'reefline.yaml': `${SETTINGS}\n${section}\n` };
}

/** Writes a project into a temporary folder, hands the folder over, and removes it afterwards. */
export async function withProject<Result>(
  files: ProjectFiles,
  use: (dir: string) => Promise<Result>,
): Promise<Result> {
  const dir = await mkdtemp(join(tmpdir(), 'reefline-project-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), text);
    }
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

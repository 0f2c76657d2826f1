import { describe, expect, test } from '@jest/globals';
import { addLineageCommand } from '../../cli/commands/lineage.ts';
import { check, ORDERS, shopWith } from '../support/check-files.ts';
import { type CliOutcome, runReefline } from '../support/cli-terminal.ts';
import { type ProjectFiles, withProject } from '../support/project-files.ts';

const FILES: ProjectFiles = {
  'reefline.yaml': `connections:
  shop:      { kind: postgres, url: "\${env:SHOP_URL}" }
  lake:      { kind: s3, bucket: acme-lake }
  warehouse: { kind: redshift, database: dev, workgroup: main }
  serving:   { kind: postgres, url: "\${env:SERVING_URL}" }
datasets:
  warehouse.partners.fares: { every: 1d, type: redshift }
`,
  'pipelines/orders.yaml': `pipeline: orders
stages:
  - fetch_orders: { extract: shop.public.orders, to: lake.shop.orders, mode: incremental_append, cursor: created_at, schedule: "10 * * * *" }
  - load_orders:  { load: lake.shop.orders, to: warehouse.analytics.orders, mode: merge, key: [id] }
`,
  'pipelines/marts.yaml': `pipeline: marts
stages:
  - daily:   { transform: sql/daily.sql, to: warehouse.marts.daily, every: 1d, mode: append, static: [ref.codes] }
  - totals:  { transform: sql/totals.sql, to: warehouse.marts.totals, mode: replace }
  - push:    { publish: warehouse.marts.totals, to: serving.public.totals, key: [day] }
`,
  'sql/daily.sql': `select o.day, f.name, sum(o.price - o.discount) as revenue, c.code
from analytics.orders o join partners.fares f on f.id = o.fare_id join ref.codes c on c.id = o.code_id
group by 1, 2, 4
`,
  'sql/totals.sql': `select d.day, sum(revenue) as total, max(fee) as fee
from marts.daily d join partners.fares f on f.name = d.name
group by 1
`,
};

/** The project is read from files, so that no server is needed. */
function lineage(...argv: readonly string[]): Promise<CliOutcome> {
  return withProject(FILES, (dir) =>
    runReefline(['lineage', ...argv, '--project', dir], { commands: [addLineageCommand] }),
  );
}

describe('reefline lineage', () => {
  test('shows the way up to the sources, each dataset once, with stage, period, window and pipeline', async () => {
    const { exitCode, stdout } = await lineage('warehouse.marts.totals', '--up');
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`Upstream of warehouse.marts.totals
warehouse.marts.totals            transform marts.totals, every 1d
├─ warehouse.marts.daily          transform marts.daily, every 1d, window same
│  ├─ warehouse.analytics.orders  load orders.load_orders, every 1h, window all, from pipeline orders
│  │  └─ lake.shop.orders         extract orders.fetch_orders, every 1h, window same
│  │     └─ shop.public.orders    source
│  ├─ warehouse.partners.fares    outside service, window same
│  └─ warehouse.ref.codes         static
└─ warehouse.partners.fares       outside service, window same
`);
  });

  test('shows the way down to what is published, with the static tables of each stage', async () => {
    const { stdout } = await lineage('lake.shop.orders', '--down', '--depth', '2');
    expect(stdout).toBe(`Downstream of lake.shop.orders
lake.shop.orders               extract orders.fetch_orders, every 1h
└─ warehouse.analytics.orders  load orders.load_orders, every 1h, window same
   └─ warehouse.marts.daily    transform marts.daily, every 1d, window all, in pipeline marts, static warehouse.ref.codes, …
`);
  });

  test('tells the columns of each stage, as far as the SQL does', async () => {
    const { stdout } = await lineage('warehouse.marts.totals', '--up', '--depth', '2', '--columns');
    expect(stdout).toMatch(/^ {2}day {3}<- warehouse\.marts\.daily\.day$/m);
    expect(stdout).toMatch(/^ {2}total <- warehouse\.marts\.daily\.revenue$/m);
    expect(stdout).toMatch(/^ {2}fee {3}<- \?$/m);
    expect(stdout).toMatch(/^ {2}revenue <- warehouse\.analytics\.orders\.discount, \.price$/m);
    expect(stdout).not.toMatch(/^warehouse\.analytics\.orders/m);
  });

  test('follows a column up to the columns of the source and down to what is published', async () => {
    const { stdout } = await lineage('warehouse.marts.daily', '--column', 'REVENUE');
    expect(stdout).toBe(`Upstream of warehouse.marts.daily.revenue
warehouse.marts.daily.revenue           transform marts.daily
├─ warehouse.analytics.orders.discount  load orders.load_orders
│  └─ lake.shop.orders.discount         extract orders.fetch_orders
│     └─ shop.public.orders.discount    source
└─ warehouse.analytics.orders.price     load orders.load_orders
   └─ lake.shop.orders.price            extract orders.fetch_orders
      └─ shop.public.orders.price       source

Downstream of warehouse.marts.daily.revenue
warehouse.marts.daily.revenue      transform marts.daily
└─ warehouse.marts.totals.total    transform marts.totals
   └─ serving.public.totals.total  publish marts.push
? perhaps also in columns of marts.totals, whose SQL does not tell all of them
`);
  });

  test('names a blocking check at the inputs that wait for it, and shows it as a dependent once', async () => {
    await withProject(shopWith([check(', blocking: true')]), async (dir) => {
      const argv = ['lineage', ORDERS, '--down', '--project', dir];
      const { stdout } = await runReefline(argv, { commands: [addLineageCommand] });
      expect(stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, '  '))).toEqual([
        `Downstream of ${ORDERS}`,
        `${ORDERS}  load orders.load_orders, every 1h`,
        `├─ ${ORDERS}$check_orders  blocking check checks.check_orders, every 1h, window same, in pipeline checks`,
        `└─ warehouse.marts.daily_revenue  transform orders.daily_revenue, every 1d, window all, checked by checks.check_orders`,
        `  └─ serving.public.daily_revenue  publish orders.push_revenue, every 1d, window same`,
        '',
      ]);
      const asked = await runReefline([...argv, '--json'], { commands: [addLineageCommand] });
      const { edges } = JSON.parse(asked.stdout) as { edges: readonly { from: string; gate?: string }[] };
      expect(edges.filter(({ gate }) => gate === ORDERS).map(({ from }) => from)).toEqual([
        `dataset:${ORDERS}$check_orders`,
      ]);
    });
  });

  test('gives nodes and edges in the direction of the data as JSON', async () => {
    const { stdout } = await lineage('warehouse.marts.daily', '--up', '--depth', '1', '--json', '--columns');
    const json = JSON.parse(stdout) as { nodes: readonly { id: string }[] };
    expect(json.nodes.map(({ id }) => id)).toEqual([
      'dataset:warehouse.marts.daily',
      'dataset:warehouse.analytics.orders',
      'dataset:warehouse.partners.fares',
      'dataset:warehouse.ref.codes',
      'stage:marts.daily',
    ]);
    expect(json).toMatchObject({
      configVersion: null,
      edges: [
        { from: 'dataset:warehouse.analytics.orders', to: 'stage:marts.daily', via: 'input', window: 'all' },
        { from: 'dataset:warehouse.partners.fares', to: 'stage:marts.daily', via: 'input', window: 'same' },
        { from: 'dataset:warehouse.ref.codes', to: 'stage:marts.daily', via: 'static' },
        { from: 'stage:marts.daily', to: 'dataset:warehouse.marts.daily', via: 'output' },
      ],
      columns: [
        { stage: 'marts.daily', columns: [{ name: 'day' }, {}, { name: 'revenue' }, { name: 'code' }] },
      ],
    });
  });

  test.each([
    ['an unknown dataset', ['warehouse.marts.dialy'], /did you mean warehouse\.marts\.daily\?/],
    ['an unknown column', ['warehouse.marts.daily', '--column', 'revenues'], /did you mean revenue\?/],
    ['a stage', ['marts.daily'], /it produces, warehouse\.marts\.daily/],
    [
      'a column as if it were a dataset',
      ['warehouse.marts.daily.day'],
      /warehouse\.marts\.daily --column day/,
    ],
    ['a depth that is none', ['warehouse.marts.daily', '--depth', '0'], /whole number/],
  ])('ends with 2 for %s and says what to do', async (_what, argv, message) => {
    const { exitCode, stderr } = await lineage(...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });

  test('ends with 2 and lists the problems of a project that has some', async () => {
    const argv = ['lineage', 'warehouse.marts.daily', '--project'];
    await withProject({ ...FILES, 'sql/daily.sql': 'select from' }, async (dir) => {
      const { exitCode, stderr } = await runReefline([...argv, dir], { commands: [addLineageCommand] });
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/sql\/daily\.sql:1/);
    });
  });
});

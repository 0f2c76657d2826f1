import { at, type BrokenProject, ORDERS, SETTINGS, SQL } from './broken-project.ts';

/** Broken files, keys, types and names. */
export const NAMES_AND_SHAPES: readonly BrokenProject[] = [
  {
    name: 'YAML with an open bracket',
    edits: [[SETTINGS, 'acme-lake, prefix: stage }', 'acme-lake, prefix: stage']],
    expected: [at(SETTINGS, 4, 'connections.catalog', /broken YAML/, /close a bracket/)],
  },
  {
    name: 'a tab in YAML',
    edits: [[ORDERS, '  - load_orders', '\t- load_orders']],
    expected: [at(ORDERS, 5, 'stages.register_orders.to', /tab|broken YAML/, /spaces|indent/)],
  },
  {
    name: 'an unknown key at the top',
    edits: [[SETTINGS, 'endpoints:', 'endpoint:']],
    expected: [at(SETTINGS, 7, 'endpoint', /key is not known/, /did you mean endpoints\?/)],
  },
  {
    name: 'an unknown key of a connection',
    edits: [[SETTINGS, 'bucket: acme-lake', 'bukcet: acme-lake']],
    expected: [
      at(SETTINGS, 3, 'connections.lake.bucket', /missing/, /add bucket/),
      at(SETTINGS, 3, 'connections.lake.bukcet', /key is not known/, /did you mean bucket\?/),
    ],
  },
  {
    name: 'an unknown key of a stage',
    edits: [[ORDERS, 'cursor: created_at', 'cursr: created_at']],
    expected: [at(ORDERS, 3, 'stages.fetch_orders.cursr', /key is not known/, /did you mean cursor\?/)],
  },
  {
    name: 'an unknown kind of connection',
    edits: [[SETTINGS, 'kind: redshift', 'kind: redshfit']],
    expected: [at(SETTINGS, 5, 'connections.warehouse.kind', /kind is not known/, /did you mean redshift\?/)],
  },
  {
    name: 'a stage of an unknown kind',
    edits: [[ORDERS, '{ register:', '{ registr:']],
    expected: [at(ORDERS, 4, 'stages.register_orders.registr', /does not say what it does/, /register\?/)],
  },
  {
    name: 'a stage of two kinds',
    edits: [
      [ORDERS, '{ register: lake.shop.orders,', '{ register: lake.shop.orders, load: lake.shop.orders,'],
    ],
    expected: [at(ORDERS, 4, 'stages.register_orders.load', /does one thing/, /make a stage of each/)],
  },
  {
    name: 'a missing key',
    edits: [[ORDERS, ', mode: merge, key: [id]', '']],
    expected: [at(ORDERS, 5, 'stages.load_orders.mode', /missing/, /append, replace, merge/)],
  },
  {
    name: 'an extract without schedule',
    edits: [[ORDERS, ', schedule: "10 * * * *"', '']],
    expected: [at(ORDERS, 3, 'stages.fetch_orders.schedule', /missing/, /add schedule/)],
  },
  {
    name: 'a wrong type',
    edits: [[ORDERS, 'key: [id]', 'key: id']],
    expected: [at(ORDERS, 5, 'stages.load_orders.key', /this is a text/, /a list/)],
  },
  {
    name: 'an unknown value',
    edits: [[ORDERS, 'mode: merge', 'mode: mrege']],
    expected: [at(ORDERS, 5, 'stages.load_orders.mode', /not known/, /did you mean merge\?/)],
  },
  {
    name: 'a text that is no dataset',
    edits: [[ORDERS, 'to: catalog.shop.orders', 'to: catalog.orders']],
    expected: [at(ORDERS, 4, 'stages.register_orders.to', /no dataset/, /<connection>\.<schema>\.<table>/)],
  },
  {
    name: 'a stage whose fields are not indented below its name',
    edits: [
      [
        ORDERS,
        '  - register_orders: { register: lake.shop.orders, to: catalog.shop.orders }',
        '  - register_orders:\n    register: lake.shop.orders\n    to: catalog.shop.orders',
      ],
    ],
    expected: [at(ORDERS, 4, 'stages[1]', /exactly one key/, /indent/)],
  },
  {
    name: 'a bad name',
    edits: [[ORDERS, '- register_orders', '- Register-Orders']],
    expected: [at(ORDERS, 4, 'stages.Register-Orders', /no name/, /small letter/)],
  },
  {
    name: 'a stage twice',
    edits: [[ORDERS, '- register_orders', '- fetch_orders']],
    expected: [at(ORDERS, 4, 'stages.fetch_orders', /already has a stage fetch_orders/, /rename/)],
  },
  {
    name: 'a connection twice',
    edits: [[SETTINGS, '  catalog:   {', '  lake:   {']],
    expected: [at(SETTINGS, 4, 'connections.lake', /twice/, /rename/)],
  },
  {
    name: 'a pipeline in two files',
    files: {
      'pipelines/other.yaml':
        'pipeline: orders\nstages:\n  - fetch_users: { extract: shop.public.users, to: lake.shop.users, mode: snapshot, schedule: "0 1 * * *" }\n',
    },
    expected: [
      at('pipelines/other.yaml', 1, 'pipeline', /already defined in pipelines\/orders\.yaml/, /rename/),
    ],
  },
  {
    name: 'two stages that write one dataset, in other capitals',
    edits: [
      [ORDERS, 'to: warehouse.marts.daily_revenue', 'to: warehouse.analytics.Orders'],
      [ORDERS, 'publish: warehouse.marts.daily_revenue', 'publish: warehouse.analytics.orders'],
    ],
    expected: [
      at(
        ORDERS,
        6,
        'stages.daily_revenue.to',
        /already produced by stage orders\.load_orders/,
        /another table/,
      ),
    ],
  },
  {
    name: 'a stage that writes an outside dataset',
    edits: [
      [SETTINGS, 'warehouse.partners.fares', 'warehouse.analytics.orders'],
      [SQL, 'partners.fares', 'analytics.orders'],
    ],
    expected: [at(ORDERS, 5, 'stages.load_orders.to', /already produced by a service outside/, /remove one/)],
  },
  {
    name: 'an unknown connection',
    edits: [[ORDERS, 'to: serving.public', 'to: servng.public']],
    expected: [
      at(ORDERS, 7, 'stages.push_revenue.to', /connection servng is not known/, /did you mean serving\?/),
    ],
  },
  {
    name: 'an unknown dataset',
    edits: [[ORDERS, 'register: lake.shop.orders', 'register: lake.shop.order']],
    expected: [
      at(
        ORDERS,
        4,
        'stages.register_orders.register',
        /no stage produces lake\.shop\.order/,
        /lake\.shop\.orders\?/,
      ),
    ],
  },
  {
    name: 'an unknown connection of an outside dataset',
    edits: [
      [SETTINGS, 'warehouse.partners.fares', 'warehose.partners.fares'],
      [SQL, 'partners.fares', 'analytics.orders'],
    ],
    expected: [at(SETTINGS, 10, 'datasets.warehose.partners.fares', /warehose is not known/, /warehouse\?/)],
  },
  {
    name: 'an outside dataset whose type does not fit',
    edits: [[SETTINGS, 'type: redshift', 'type: s3']],
    expected: [
      at(
        SETTINGS,
        10,
        'datasets.warehouse.partners.fares.type',
        /do not come from connection warehouse/,
        /redshift/,
      ),
    ],
  },
  {
    name: 'a connection of the wrong kind',
    edits: [[ORDERS, 'to: catalog.shop.orders', 'to: serving.shop.orders']],
    expected: [
      at(
        ORDERS,
        4,
        'stages.register_orders.to',
        /serving is postgres, but a register writes to a glue/,
        /use catalog/,
      ),
    ],
  },
  {
    name: 'a publish into MySQL, and an extract from a store of files',
    edits: [
      [
        SETTINGS,
        'serving:   { kind: postgres, url: "${env:SERVING_URL}" }',
        'serving:   { kind: mysql, url: "${env:SERVING_URL}" }',
      ],
      [ORDERS, 'extract: shop.public.orders', 'extract: lake.public.orders'],
    ],
    expected: [
      at(
        ORDERS,
        3,
        'stages.fetch_orders.extract',
        /lake is s3, but an extract reads from a postgres or mysql/,
        /use shop or serving/,
      ),
      at(
        ORDERS,
        7,
        'stages.push_revenue.to',
        /serving is mysql, but a publish writes to a postgres/,
        /use shop/,
      ),
    ],
  },
  {
    name: 'a MySQL connection without a MySQL URL, and an outside dataset in it',
    edits: [
      [
        SETTINGS,
        'shop:      { kind: postgres, url: "${env:SHOP_URL}" }',
        'shop:      { kind: mysql, url: "postgres://db/shop" }',
      ],
      [
        SETTINGS,
        'warehouse.partners.fares: { every: 1d, type: redshift }',
        'shop.partners.fares: { every: 1d, type: s3 }',
      ],
      [SQL, 'partners.fares', 'analytics.orders'],
    ],
    expected: [
      at(SETTINGS, 2, 'connections.shop.url', /no mysql:\/\/ URL/, /mysql:\/\/user:password@host/),
      at(SETTINGS, 10, 'datasets.shop.partners.fares.type', /do not come from connection shop/, /remove it/),
    ],
  },
  {
    name: 'zero dates of PostgreSQL',
    edits: [[ORDERS, 'cursor: created_at', 'cursor: created_at, zero_dates: as_null']],
    expected: [
      at(ORDERS, 3, 'stages.fetch_orders.zero_dates', /a postgres connection has no zero dates/, /remove/),
    ],
  },
  {
    name: 'several connections of PostgreSQL for an interval',
    edits: [[ORDERS, 'cursor: created_at', 'cursor: created_at, parallel: 2']],
    expected: [
      at(ORDERS, 3, 'stages.fetch_orders.parallel', /mode incremental_append reads with one/, /remove/),
    ],
  },
  {
    name: 'several connections of MySQL',
    edits: [
      [
        SETTINGS,
        'shop:      { kind: postgres, url: "${env:SHOP_URL}" }',
        'shop:      { kind: mysql, url: "${env:SHOP_URL}" }',
      ],
      [ORDERS, 'mode: incremental_append, cursor: created_at', 'mode: snapshot, parallel: 2'],
    ],
    expected: [
      at(ORDERS, 3, 'stages.fetch_orders.parallel', /extracts from mysql read with one connection/, /remove/),
    ],
  },
  {
    name: 'a load of what no extract staged',
    edits: [[ORDERS, 'load: lake.shop.orders', 'load: warehouse.partners.fares']],
    expected: [
      at(
        ORDERS,
        5,
        'stages.load_orders.load',
        /warehouse is redshift, but a load reads from a s3/,
        /use lake/,
      ),
      at(ORDERS, 5, 'stages.load_orders.load', /produced by a service outside/, /output of an extract/),
    ],
  },
];

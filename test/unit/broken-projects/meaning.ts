import { at, type BrokenProject, ORDERS, SETTINGS, SQL } from './broken-project.ts';

const UPDATED = 'mode: incremental_update, cursor: created_at, key: [id]';

/** Files that can be read and make no sense together: cycles, SQL, schedules, periods, secrets. */
export const MEANING: readonly BrokenProject[] = [
  {
    name: 'a cycle',
    edits: [[SQL, 'partners.fares', 'marts.other']],
    files: {
      'pipelines/other.yaml':
        'pipeline: other\nstages:\n  - other: { transform: sql/other.sql, to: warehouse.marts.other, every: 1d, mode: replace }\n',
      'sql/other.sql': 'select * from marts.daily_revenue\n',
    },
    expected: [
      at(
        ORDERS,
        6,
        'stages.daily_revenue',
        /orders\.daily_revenue -> other\.other -> orders\.daily_revenue|other\.other -> orders\.daily_revenue -> other\.other/,
        /something else/,
      ),
    ],
  },
  {
    name: 'a missing SQL file',
    files: { [SQL]: null },
    expected: [
      at(ORDERS, 6, 'stages.daily_revenue.transform', /no file sql\/daily_revenue\.sql/, /create it/),
    ],
  },
  {
    name: 'a SQL file outside of the project',
    edits: [[ORDERS, 'sql/daily_revenue.sql', '../daily_revenue.sql']],
    expected: [at(ORDERS, 6, 'stages.daily_revenue.transform', /outside of the project/, /below the folder/)],
  },
  {
    name: 'SQL that does not parse',
    edits: [[SQL, 'join partners.fares f on', 'join partners.fares f onn (']],
    expected: [at(SQL, 3, 'stages.daily_revenue.transform', /does not parse/, /correct the SQL/)],
  },
  {
    name: 'SQL that is no SELECT',
    files: { [SQL]: 'delete from analytics.orders' },
    expected: [at(SQL, 1, 'stages.daily_revenue.transform', /no SELECT but DELETE/, /exactly one SELECT/)],
  },
  {
    name: 'two statements',
    files: { [SQL]: 'select 1 from analytics.orders; select 2' },
    expected: [at(SQL, 1, 'stages.daily_revenue.transform', /2 statements/, /exactly one SELECT/)],
  },
  {
    name: 'an unknown parameter',
    edits: [[SQL, ':interval_end', ':intervall_end']],
    expected: [
      at(SQL, 4, 'stages.daily_revenue.transform', /:intervall_end is no parameter/, /interval_end\?/),
    ],
  },
  {
    name: 'a table that nobody produces',
    edits: [[SQL, 'partners.fares', 'partners.fare']],
    expected: [
      at(
        SQL,
        3,
        'stages.daily_revenue.transform',
        /table partners\.fare$/,
        /partners\.fares\?.*datasets:.*static: \[partners\.fare\]/,
      ),
    ],
  },
  {
    name: 'a table without schema',
    edits: [[SQL, 'partners.fares', 'fares']],
    expected: [at(SQL, 3, 'stages.daily_revenue.transform', /fares has no schema/, /write partners\.fares/)],
  },
  {
    name: 'a static table that the SQL does not read',
    edits: [[ORDERS, 'mode: append }', 'mode: append, static: [geo.zones] }']],
    expected: [at(ORDERS, 6, 'stages.daily_revenue.static.0', /does not read geo\.zones/, /remove it/)],
  },
  {
    name: 'a bad cron text',
    edits: [[ORDERS, '"10 * * * *"', '"61 * * * *"']],
    expected: [
      at(ORDERS, 3, 'stages.fetch_orders.schedule', /"61" is no minute/, /write minute, hour.*\*\/20/),
    ],
  },
  {
    name: 'a cron text that never ticks',
    edits: [[ORDERS, '"10 * * * *"', '"0 0 31 2 *"']],
    expected: [at(ORDERS, 3, 'stages.fetch_orders.schedule', /never ticks/, /date and a time that exist/)],
  },
  {
    name: 'a schedule with bounds that are no instants, and a time zone',
    edits: [[ORDERS, '"10 * * * *"', '{ cron: "10 * * * *", from: 2001-01-01, timezone: Europe/Berlin }']],
    expected: [
      at(ORDERS, 3, 'stages.fetch_orders.schedule.from', /no instant/, /ISO instant with its zone/),
      at(
        ORDERS,
        3,
        'stages.fetch_orders.schedule.timezone',
        /does not stand in a schedule/,
        /timezone: beside schedule/,
      ),
    ],
  },
  {
    name: 'a time zone in the cron text',
    edits: [[ORDERS, '"10 * * * *"', '"CRON_TZ=Europe/Berlin 10 * * * *"']],
    expected: [at(ORDERS, 3, 'stages.fetch_orders.schedule', /time zone/, /timezone: beside the schedule/)],
  },
  {
    name: 'a schedule that ends before it begins',
    edits: [
      [
        ORDERS,
        '"10 * * * *"',
        '{ cron: "10 * * * *", from: "2001-01-02T00:00:00Z", until: "2001-01-01T00:00:00Z" }',
      ],
    ],
    expected: [at(ORDERS, 3, 'stages.fetch_orders.schedule.until', /ends before it begins/, /after from/)],
  },
  {
    name: 'merge without key',
    edits: [[ORDERS, ', key: [id]', '']],
    expected: [at(ORDERS, 5, 'stages.load_orders.key', /merge needs a key/, /add key/)],
  },
  {
    name: 'publish without key',
    edits: [[ORDERS, ', key: [day]', '']],
    expected: [at(ORDERS, 7, 'stages.push_revenue.key', /missing/, /add key/)],
  },
  {
    name: 'a key that the mode does not use',
    edits: [[ORDERS, 'mode: merge', 'mode: append']],
    expected: [at(ORDERS, 5, 'stages.load_orders.key', /mode append has no key/, /remove key/)],
  },
  {
    name: 'incremental_append without cursor',
    edits: [[ORDERS, ', cursor: created_at', '']],
    expected: [at(ORDERS, 3, 'stages.fetch_orders.cursor', /needs a cursor/, /add cursor/)],
  },
  {
    name: 'a snapshot with cursor',
    edits: [[ORDERS, 'mode: incremental_append', 'mode: snapshot']],
    expected: [at(ORDERS, 3, 'stages.fetch_orders.cursor', /has no cursor/, /remove cursor/)],
  },
  {
    name: 'incremental_update without key',
    edits: [[ORDERS, 'mode: incremental_append', 'mode: incremental_update']],
    expected: [at(ORDERS, 3, 'stages.fetch_orders.key', /incremental_update needs a key/, /such as \[id\]/)],
  },
  {
    name: 'a key of an extract whose mode does not use it',
    edits: [[ORDERS, 'cursor: created_at', 'cursor: created_at, key: [id]']],
    expected: [
      at(ORDERS, 3, 'stages.fetch_orders.key', /mode incremental_append has no key/, /incremental_update/),
    ],
  },
  {
    name: 'deleted rows of an extract without a key',
    edits: [[ORDERS, 'cursor: created_at', 'cursor: created_at, detect_deletes: true']],
    expected: [
      at(
        ORDERS,
        3,
        'stages.fetch_orders.detect_deletes',
        /incremental_append has no key/,
        /incremental_update/,
      ),
    ],
  },
  {
    name: 'a limit of deleted rows that nobody looks for',
    edits: [[ORDERS, 'mode: incremental_append, cursor: created_at', `${UPDATED}, max_deleted: 5`]],
    expected: [
      at(ORDERS, 3, 'stages.fetch_orders.max_deleted', /does not look for it/, /add detect_deletes: true/),
    ],
  },
  {
    name: 'a choice of columns without the cursor and the key',
    edits: [[ORDERS, 'mode: incremental_append, cursor: created_at', `${UPDATED}, columns: [price]`]],
    expected: [
      at(
        ORDERS,
        3,
        'stages.fetch_orders.columns',
        /leaves out created_at, which is the cursor/,
        /add created_at/,
      ),
      at(ORDERS, 3, 'stages.fetch_orders.columns', /leaves out id, which is the key/, /add id to columns/),
    ],
  },
  {
    name: 'columns to leave out that are needed',
    edits: [[ORDERS, 'mode: incremental_append, cursor: created_at', `${UPDATED}, exclude: [id]`]],
    expected: [at(ORDERS, 3, 'stages.fetch_orders.exclude', /leaves out id/, /remove id from exclude/)],
  },
  {
    name: 'columns to stage and columns to leave out',
    edits: [[ORDERS, 'cursor: created_at', 'cursor: created_at, columns: [created_at], exclude: [price]']],
    expected: [at(ORDERS, 3, 'stages.fetch_orders.exclude', /says already/, /remove exclude/)],
  },
  {
    name: 'a load that appends rows which change',
    edits: [
      [ORDERS, 'mode: incremental_append, cursor: created_at', UPDATED],
      [ORDERS, 'mode: merge, key: [id]', 'mode: append'],
    ],
    expected: [
      at(
        ORDERS,
        5,
        'stages.load_orders.mode',
        /mode append does not put a new version/,
        /merge with key: \[id\]/,
      ),
    ],
  },
  {
    name: 'a load that merges rows which change on another key',
    edits: [
      [ORDERS, 'mode: incremental_append, cursor: created_at', UPDATED],
      [ORDERS, 'mode: merge, key: [id]', 'mode: merge, key: [id, price]'],
    ],
    expected: [at(ORDERS, 5, 'stages.load_orders.key', /extracted with the key \[id\]/, /write key: \[id\]/)],
  },
  {
    name: 'a load that takes several labels of rows which change',
    edits: [
      [ORDERS, 'mode: incremental_append, cursor: created_at', UPDATED],
      [
        ORDERS,
        'mode: merge, key: [id]',
        'mode: merge, key: [id], inputs: { lake.shop.orders: { window: last 3 } }',
      ],
    ],
    expected: [
      at(ORDERS, 5, 'stages.load_orders.load', /may be in several labels/, /the period of the extract/),
    ],
  },
  {
    name: 'inputs of different periods without every',
    edits: [[ORDERS, ', every: 1d', '']],
    expected: [
      at(ORDERS, 6, 'stages.daily_revenue.every', /different periods .*orders 1h.*fares 1d/, /add every/),
    ],
  },
  {
    name: 'periods that do not divide each other',
    edits: [
      [SETTINGS, 'every: 1d', 'every: 1mo'],
      [ORDERS, 'every: 1d', 'every: 1w'],
    ],
    expected: [at(ORDERS, 6, 'stages.daily_revenue', /1w of this stage and 1mo .*do not divide/, /as_of/)],
  },
  {
    name: 'a load with another period than its extract',
    edits: [[ORDERS, 'key: [id]', 'key: [id], every: 1d']],
    expected: [at(ORDERS, 5, 'stages.load_orders.every', /one batch at a time/, /remove every/)],
  },
  {
    name: 'a stage that nothing starts',
    edits: [[ORDERS, 'every: 1d, mode: append', 'every: 5m, mode: append']],
    expected: [at(ORDERS, 6, 'stages.daily_revenue', /nothing starts this stage/, /schedule/)],
  },
  {
    name: 'a window that the periods do not allow',
    edits: [
      [ORDERS, 'mode: append', 'mode: append, inputs: { warehouse.analytics.orders: { window: same } }'],
    ],
    expected: [
      at(
        ORDERS,
        6,
        'stages.daily_revenue.inputs.warehouse.analytics.orders.window',
        /equal periods/,
        /as_of/,
      ),
    ],
  },
  {
    name: 'an override of what is no input',
    edits: [[ORDERS, 'mode: append', 'mode: append, inputs: { warehouse.analytics.order: { window: all } }']],
    expected: [
      at(
        ORDERS,
        6,
        'stages.daily_revenue.inputs.warehouse.analytics.order',
        /no input/,
        /warehouse\.analytics\.orders\?/,
      ),
    ],
  },
  {
    name: 'a secret in plain text',
    edits: [[SETTINGS, '${env:SHOP_URL}', 'postgres://app:hunter2@db/shop']],
    expected: [at(SETTINGS, 2, 'connections.shop.url', /secret in plain text/, /\$\{env:NAME\}/)],
  },
  {
    name: 'a malformed reference',
    edits: [[SETTINGS, '${env:SHOP_URL}', '${SHOP_URL}']],
    expected: [at(SETTINGS, 2, 'connections.shop.url', /no reference/, /\$\{env:NAME\}/)],
  },
  {
    name: 'a reference inside of a value',
    edits: [[SETTINGS, '${env:CUSTOMER_QUEUE_URL}', 'https://sqs/${env:QUEUE}']],
    expected: [at(SETTINGS, 8, 'endpoints.customers.queueUrl', /no reference/, /nothing else/)],
  },
  {
    name: 'a Redshift connection to nothing',
    edits: [[SETTINGS, ', workgroup: main', '']],
    expected: [
      at(SETTINGS, 5, 'connections.warehouse.workgroup', /neither a cluster nor a workgroup/, /workgroup:/),
    ],
  },
  {
    name: 'a bad timeout and bad attempts',
    edits: [[ORDERS, 'key: [day]', 'key: [day], timeout: 30, attempts: 0']],
    expected: [
      at(ORDERS, 7, 'stages.push_revenue.timeout', /this is a number/, /a text/),
      at(ORDERS, 7, 'stages.push_revenue.attempts', /too small/, /1 or more/),
    ],
  },
  {
    name: 'no pipelines',
    files: { [ORDERS]: null },
    expected: [at(SETTINGS, 1, '', /no pipelines/, /pipelines\/orders\.yaml/)],
  },
  {
    name: 'a pipeline without stages',
    files: { 'pipelines/empty.yaml': 'pipeline: empty\nstages: []\n' },
    expected: [at('pipelines/empty.yaml', 2, 'stages', /list is empty/, /at least one/)],
  },
  {
    name: 'an empty file',
    files: { 'pipelines/empty.yaml': '' },
    expected: [at('pipelines/empty.yaml', 1, '', /empty/, /a mapping/)],
  },
  {
    name: 'no settings',
    files: { [SETTINGS]: null },
    expected: [at(SETTINGS, 1, '', /missing/, /create it/)],
  },
];

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { checkStage } from '../../activities/stages/check.ts';
import { extractStage } from '../../activities/stages/extract.ts';
import { loadStage } from '../../activities/stages/load.ts';
import { registerStage } from '../../activities/stages/register.ts';
import type { StageRunner } from '../../activities/stages/runner.ts';
import { transformStage } from '../../activities/stages/transform.ts';
import { readProject } from '../../config/project.ts';
import { openTestAthena, type TestAthena } from '../support/athena.ts';
import { runReefline } from '../support/cli-terminal.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { freshDatabase, type FreshDatabase } from '../support/local-cloud.ts';
import { withProject } from '../support/project-files.ts';
import { openTestSnowflake, type TestSnowflake } from '../support/snowflake.ts';

const DAY = '20010105000000';

const RUNNERS: Readonly<Record<string, StageRunner>> = {
  extract: extractStage as StageRunner,
  register: registerStage as StageRunner,
  load: loadStage as StageRunner,
  transform: transformStage as StageRunner,
  check: checkStage as StageRunner,
};

let shop: FreshDatabase;
let athena: TestAthena;
let snow: TestSnowflake;
let engine: Engine;

beforeAll(async () => {
  [shop, athena, snow, engine] = await Promise.all([
    freshDatabase('warehouses'),
    openTestAthena('warehouses'),
    openTestSnowflake('warehouses'),
    startEngine('warehouses', (run, tools) => {
      const runner = RUNNERS[run.stage.work.kind];
      if (runner === undefined) throw new Error(`The pipeline has no stage of kind ${run.stage.work.kind}.`);
      return runner(run, tools);
    }),
  ]);
  await fillSource();
  process.env['WAREHOUSES_SHOP_URL'] = shop.url;
  process.env['WAREHOUSES_SNOW_KEY'] = snow.connection.privateKey ?? '';
  process.env['TEMPORAL_NAMESPACE'] = engine.namespace;
  const reading = await withProject(projectFiles(), readProject);
  if ('problems' in reading) throw new Error(JSON.stringify(reading.problems));
  await engine.apply(reading.project);
  await engine.startWorkers();
});
afterAll(async () => {
  await engine.close();
  await snow.close();
  athena.close();
  await shop.drop();
});

/** Orders of one day, of which one has no place, and one of the next day. */
async function fillSource(): Promise<void> {
  const client = new pg.Client({ connectionString: shop.url });
  await client.connect();
  await client.query(`create table orders (id int not null, made_at timestamp not null, place text, amount numeric(10,2));
    insert into orders values (1, '2001-01-05 00:00', 'Köln', 1.50), (2, '2001-01-05 23:59', 'Köln', 2.25),
      (3, '2001-01-05 09:00', '東京', 10), (4, '2001-01-05 12:00', NULL, 0.05), (5, '2001-01-06 00:00', '東京', 4)`);
  await client.end();
}

/** From one extract into both warehouses; no stage but the first has a schedule, and that one never ticks here. */
function projectFiles(): Readonly<Record<string, string>> {
  const { raw, marts, connection } = athena;
  const { account, user, database, warehouse, role, storageIntegration } = snow.connection;
  return {
    'reefline.yaml': `connections:
  shop: { kind: postgres, url: "\${env:WAREHOUSES_SHOP_URL}" }
  lake: { kind: s3, bucket: ${snow.bucket}, prefix: stage }
  catalog: { kind: glue }
  lakehouse: { kind: athena, location: ${connection.location}, output: ${connection.output ?? ''} }
  snow: { kind: snowflake, account: ${account}, user: ${user}, privateKey: "\${env:WAREHOUSES_SNOW_KEY}", database: ${database}, warehouse: ${warehouse}, role: ${role ?? ''}, storageIntegration: ${storageIntegration ?? ''} }
`,
    'pipelines/shop.yaml': `pipeline: shop
stages:
  - fetch: { extract: shop.public.orders, to: lake.shop.orders, mode: incremental_append, cursor: made_at, schedule: { cron: "0 0 * * *", from: 2035-01-01T00:00:00Z } }
  - register: { register: lake.shop.orders, to: catalog.${raw}.orders }
  - places: { transform: sql/places.sql, to: lakehouse.${marts}.places, mode: append, every: 1d }
  - latest: { transform: sql/latest.sql, to: lakehouse.${marts}.latest, mode: replace, every: 1d }
  - latest_ok:
      check: lakehouse.${marts}.latest
      assert:
        - positive: { sql: "SELECT place FROM ${marts}.latest WHERE amount <= 0" }
        - named: { sql: "SELECT place, amount FROM ${marts}.latest WHERE place IS NULL", severity: warn }
  - to_snow: { load: lake.shop.orders, to: snow.shop.orders, mode: append }
  - sums: { transform: sql/sums.sql, to: snow.marts.sums, mode: append, every: 1d }
  - sums_ok:
      check: snow.marts.sums
      assert:
        - positive: { sql: "select place from marts.sums where amount <= 0 and reefline_timelabel = :timelabel" }
        - named: { sql: "select place, amount from marts.sums where place is null and reefline_timelabel = :timelabel", severity: warn }
`,
    'sql/places.sql': `SELECT place, count(*) AS orders, sum(amount) AS amount FROM ${raw}.orders WHERE timelabel = :timelabel GROUP BY place`,
    'sql/latest.sql': `SELECT place, amount FROM ${marts}.places WHERE timelabel = :timelabel`,
    'sql/sums.sql': `select place, count(*) as orders, cast(sum(amount) as number(12,2)) as amount from shop.orders where reefline_timelabel = :timelabel group by place`,
  };
}

/** What the test reads of an event by itself; of a data event it compares all the rest. */
interface Told {
  readonly event_type: string;
  readonly stage: string;
  readonly type: string;
  readonly change?: string;
  readonly after?: readonly { readonly name: string }[];
}

/** Runs the extract, waits until the router has brought the day through all stages, and answers what these told. */
async function runAll(revision: number, ...options: string[]): Promise<readonly Told[]> {
  const env = { REEFLINE_CATALOG_URL: engine.catalogUrl };
  const asked = await runReefline(['run', 'shop.fetch', DAY, ...options], { env });
  expect(asked).toMatchObject({ exitCode: 0, stderr: '' });
  let told: readonly Told[] = [];
  await eventually(async () => {
    const { rows } = await engine.db.query<{ body: Told }>(
      `select body from reefline.data_event where (body->>'revision')::int = $1 order by body->>'stage'`,
      [revision],
    );
    told = rows.map(({ body }) => body);
    expect(told.filter((event) => event.event_type === 'data')).toHaveLength(8);
  });
  return told;
}

/** What the readers of the warehouses find: two tables in Athena and two in Snowflake. */
async function shown(): Promise<Readonly<Record<string, unknown>>> {
  const { marts } = athena;
  return {
    places: await athena.rows(`SELECT place, orders, amount, timelabel FROM ${marts}.places ORDER BY amount`),
    latest: await athena.rows(`SELECT * FROM ${marts}.latest ORDER BY amount`),
    orders: await snow.query(
      'SELECT id::int, place, amount::text, reefline_timelabel AS label FROM shop.orders ORDER BY id',
    ),
    sums: await snow.query(
      'SELECT place, orders::int, amount::text, reefline_timelabel AS label FROM marts.sums ORDER BY marts.sums.amount',
    ),
  };
}

const checks = (sample: string): readonly object[] => [
  { name: 'positive', severity: 'error', violations: 0, sample: [] },
  { name: 'named', severity: 'warn', violations: 1, sample: [sample] },
];
const ROWS = {
  places: [
    [null, '1', '0.05', DAY],
    ['Köln', '2', '3.75', DAY],
    ['東京', '1', '10.00', DAY],
  ],
  latest: [
    [null, '0.05'],
    ['Köln', '3.75'],
    ['東京', '10.00'],
  ],
  orders: [
    { id: 1, place: 'Köln', amount: '1.50', label: DAY },
    { id: 2, place: 'Köln', amount: '2.25', label: DAY },
    { id: 3, place: '東京', amount: '10.00', label: DAY },
    { id: 4, place: null, amount: '0.05', label: DAY },
  ],
  sums: [
    { place: null, orders: 1, amount: '0.05', label: DAY },
    { place: 'Köln', orders: 2, amount: '3.75', label: DAY },
    { place: '東京', orders: 1, amount: '10.00', label: DAY },
  ],
};

/** The data events of one revision, each caused by the one of the stage before it. */
function expectedEvents(revision: number): readonly object[] {
  const { raw, marts } = athena;
  const files = { bytes: expect.any(Number), uri: expect.stringContaining(`/${DAY}/r${String(revision)}/`) };
  const tables = { bytes: null, uri: null };
  const event = (
    stage: string,
    type: string,
    dataset: string,
    rows: number,
    cause: string,
    more: object,
  ) => ({
    ...{
      stage: `shop.${stage}`,
      type,
      dataset,
      timelabel: DAY,
      revision,
      status: 'SUCCESS',
      rows,
      error: null,
    },
    causedBy: cause === '' ? [] : [`shop.${cause}/${DAY}/r${String(revision)}`],
    ...more,
  });
  return [
    event('fetch', 's3', 'lake.shop.orders', 4, '', files),
    event('latest', 'athena', `lakehouse.${marts}.latest`, 3, 'places', files),
    event('latest_ok', 'athena', `lakehouse.${marts}.latest$latest_ok`, 2, 'latest', {
      ...tables,
      checks: checks('place = NULL, amount = 0.05'),
    }),
    event('places', 'athena', `lakehouse.${marts}.places`, 3, 'register', files),
    event('register', 'glue', `catalog.${raw}.orders`, 4, 'fetch', files),
    event('sums', 'snowflake', 'snow.marts.sums', 3, 'to_snow', tables),
    event('sums_ok', 'snowflake', 'snow.marts.sums$sums_ok', 2, 'sums', {
      ...tables,
      checks: checks('PLACE = NULL, AMOUNT = 0.05'),
    }),
    event('to_snow', 'snowflake', 'snow.shop.orders', 4, 'fetch', tables),
  ];
}

test('one extract goes on into Athena and Snowflake, and a re-run of its label makes a revision of every stage and no row more', async () => {
  const first = await runAll(1);
  const data = first.filter(({ event_type }) => event_type === 'data');
  expect(data).toMatchObject(expectedEvents(1));
  const orders = ['id', 'made_at', 'place', 'amount'];
  const tables = first.filter(({ event_type }) => event_type === 'metadata');
  expect(
    tables.map(({ stage, type, change, after = [] }) => [stage, type, change, after.map(({ name }) => name)]),
  ).toEqual([
    ['shop.fetch', 's3', 'TABLE_ADDED', orders],
    ['shop.latest', 'athena', 'TABLE_ADDED', ['place', 'amount']],
    ['shop.places', 'athena', 'TABLE_ADDED', ['place', 'orders', 'amount']],
    ['shop.register', 'glue', 'TABLE_ADDED', orders],
    ['shop.sums', 'snowflake', 'TABLE_ADDED', ['place', 'orders', 'amount']],
    ['shop.to_snow', 'snowflake', 'TABLE_ADDED', orders],
  ]);
  expect(await shown()).toEqual(ROWS);

  // Nothing has changed at the source, so there is no metadata event either.
  expect(await runAll(2, '--downstream')).toMatchObject(expectedEvents(2));
  expect(await shown()).toEqual(ROWS);
  const { rows: runs } = await engine.db.query(
    `select stage, array_agg(revision || ' ' || status order by revision) as revisions from reefline.stage_run group by 1 order by 1`,
  );
  expect(runs).toEqual(data.map(({ stage }) => ({ stage, revisions: ['1 SUCCESS', '2 SUCCESS'] })));
  expect((await athena.tables()).sort()).toEqual(['latest', 'places']);
});

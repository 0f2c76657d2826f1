import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import pg from 'pg';
import { passDeadline } from '../../activities/pass-deadline.ts';
import { checkStage } from '../../activities/stages/check.ts';
import { extractStage } from '../../activities/stages/extract.ts';
import { loadStage } from '../../activities/stages/load.ts';
import { publishStage } from '../../activities/stages/publish.ts';
import type { StageRunner } from '../../activities/stages/runner.ts';
import { transformStage } from '../../activities/stages/transform.ts';
import { ConfigStore } from '../../catalog/config-store.ts';
import { readProject } from '../../config/project.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { askForRun } from '../../workers/ask-run.ts';
import { routerSignal } from '../../workers/signal-router.ts';
import { type CliOutcome, runReefline } from './cli-terminal.ts';
import { startEngine, type Engine, type Work } from './engine.ts';
import { eventually } from './eventually.ts';
import { freshDatabase, freshQueue, fromEnvironment, type FreshQueue } from './local-cloud.ts';
import { SHOP_TABLES, shopFiles, WAREHOUSE_TABLES } from './on-call-files.ts';
import { label } from './scenario.ts';
import { moveIntoStory, moveLabelsIntoStory } from './story-clock.ts';
import { openTestWarehouse, type TestWarehouse } from './warehouse.ts';

const RUNNERS = {
  extract: extractStage as StageRunner,
  load: loadStage as StageRunner,
  transform: transformStage as StageRunner,
  publish: publishStage as StageRunner,
  check: checkStage as StageRunner,
};

/** A shop with a source, a warehouse, a serving database, a queue and the real stages, in the first week of March 2020. */
export interface OnCallShop {
  readonly warehouse: TestWarehouse;
  readonly queue: FreshQueue;
  engine(): Engine;
  /** Goes on with a Temporal that knows nothing, as after the loss of the cluster; without workers. */
  loseTemporal(): Promise<void>;
  source(sql: string): Promise<void>;
  /** The role of the workers may read the table of the orders, or may not. */
  setSourceAccess(access: 'granted' | 'revoked'): Promise<void>;
  /** What `psql -At` prints of a query of the warehouse, or of the catalog. */
  psql(sql: string, where?: 'catalog'): Promise<string>;
  /** Sets the clock of the story: `2020-03-05T00:40Z`. */
  at(instant: string): Promise<void>;
  /** Replaces files of the project. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Runs a command line as somebody; the output, errors included. */
  reefline(line: string, actor?: string): Promise<string>;
  /** Runs labels as their schedules do. */
  tick(stage: string, ...labels: string[]): Promise<void>;
  /** Runs all hours of a day and what is made of them, each at its time. */
  day(date: string, hours: readonly number[]): Promise<void>;
  /** What the service outside sends. */
  report(event: object): Promise<void>;
  /** While it is gone, customers get nothing. */
  dropQueue(): Promise<void>;
  restoreQueue(): Promise<void>;
  /** What the timer of a label does at its deadline, which is years ago. */
  passDeadline(stage: string, timelabel: string): Promise<void>;
  /** Stops or resumes the clocks that would tick for the days of now. */
  setSchedules(ids: readonly string[], state: 'paused' | 'active'): Promise<void>;
  /** Ends the workers, and lets the server forget that they asked for work. */
  stopWorkers(): Promise<void>;
  startWorkers(): Promise<void>;
  /** Waits until nothing runs, and moves what was written into the story. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds: what a step writes is of the minute that the clock of the story shows, so at its end it is seen. */
const LATEST = 59_000;

/** The first attempt to load this label loses its connection. */
const UNLUCKY = 'orders.load_orders 20200304200000';

const work: Work = (run, tools) => {
  if (`${run.stage.id} ${run.timelabel}` === UNLUCKY && run.attempt === 1)
    throw new StageFailure('unavailable', 'Redshift "warehouse" closed the connection.');
  const runner = RUNNERS[run.stage.work.kind as keyof typeof RUNNERS];
  return runner(run, tools);
};

export async function openOnCallShop(): Promise<OnCallShop> {
  const database = await freshDatabase('oncall_shop');
  const role = `oncall_${database.name.slice(-8)}`;
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`${SHOP_TABLES}
    create role ${role} login password 'oncall'; grant select on all tables in schema public to ${role};`);
  const warehouse = await openTestWarehouse('oncall');
  await warehouse.query(WAREHOUSE_TABLES);
  const { warehouse: redshift } = warehouse.connections;
  if (redshift?.kind !== 'redshift') throw new Error('No warehouse.');
  const serving = await freshDatabase('oncall_serving');
  const queue = await freshQueue('oncall');
  const sqs = new SQSClient({ endpoint: fromEnvironment('AWS_ENDPOINT_URL_SQS') });
  const shopUrl = new URL(database.url);
  Object.assign(shopUrl, { username: role, password: 'oncall' });
  const secrets = {
    SHOP_URL: shopUrl.href,
    SERVING_URL: serving.url,
    CUSTOMER_QUEUE_URL: queue.url,
  };
  const environment = { ...process.env };
  Object.assign(process.env, secrets);
  const dir = await mkdtemp(join(tmpdir(), 'reefline-oncall-'));
  let engine = await startEngine('oncall', work);
  const engines = [engine];
  let now = Date.parse('2020-03-01T20:00Z');
  let began = Date.now();
  let idle = false;
  const names: readonly (readonly [string, string])[] = [
    [redshift.database, 'acme'],
    [warehouse.bucket, 'acme-lake'],
    [role, 'reefline'],
    [dir, '.'],
  ];
  const stageOf = async (id: string): Promise<StageDefinition> => {
    const reading = await readProject(dir);
    const found = 'project' in reading ? reading.project.stages.find((stage) => stage.id === id) : undefined;
    if (found === undefined) throw new Error(`There is no stage ${id}.`);
    return found;
  };
  const shop: OnCallShop = {
    warehouse,
    queue,
    engine: () => engine,
    loseTemporal: async () => {
      await engine.stopWorkers();
      engine = await startEngine('oncallafter', work, engine.catalogUrl);
      engines.unshift(engine);
    },
    source: async (sql) => {
      await client.query(sql);
    },
    setSourceAccess: async (access) => {
      await client.query(
        access === 'granted' ? `grant select on orders to ${role}` : `revoke select on orders from ${role}`,
      );
    },
    psql: async (sql, where) => {
      const result =
        where === 'catalog'
          ? (await engine.db.query<Record<string, unknown>>(sql)).rows
          : await warehouse.query(sql);
      return `${result.map((row) => Object.values(row).join('|')).join('\n')}\n`;
    },
    at: async (instant) => {
      await shop.settle();
      now = Date.parse(instant);
    },
    write: async (files) => {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(dir, path)), { recursive: true });
        await writeFile(join(dir, path), text);
      }
    },
    reefline: async (line, actor = 'ada') => {
      const env = {
        ...secrets,
        LANG: 'C.UTF-8',
        REEFLINE_CATALOG_URL: engine.catalogUrl,
        TEMPORAL_ADDRESS: fromEnvironment('TEMPORAL_ADDRESS'),
        TEMPORAL_NAMESPACE: engine.namespace,
      };
      const before = { ...process.env };
      Object.assign(process.env, env);
      const argv = (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
      const placed = ['plan', 'apply'].includes(argv[0] ?? '') ? [...argv, dir] : argv;
      try {
        const type = (): Promise<CliOutcome> => runReefline(placed, { env, now: now + LATEST, actor });
        const { stdout, stderr } = await (argv[0] === 'doctor' ? amongTheLiving(engine, idle, type) : type());
        return names.reduce(
          (text, [real, told]) => text.replaceAll(real, told),
          `${stderr}${stdout}`
            .replaceAll(engine.namespace, 'default')
            .replaceAll(/127\.0\.0\.1:\d+/g, 'db.internal:5432'),
        );
      } finally {
        process.env = before;
        await shop.settle();
      }
    },
    tick: async (id, ...labels) => {
      const stage = await stageOf(id);
      await Promise.all(
        labels.map((text) =>
          askForRun(engine.client, { stage, timelabel: label(text), trigger: 'schedule' }),
        ),
      );
      await eventually(async () => {
        const ended = await engine.db.query(
          `select 1 from reefline.stage_run where stage = $1 and timelabel = any($2) and closed_at is not null`,
          [id, labels],
        );
        if (ended.rowCount !== labels.length) throw new Error(`${id} has not ended.`);
      });
    },
    day: async (date, hours) => {
      await shop.tick(
        'orders.fetch_orders',
        ...hours.map((hour) => `${date}${String(hour).padStart(2, '0')}0000`),
      );
      await untilQuiet(engine);
      await moveLabelsIntoStory(engine.db, began, DAILY);
      await shop.settle();
    },
    report: async (event) => {
      const { rows } = await engine.db.query<{ seq: string | null }>(
        'select max(seq) as seq from reefline.data_event',
      );
      await routerSignal(engine.client)('orders', [event as never]);
      await eventually(async () => {
        const arrived = await engine.db.query(
          `select 1 from reefline.data_event where seq > $1 union all
           select 1 from reefline.rejected_event where last_received_at > $2`,
          [rows[0]?.seq ?? 0, new Date(began)],
        );
        if (arrived.rowCount === 0) throw new Error('The event has not arrived.');
      });
      await shop.settle();
    },
    dropQueue: async () => {
      await sqs.send(new DeleteQueueCommand({ QueueUrl: queue.url }));
    },
    restoreQueue: async () => {
      await sqs.send(new CreateQueueCommand({ QueueName: queue.name }));
      await eventually(async () => {
        const owed = await engine.db.query(`select 1 from reefline.delivery where status = 'owed'`);
        if (owed.rowCount !== 0) throw new Error('Messages are owed.');
      });
      await shop.settle();
    },
    stopWorkers: async () => {
      await engine.stopWorkers();
      idle = true;
    },
    startWorkers: async () => {
      await engine.startWorkers();
      idle = false;
    },
    passDeadline: async (stage, timelabel) => {
      await engine.db.query(
        `update reefline.stage_run set deadline = $3 where stage = $1 and timelabel = $2 and status = 'WAITING'`,
        [stage, timelabel, new Date(now)],
      );
      await passDeadline(engine.db, new ConfigStore(), routerSignal(engine.client), { stage, timelabel });
      await shop.settle();
    },
    setSchedules: async (ids, state) => {
      for (const id of ids) {
        const handle = engine.client.schedule.getHandle(id);
        await (state === 'paused' ? handle.pause() : handle.unpause());
      }
    },
    settle: async () => {
      await untilQuiet(engine);
      await moveIntoStory(engine.db, began, now);
      began = Date.now();
    },
    close: async () => {
      for (const each of engines) await each.close();
      await client.end();
      await warehouse.close();
      await queue.drop();
      sqs.destroy();
      await serving.drop();
      await database.drop();
      await dropRole(role);
      await rm(dir, { recursive: true, force: true });
      process.env = environment;
    },
  };
  await shop.write(shopFiles(warehouse.bucket, redshift.database));
  return shop;
}

/**
 * The doctor looks at what the clock of now demands: ticks and deadlines since a version was applied, and workers that
 * asked for work within 90 seconds. So the versions are of now, and where workers have ended, 90 seconds have passed.
 */
async function amongTheLiving<Result>(
  { db }: Engine,
  idle: boolean,
  work: () => Promise<Result>,
): Promise<Result> {
  const { now } = Date;
  await db.query(`update reefline.config_version set applied_at = applied_at + interval '100 years'`);
  if (idle) Date.now = () => now() + 100_000;
  try {
    return await work();
  } finally {
    Date.now = now;
    await db.query(`update reefline.config_version set applied_at = applied_at - interval '100 years'`);
  }
}

const DAILY = [
  'orders.daily_revenue',
  'orders.push_revenue',
  'accounts.fetch_accounts',
  'accounts.load_accounts',
  'warehouse.marts.daily_revenue',
  'serving.public.daily_revenue',
  'lake.shop.accounts',
  'warehouse.analytics.accounts',
];

/** Twice in a row: no run is under way, every event is in the log and on its way to no customer, no backfill goes on. */
async function untilQuiet({ db }: Engine): Promise<void> {
  for (let quiet = 0; quiet < 2;) {
    const { rows } = await db.query<{ busy: boolean }>(
      `select exists (select 1 from reefline.stage_run where status = 'RUNNING')
           or exists (select 1 from reefline.backfill where status = 'running')
           or exists (select 1 from reefline.delivery where status = 'owed' and last_error is null)
           or exists (select 1 from reefline.stage_run r, jsonb_array_elements(r.events) e
                       where not exists (select 1 from reefline.data_event d where d.event_id = e->>'eventId')) as busy`,
    );
    quiet = rows[0]?.busy === false ? quiet + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function dropRole(role: string): Promise<void> {
  const client = new pg.Client({ connectionString: fromEnvironment('REEFLINE_TEST_POSTGRES_URL') });
  await client.connect();
  await client.query(`drop role ${role}`);
  await client.end();
}

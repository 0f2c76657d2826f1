import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { passDeadline } from '../../activities/pass-deadline.ts';
import { ConfigStore } from '../../catalog/config-store.ts';
import { readProject } from '../../config/project.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { askForRun } from '../../workers/ask-run.ts';
import { routerSignal } from '../../workers/signal-router.ts';
import { type CliOutcome, runReefline } from './cli-terminal.ts';
import { startEngine, type Engine } from './engine.ts';
import { eventually } from './eventually.ts';
import { fromEnvironment } from './local-cloud.ts';
import { shopFiles } from './on-call-files.ts';
import { onCallWork } from './on-call-work.ts';
import { openOnCallSystems, type OnCallSystems } from './on-call-systems.ts';
import { label } from './scenario.ts';
import { atTheClockOfNow, moveIntoStory, moveLabelsIntoStory, untilQuiet } from './story-clock.ts';

/** A shop with real systems and the real stages, in the first week of March 2020. */
export interface OnCallShop {
  readonly systems: OnCallSystems;
  /** Sets the clock of the story: `2020-03-05T00:40Z`. */
  at(instant: string): Promise<void>;
  /** Waits until nothing runs, and moves what was written into the story. */
  settle(): Promise<void>;
  /** Replaces files of the project. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Runs a command line as somebody; the output, errors included. */
  reefline(line: string, actor?: string): Promise<string>;
  /** What `psql -At` prints of a query of the warehouse, or of the catalog. */
  psql(sql: string, where: 'warehouse' | 'catalog'): Promise<string>;
  /** Runs labels as their schedules do. */
  tick(stage: string, ...labels: string[]): Promise<void>;
  /** Runs hours of a day and what is made of them, each at its time. */
  day(date: string, hours: readonly number[]): Promise<void>;
  /** What a service outside sends. */
  report(event: object): Promise<void>;
  /** What the timer of a label does at its deadline. */
  passDeadline(stage: string, timelabel: string): Promise<void>;
  untilDelivered(): Promise<void>;
  /** Stops or resumes the clocks, which would tick for the days of now. */
  setSchedules(ids: readonly string[], state: 'paused' | 'active'): Promise<void>;
  startWorkers(): Promise<void>;
  /** Ends the workers, and lets the server forget that they asked for work. */
  stopWorkers(): Promise<void>;
  /** Goes on with a Temporal that knows nothing, as after the loss of the cluster; without workers. */
  loseTemporal(): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds: what a step writes is of the minute that the clock of the story shows, so it is seen at its end. */
const LATEST = 59_000;

const DAILY = [
  ...['orders.daily_revenue', 'orders.push_revenue', 'accounts.fetch_accounts', 'accounts.load_accounts'],
  ...['warehouse.marts.daily_revenue', 'serving.public.daily_revenue'],
  ...['lake.shop.accounts', 'warehouse.analytics.accounts'],
];

export async function openOnCallShop(): Promise<OnCallShop> {
  const systems = await openOnCallSystems();
  const environment = { ...process.env };
  Object.assign(process.env, systems.secrets);
  const dir = await mkdtemp(join(tmpdir(), 'reefline-oncall-'));
  let engine = await startEngine('oncall', onCallWork);
  const engines = [engine];
  let now = Date.parse('2020-03-01T20:00Z');
  let began = Date.now();
  let idle = false;
  const shop: OnCallShop = {
    systems,
    at: async (instant) => {
      await shop.settle();
      now = Date.parse(instant);
    },
    settle: async () => {
      await untilQuiet(engine.db);
      await moveIntoStory(engine.db, began, now);
      began = Date.now();
    },
    write: async (files) => {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(dir, path)), { recursive: true });
        await writeFile(join(dir, path), text);
      }
    },
    reefline: async (line, actor = 'ada') => {
      const argv = (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
      const placed = ['plan', 'apply'].includes(argv[0] ?? '') ? [...argv, dir] : argv;
      const type = (): Promise<CliOutcome> => typed(engine, systems, placed, now + LATEST, actor);
      const { stdout, stderr } = await (argv[0] === 'doctor'
        ? atTheClockOfNow(engine.db, idle, type)
        : type());
      await shop.settle();
      return `${stderr}${stdout}`
        .replaceAll(engine.namespace, 'default')
        .replaceAll(/127\.0\.0\.1:\d+/g, 'db.internal:5432');
    },
    psql: async (sql, where) => {
      const rows =
        where === 'catalog'
          ? (await engine.db.query<Record<string, unknown>>(sql)).rows
          : await systems.warehouse.query(sql);
      return `${rows.map((row) => Object.values(row).join('|')).join('\n')}\n`;
    },
    tick: async (id, ...labels) => {
      const stage = await readStage(dir, id);
      const asked = labels.map((text) => ({ stage, timelabel: label(text), trigger: 'schedule' }) as const);
      await Promise.all(asked.map((ask) => askForRun(engine.client, ask)));
      await untilFound(
        engine,
        labels.length,
        `select 1 from reefline.stage_run where stage = $1 and timelabel = any($2) and closed_at is not null`,
        [id, labels],
      );
    },
    day: async (date, hours) => {
      const labels = hours.map((hour) => `${date}${String(hour).padStart(2, '0')}0000`);
      await shop.tick('orders.fetch_orders', ...labels);
      await untilQuiet(engine.db);
      await moveLabelsIntoStory(engine.db, began, DAILY);
      await shop.settle();
    },
    report: async (event) => {
      await routerSignal(engine.client)('orders', [event as never]);
      await untilFound(
        engine,
        1,
        `select 1 from reefline.data_event where received_at >= $1 and stage is null union all
         select 1 from reefline.rejected_event where last_received_at >= $1`,
        [new Date(began)],
      );
      await shop.settle();
    },
    passDeadline: async (stage, timelabel) => {
      await engine.db.query(
        `update reefline.stage_run set deadline = $3 where stage = $1 and timelabel = $2 and status = 'WAITING'`,
        [stage, timelabel, new Date(now)],
      );
      await passDeadline(engine.db, new ConfigStore(), routerSignal(engine.client), { stage, timelabel });
      await shop.settle();
    },
    untilDelivered: async () => {
      await untilFound(engine, 0, `select 1 from reefline.delivery where status = 'owed'`, []);
      await shop.settle();
    },
    setSchedules: async (ids, state) => {
      for (const id of ids) {
        const handle = engine.client.schedule.getHandle(id);
        await (state === 'paused' ? handle.pause() : handle.unpause());
      }
    },
    startWorkers: async () => {
      await engine.startWorkers();
      idle = false;
    },
    stopWorkers: async () => {
      await engine.stopWorkers();
      idle = true;
    },
    loseTemporal: async () => {
      await engine.stopWorkers();
      engine = await startEngine('oncallafter', onCallWork, engine.catalogUrl);
      engines.unshift(engine);
    },
    close: async () => {
      for (const each of engines) await each.close();
      await systems.close();
      await rm(dir, { recursive: true, force: true });
      process.env = environment;
    },
  };
  await shop.write(shopFiles(systems.bucket, systems.database));
  return shop;
}

/** The Temporal client reads the environment of the process. */
async function typed(
  { catalogUrl, namespace }: Engine,
  { secrets }: OnCallSystems,
  argv: readonly string[],
  now: number,
  actor: string,
): Promise<CliOutcome> {
  const env = {
    ...secrets,
    LANG: 'C.UTF-8',
    REEFLINE_CATALOG_URL: catalogUrl,
    TEMPORAL_ADDRESS: fromEnvironment('TEMPORAL_ADDRESS'),
    TEMPORAL_NAMESPACE: namespace,
  };
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    return await runReefline(argv, { env, now, actor });
  } finally {
    process.env = before;
  }
}

async function readStage(dir: string, id: string): Promise<StageDefinition> {
  const reading = await readProject(dir);
  const found = 'project' in reading ? reading.project.stages.find((stage) => stage.id === id) : undefined;
  if (found === undefined) throw new Error(`There is no stage ${id}.`);
  return found;
}

async function untilFound(
  { db }: Engine,
  count: number,
  sql: string,
  values: readonly unknown[],
): Promise<void> {
  await eventually(async () => {
    const found = await db.query(sql, [...values]);
    if (found.rowCount !== count) throw new Error(`${String(found.rowCount)} of ${String(count)}: ${sql}`);
  });
}

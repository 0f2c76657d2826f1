import type pg from 'pg';
import { storeConfig } from '../../catalog/config-store.ts';
import { connectCatalog } from '../../catalog/connect.ts';
import { runEventId } from '../../pipeline/ids.ts';
import type { Project } from '../../pipeline/project.ts';
import { eventTypeOf } from '../../pipeline/routing.ts';
import { type CliOutcome, type CliSetting, runReefline } from './cli-terminal.ts';
import { freshCatalog } from './local-cloud.ts';
import { projectOf } from './project.ts';

/** An hourly stage, its load and a daily summary of that. */
const PROJECT = projectOf(
  [
    { name: 'hourly', period: '1h', cron: '10 * * * *' },
    { name: 'loaded', period: '1h', reads: ['hourly'] },
    { name: 'daily', period: '1d', reads: ['loaded'] },
  ],
  [{ name: 'customers', kind: 'sqs', queueUrl: '${env:QUEUE}' }],
);
/** What the commands take for the present. */
const NOW = Date.parse('2020-03-03T13:05:00Z');

/** A run of the stage of this name as the ledger has it. */
export interface HistoricRun {
  readonly stage: string;
  readonly timelabel: string;
  readonly revision?: number;
  readonly status: string;
  readonly outcome?: string;
  readonly trigger?: string;
  readonly late?: boolean;
  readonly rows?: number;
  /** What it waits for: `dataset label`. */
  readonly lacks?: readonly [dataset: string, timelabel: string];
  readonly error?: { readonly class: string; readonly message: string; readonly facts: object };
  readonly inputs?: readonly HistoricInput[];
}

export interface HistoricInput {
  readonly dataset: string;
  readonly timelabel: string;
  readonly revision: number;
  readonly eventId: string;
}

/** A catalog whose history a suite writes itself, and the command line on it. */
export interface RunHistory {
  readonly db: pg.Pool;
  reefline(argv: readonly string[], setting?: CliSetting): Promise<CliOutcome>;
  /** The JSON that a command prints. */
  json<T>(...argv: string[]): Promise<T>;
  clear(): Promise<void>;
  /** Writes a run, and when it ended, the event that it reported, whose id is returned. */
  add(run: HistoricRun): Promise<string>;
  /** hourly 08:00 -> loaded 08:00, both done; hourly 09:00 failed; daily waits. */
  addSmallHistory(): Promise<void>;
  close(): Promise<void>;
}

export async function openRunHistory(label: string, project: Project = PROJECT): Promise<RunHistory> {
  const database = await freshCatalog(label);
  const db = connectCatalog(database.url, 4);
  await storeConfig(db, project, 'test');
  const reefline = async (argv: readonly string[], setting: CliSetting = {}): Promise<CliOutcome> => {
    const env = { REEFLINE_CATALOG_URL: database.url, LANG: 'C.UTF-8' };
    return runReefline(argv, { now: NOW, ...setting, env: { ...env, ...setting.env } });
  };
  return {
    db,
    reefline,
    json: async <T>(...argv: string[]) => JSON.parse((await reefline([...argv, '--json'])).stdout) as T,
    clear: async () => {
      await db.query(
        'truncate reefline.data_event, reefline.verdict, reefline.delivery, reefline.stage_run, reefline.run_input, reefline.run_note, reefline.held_run, reefline.pause',
      );
    },
    add: (run) => addRun(db, project, run),
    addSmallHistory: () => addSmallHistory(db),
    close: async () => {
      await db.end();
      await database.drop();
    },
  };
}

async function addRun(db: pg.Pool, project: Project, row: HistoricRun): Promise<string> {
  const { revision = 1, trigger = 'event', late = false, inputs = [], timelabel, status } = row;
  const stage = project.stages.find(({ name }) => name === row.stage);
  if (stage === undefined) throw new Error(`The project has no stage ${row.stage}.`);
  const eventId = runEventId(stage.id, timelabel, revision);
  const dataset = stage.output;
  const type = eventTypeOf(stage, project);
  const [, schema = '', table = ''] = dataset.split('.');
  const ended = status === 'SUCCESS' || status === 'FAILURE';
  const causedBy = inputs.map((input) => input.eventId);
  const identity = { eventId, dataset, timelabel, revision, status, stage: stage.id };
  const address = { event_type: 'data', type, schema, table };
  const event = { ...address, ...identity, causedBy, rows: row.rows ?? 1234, error: row.error ?? null };
  await db.query(
    `insert into reefline.stage_run (stage, timelabel, revision, status, outcome, pipeline, dataset, config_version, trigger, caused_by,
                                     opened_at, started_at, closed_at, late_at, temporal_run_id, events, missing)
     values ($1, $2, $3, $4, $5, $13, $6, 1, $7, $8, '2020-03-03T12:00:00Z', '2020-03-03T12:00:10Z',
             case when $9 then '2020-03-03T12:03:15Z'::timestamptz end, case when $10 then '2020-03-03T12:30:00Z'::timestamptz end,
             'temporal-run', $11, $12)`,
    [
      identity.stage,
      timelabel,
      revision,
      status,
      row.outcome ?? null,
      dataset,
      trigger,
      causedBy,
      ended,
      late,
      ended ? JSON.stringify([event]) : null,
      row.lacks === undefined ? null : JSON.stringify([{ dataset: row.lacks[0], timelabel: row.lacks[1] }]),
      stage.pipeline,
    ],
  );
  for (const input of inputs)
    await db.query('insert into reefline.run_input values ($1, $2, $3, $4, $5, $6, $7)', [
      identity.stage,
      timelabel,
      revision,
      input.dataset,
      input.timelabel,
      input.revision,
      input.eventId,
    ]);
  if (ended) await logEvent(db, event, row.outcome ?? status);
  return eventId;
}

/** Appends an event to the log. */
export async function logEvent(
  db: pg.Pool | pg.PoolClient,
  event: Readonly<Record<string, unknown>>,
  outcome: string,
): Promise<void> {
  await db.query(
    `insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, status, outcome, stage, router, body, received_at)
     select e->>'eventId', e->>'event_type', e->>'dataset', e->>'timelabel', (e->>'revision')::int, e->>'status', $2, e->>'stage', 'p', e, '2020-03-03T12:04:00Z'
       from (select $1::jsonb as e) given`,
    [JSON.stringify(event), outcome],
  );
}

async function addSmallHistory(db: pg.Pool): Promise<void> {
  const timelabel = '20200303080000';
  const eventId = await addRun(db, PROJECT, {
    stage: 'hourly',
    timelabel,
    status: 'SUCCESS',
    trigger: 'schedule',
  });
  await addRun(db, PROJECT, {
    stage: 'loaded',
    timelabel,
    status: 'SUCCESS',
    inputs: [{ dataset: 'warehouse.main.hourly', timelabel, revision: 1, eventId }],
  });
  await addRun(db, PROJECT, {
    stage: 'hourly',
    timelabel: '20200303090000',
    status: 'FAILURE',
    trigger: 'schedule',
    error: { class: 'unauthorized', message: 'permission denied for table orders', facts: {} },
  });
  await addRun(db, PROJECT, {
    stage: 'daily',
    timelabel: '20200303000000',
    status: 'WAITING',
    lacks: ['warehouse.main.loaded', '20200303100000'],
  });
}

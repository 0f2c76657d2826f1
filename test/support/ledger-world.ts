import type pg from 'pg';
import { acceptEvents } from '../../activities/accept-events.ts';
import { closeRun } from '../../activities/close-run.ts';
import { openRun, type OpenRunInput } from '../../activities/open-run.ts';
import { NO_METER, type Meter } from '../../activities/metrics.ts';
import { passDeadline } from '../../activities/pass-deadline.ts';
import { NO_TRACER, type Tracer } from '../../activities/tracer.ts';
import { ConfigStore, storeConfig, type StoreOptions } from '../../catalog/config-store.ts';
import { connectCatalog } from '../../catalog/connect.ts';
import { beginRun } from '../../catalog/run-ledger.ts';
import type { EventError, ReeflineEvent } from '../../pipeline/data-event.ts';
import type { Happening } from '../../pipeline/happening.ts';
import type { Project } from '../../pipeline/project.ts';
import type { RunStep } from '../../pipeline/run-plan.ts';
import { freshCatalog } from './local-cloud.ts';

/** How a run of a suite ends; it succeeds with one row when absent. */
export interface RunEnding {
  readonly rows?: number;
  readonly error?: EventError;
  readonly superseded?: true;
  readonly attempt?: number;
  /** The event stays on its way to the router. */
  readonly undelivered?: true;
}

/** A catalog in which the activities themselves do what workflows would have them do. */
export interface LedgerWorld {
  /** Of the catalog's database. */
  readonly url: string;
  readonly db: pg.Pool;
  readonly configs: ConfigStore;
  /** What the activities told to be traced. */
  readonly traced: readonly Happening[];
  apply(project: Project, options?: StoreOptions): Promise<void>;
  accept(...messages: unknown[]): Promise<void>;
  /** Asks for a label as a workflow does, and does nothing with the answer. */
  open(stage: string, timelabel: string, request?: Partial<OpenRunInput>): Promise<RunStep>;
  begin(stage: string, timelabel: string, attempt?: number): Promise<void>;
  /** Ends the run that is open, and delivers what it reports. */
  end(stage: string, timelabel: string, ending?: RunEnding): Promise<readonly ReeflineEvent[]>;
  /** Asks for a label, and when it opens, works and ends. */
  run(
    stage: string,
    timelabel: string,
    ending?: RunEnding,
    request?: Partial<OpenRunInput>,
  ): Promise<readonly ReeflineEvent[]>;
  /** Works off every run that is open, and those that follow. */
  settle(): Promise<void>;
  passDeadline(stage: string, timelabel: string, meter?: Meter): Promise<void>;
  close(): Promise<void>;
}

export async function openLedgerWorld(label: string, project: Project): Promise<LedgerWorld> {
  const database = await freshCatalog(label);
  const db = connectCatalog(database.url, 4);
  const configs = new ConfigStore();
  await storeConfig(db, project, 'test');
  // As if the project had been there before the days that the suite writes about.
  await db.query(`update reefline.config_version set applied_at = '2020-01-01T00:00:00Z'`);
  const traced: Happening[] = [];
  const tracer: Tracer = { ...NO_TRACER, record: (happening) => void traced.push(happening) };
  const accept = async (...messages: unknown[]): Promise<void> => {
    await acceptEvents(db, configs, 'test', messages, NO_METER, tracer);
  };
  const deliver = (_pipeline: string, events: readonly ReeflineEvent[]): Promise<void> => accept(...events);
  const openRevision = async (stage: string, timelabel: string): Promise<number> => {
    const found = await db.query<{ revision: number }>(
      `select revision from reefline.stage_run where stage = $1 and timelabel = $2 and status = 'RUNNING'`,
      [stage, timelabel],
    );
    const revision = found.rows[0]?.revision;
    if (revision === undefined) throw new Error(`${stage} ${timelabel} has no open run.`);
    return revision;
  };
  const world: LedgerWorld = {
    url: database.url,
    db,
    configs,
    traced,
    accept,
    apply: async (next, options) => {
      await storeConfig(db, next, 'ada', options);
    },
    open: (stage, timelabel, request = {}) =>
      openRun(db, configs, { stage, timelabel, trigger: 'schedule', rerun: null, ...request }, tracer),
    begin: async (stage, timelabel, attempt = 1) => {
      const revision = await openRevision(stage, timelabel);
      await beginRun(db, { stage, timelabel, revision }, attempt, 'temporal-run');
    },
    end: async (stage, timelabel, ending = {}) => {
      const { rows = 1, error = null, superseded, undelivered } = ending;
      const revision = await openRevision(stage, timelabel);
      await beginRun(db, { stage, timelabel, revision }, ending.attempt ?? 1, 'temporal-run');
      const reported: ReeflineEvent[] = [];
      const signal = async (pipeline: string, events: readonly ReeflineEvent[]): Promise<void> => {
        reported.push(...events);
        if (undelivered !== true) await deliver(pipeline, events);
      };
      const output = error === null ? { rows, bytes: null, uri: null, columns: null } : null;
      const how = superseded === undefined ? {} : { superseded };
      const input = { stage, timelabel, revision, temporalRunId: 'temporal-run', output, error, ...how };
      await closeRun(db, configs, signal, input, NO_METER, tracer);
      return reported;
    },
    run: async (stage, timelabel, ending, request) => {
      const step = await world.open(stage, timelabel, request);
      return step.kind === 'run' ? world.end(stage, timelabel, ending) : [];
    },
    settle: async () => {
      for (;;) {
        const found = await db.query<{ stage: string; timelabel: string }>(
          `select stage, timelabel from reefline.stage_run where status = 'RUNNING' order by stage, timelabel`,
        );
        if (found.rows.length === 0) return;
        for (const { stage, timelabel } of found.rows) await world.end(stage, timelabel);
      }
    },
    passDeadline: async (stage, timelabel, meter) => {
      await passDeadline(db, configs, deliver, { stage, timelabel }, meter, tracer);
    },
    close: async () => {
      await db.end();
      await database.drop();
    },
  };
  return world;
}

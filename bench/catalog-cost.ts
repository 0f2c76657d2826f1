import type pg from 'pg';
import { acceptEvents } from '../activities/accept-events.ts';
import { closeRun } from '../activities/close-run.ts';
import { ConfigStore, storeConfig } from '../catalog/config-store.ts';
import { connectCatalog } from '../catalog/connect.ts';
import { migrateCatalog } from '../catalog/migrate.ts';
import { beginRun } from '../catalog/run-ledger.ts';
import { createDatabase } from '../local/database.ts';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import { cpuSeconds } from './cpu.ts';
import { atMost, percentile, reported, rounded, type Figure } from './figure.ts';
import { BURST_DATASETS, benchProject, burstEntry, eventOf, labelOf } from './project.ts';
import type { Stack } from './stack.ts';

const SMALL = 1_000;
const LARGE = 1_000_000;
const WARM_UP = 50;
const ROUNDS = 3;
const EVENTS_OF_ROUND = 200;

/**
 * What the catalog does for one routed event, from its acceptance to that of the event of the run that it started: statements,
 * time and CPU of the session. Measured alternately with 1,000 and with 1,000,000 events (and as many runs) on record.
 */
export async function catalogCost(stack: Stack, say: (line: string) => void): Promise<Figure[]> {
  const small = await RecordedCatalog.open(stack.postgresUrl, 'bench_small_log', SMALL);
  const large = await RecordedCatalog.open(stack.postgresUrl, 'bench_large_log', LARGE);
  try {
    for (const catalog of [small, large]) await catalog.route(WARM_UP);
    const costs = { small: [] as Cost[], large: [] as Cost[] };
    for (let round = 1; round <= ROUNDS; round += 1) {
      costs.small.push(await small.route(EVENTS_OF_ROUND));
      costs.large.push(await large.route(EVENTS_OF_ROUND));
      say(`catalog: round ${String(round)} of ${String(ROUNDS)}`);
    }
    const least = (all: readonly Cost[]): number => Math.min(...all.map(({ cpuMs }) => cpuMs));
    const described = (all: readonly Cost[]): object => ({
      statements: all[0]?.statements,
      ms: all.map(({ ms }) => rounded(ms)),
      acceptMs: all.map(({ acceptMs }) => rounded(acceptMs)),
      catalogCpuMs: all.map(({ cpuMs }) => rounded(cpuMs)),
    });
    const detail = { of1000: described(costs.small), of1000000: described(costs.large) };
    const ms = percentile(
      costs.large.map((cost) => cost.ms),
      0.5,
    );
    return [
      reported('catalog_event_ms', ms, { ...detail, events: ROUNDS * EVENTS_OF_ROUND }),
      atMost('catalog_growth_ratio', least(costs.large) / least(costs.small), 1.3, detail),
    ];
  } finally {
    await small.close();
    await large.close();
  }
}

/** Of one routed event. */
interface Cost {
  readonly statements: number;
  /** Medians. */
  readonly ms: number;
  readonly acceptMs: number;
  readonly cpuMs: number;
}

class RecordedCatalog {
  readonly #db: pg.Pool;
  readonly #configs = new ConfigStore();
  #statements = 0;
  #session = 0;
  #given = 0;

  private constructor(db: pg.Pool) {
    this.#db = db;
    db.on('connect', (client) => {
      this.#session = (client as unknown as { readonly processID: number }).processID;
      const query = client.query.bind(client) as (...args: unknown[]) => unknown;
      client.query = ((...args: unknown[]) => {
        this.#statements += 1;
        return query(...args);
      }) as typeof client.query;
    });
  }

  /** A catalog of its own with one session, so many events of the datasets that are routed, and a run for each. */
  static async open(postgresUrl: string, name: string, events: number): Promise<RecordedCatalog> {
    const url = await createDatabase(postgresUrl, name);
    await migrateCatalog(url);
    const db = connectCatalog(url, 1);
    const catalog = new RecordedCatalog(db);
    await storeConfig(db, benchProject([]), 'bench');
    await db.query(
      `insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, status, outcome, router, body)
       select dataset || '/' || label, 'data', dataset, label, 1, 'SUCCESS', 'SUCCESS', 'bench',
              jsonb_build_object('event_type', 'data', 'eventId', dataset || '/' || label, 'dataset', dataset, 'timelabel', label, 'revision', 1)
         from generate_series(1, $1::int) n cross join lateral (
           select 'warehouse.outside.burst_' || to_char(n % $2, 'FM00') as dataset,
                  to_char(timestamp '1801-01-01' + n * interval '1 hour', 'YYYYMMDDHH24') || '0000' as label) made`,
      [events, BURST_DATASETS],
    );
    await db.query(
      `insert into reefline.stage_run (stage, timelabel, revision, status, pipeline, dataset, config_version, trigger, closed_at)
       select 'burst.' || split_part(dataset, '.', 3), timelabel, 1, 'SUCCESS', 'burst', 'warehouse.burst.' || split_part(dataset, '.', 3),
              1, 'event', clock_timestamp() from reefline.data_event`,
    );
    await db.query('vacuum analyze reefline.data_event, reefline.stage_run');
    return catalog;
  }

  async route(events: number): Promise<Cost> {
    // A session that was idle for a minute is another one now.
    await this.#db.query('select 1');
    const [statements, cpu] = [this.#statements, cpuSeconds(this.#session)];
    const times: { ms: number; acceptMs: number }[] = [];
    for (let nth = 0; nth < events; nth += 1) times.push(await this.#routeOne());
    const median = (field: 'ms' | 'acceptMs'): number =>
      percentile(
        times.map((time) => time[field]),
        0.5,
      );
    return {
      statements: (this.#statements - statements) / events,
      ms: median('ms'),
      acceptMs: median('acceptMs'),
      cpuMs: (1_000 * (cpuSeconds(this.#session) - cpu)) / events,
    };
  }

  /** Accepts an event, runs what it opened, and accepts what that reports. Milliseconds of all, and of the first acceptance. */
  async #routeOne(): Promise<{ ms: number; acceptMs: number }> {
    this.#given += 1;
    const event = eventOf(burstEntry(this.#given % BURST_DATASETS), this.#given);
    const begun = performance.now();
    const { actions } = await acceptEvents(this.#db, this.#configs, 'burst', [event]);
    const acceptMs = performance.now() - begun;
    const [action] = actions;
    if (action?.step?.kind !== 'run') throw new Error(`No run was opened for ${labelOf(this.#given)}.`);
    const { stage, timelabel } = action;
    const key = { stage, timelabel, revision: action.step.revision };
    await beginRun(this.#db, key, 1, 'bench');
    const output = { rows: 0, bytes: null, uri: null, columns: null };
    let events: readonly ReeflineEvent[] = [];
    const signalled = (_: string, sent: readonly ReeflineEvent[]): Promise<void> => {
      events = sent;
      return Promise.resolve();
    };
    const closing = { ...key, temporalRunId: 'bench', output, error: null };
    await closeRun(this.#db, this.#configs, signalled, closing);
    await acceptEvents(this.#db, this.#configs, 'burst', events);
    return { ms: performance.now() - begun, acceptMs };
  }

  async close(): Promise<void> {
    await this.#db.end();
  }
}

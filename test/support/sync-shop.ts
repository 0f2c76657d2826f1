import pg from 'pg';
import { extractStage } from '../../activities/stages/extract.ts';
import { loadStage } from '../../activities/stages/load.ts';
import type { StageRunner } from '../../activities/stages/runner.ts';
import type { Connection } from '../../pipeline/connection.ts';
import { ROUTING_QUEUE, syncId } from '../../pipeline/ids.ts';
import type { Project } from '../../pipeline/project.ts';
import type { ExtractWork, LoadWork, StageDefinition } from '../../pipeline/stage.ts';
import type { SyncResult } from '../../pipeline/sync-report.ts';
import { type CliOutcome, runReefline } from './cli-terminal.ts';
import { startEngine, type Engine } from './engine.ts';
import { freshDatabase, fromEnvironment } from './local-cloud.ts';
import { notSoon } from './not-soon.ts';
import { openTestWarehouse, type TestWarehouse } from './warehouse.ts';

/** An hourly extract of a table of the source, and its load. */
export interface SyncedTable {
  readonly table: string;
  readonly extract?: Partial<ExtractWork>;
  readonly load?: Partial<LoadWork>;
  /** The load is daily, so that a label of it holds 24 of the extract. */
  readonly daily?: true;
}

/** A source, a stage store, a warehouse and workers, with nothing in between but the real stages. */
export interface SyncShop {
  readonly engine: Engine;
  readonly warehouse: TestWarehouse;
  source(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** `id hour` of every row of a loaded table. */
  loaded(table: string, columns?: string): Promise<string[]>;
  reefline(...argv: string[]): Promise<CliOutcome>;
  /** Runs a sync as `temporal workflow start` would, and waits for its backfill. */
  sync(id: string, input: object): Promise<SyncResult>;
  /** Runs labels of an extract and what follows, as schedules do. */
  backfill(table: string, from: string, to: string): Promise<void>;
  close(): Promise<void>;
}

/** The database that is synced. */
export interface SyncedSource {
  readonly connection: Connection;
  readonly schema: string;
  query(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Without `source` it is a new PostgreSQL database. */
export async function openSyncShop(
  label: string,
  tables: readonly SyncedTable[],
  source?: SyncedSource,
): Promise<SyncShop> {
  const synced = source ?? (await openPostgresSource(label));
  const warehouse = await openTestWarehouse(`${label}_warehouse`);
  const engine = await startEngine(label, (run, tools) => {
    const runner = (run.stage.work.kind === 'extract' ? extractStage : loadStage) as StageRunner;
    return runner(run, tools);
  });
  await engine.apply(projectOf(synced, warehouse, tables));
  for (const { table } of tables) await engine.client.schedule.getHandle(`tick/p.fetch_${table}`).pause();
  await engine.startWorkers();
  return {
    engine,
    warehouse,
    source: (sql, values) => synced.query(sql, values),
    loaded: async (table, columns = 'id') => {
      const rows = await warehouse.query(
        `select ${columns}, substr(reefline_timelabel, 9, 2) || 'h' as hour from analytics.${table} order by id, hour`,
      );
      return rows.map((row) => Object.values(row).join(' '));
    },
    reefline: (...argv) => reefline(engine, argv),
    sync: async (id, input) => {
      const result = (await engine.client.workflow.execute('historicalSync', {
        ...{ workflowId: syncId(id), taskQueue: ROUTING_QUEUE, args: [input] },
      })) as SyncResult;
      if (result.backfill !== null && !result.paused)
        await engine.client.workflow.getHandle(`backfill/${result.backfill}`).result();
      return result;
    },
    backfill: async (table, from, to) => {
      const id = `backfill/${table}-${String(Date.now())}`;
      const input = { target: `p.fetch_${table}`, from, to, downstream: true };
      await engine.client.workflow.execute('backfill', {
        ...{ workflowId: id, taskQueue: ROUTING_QUEUE, args: [input] },
      });
    },
    close: async () => {
      await engine.close();
      await warehouse.close();
      await synced.close();
    },
  };
}

async function openPostgresSource(label: string): Promise<SyncedSource> {
  const database = await freshDatabase(`${label}_source`);
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  return {
    connection: { kind: 'postgres', url: database.url, concurrency: 10 },
    schema: 'public',
    query: async (sql, values = []) =>
      (await client.query<Record<string, unknown>>(sql, values.length === 0 ? undefined : [...values])).rows,
    close: async () => {
      await client.end();
      await database.drop();
    },
  };
}

/** The Temporal client reads the environment of the process. */
async function reefline(engine: Engine, argv: readonly string[]): Promise<CliOutcome> {
  const env = {
    REEFLINE_CATALOG_URL: engine.catalogUrl,
    TEMPORAL_ADDRESS: fromEnvironment('TEMPORAL_ADDRESS'),
    TEMPORAL_NAMESPACE: engine.namespace,
  };
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    return await runReefline(argv, { env });
  } finally {
    process.env = before;
  }
}

function projectOf(source: SyncedSource, warehouse: TestWarehouse, tables: readonly SyncedTable[]): Project {
  const { lake, warehouse: redshift } = warehouse.connections;
  if (lake === undefined || redshift === undefined) throw new Error('The test warehouse lacks a connection.');
  return {
    connections: {
      shop: source.connection,
      lake,
      warehouse: { ...redshift, concurrency: 10 },
    },
    endpoints: [],
    datasets: [],
    stages: tables.flatMap((table) => stagesOf(source.schema, table)),
    pipelines: ['p'],
  };
}

function stagesOf(schema: string, { table, extract, load, daily }: SyncedTable): StageDefinition[] {
  const common = { pipeline: 'p', timeoutSeconds: 60, maxAttempts: 2 } as const;
  const staged = `lake.shop.${table}`;
  return [
    {
      ...common,
      id: `p.fetch_${table}`,
      name: `fetch_${table}`,
      output: staged,
      period: '1h',
      schedule: { cron: notSoon() },
      inputs: [],
      work: {
        kind: 'extract',
        from: `shop.${schema}.${table}`,
        mode: 'incremental_append',
        format: 'parquet',
        ...(extract?.mode === 'snapshot' ? {} : { cursor: 'at' }),
        ...extract,
      },
    },
    {
      ...common,
      id: `p.load_${table}`,
      name: `load_${table}`,
      output: `warehouse.analytics.${table}`,
      period: daily === true ? '1d' : '1h',
      inputs: [{ dataset: staged, period: '1h', window: daily === true ? 'all' : 'same', on: ['SUCCESS'] }],
      work: { kind: 'load', from: staged, mode: 'append', key: [], ...load },
    },
  ];
}

import { cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import { readBackfill } from '../catalog/backfill.ts';
import { readTime } from '../catalog/clock.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import { openSyncSource as openMysql } from '../connectors/mysql/open-sync-source.ts';
import { openSyncSource as openPostgres } from '../connectors/postgres/open-sync-source.ts';
import type { Connection, MysqlConnection, PostgresConnection } from '../pipeline/connection.ts';
import { parseDataset, type DatasetName } from '../pipeline/dataset.ts';
import { StageFailure } from '../pipeline/failure.ts';
import type { Project } from '../pipeline/project.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import { requireExtract, type ExtractStage } from '../pipeline/sync-loads.ts';
import type { SyncResult } from '../pipeline/sync-report.ts';
import type { SyncRequest } from '../pipeline/sync-request.ts';
import type { SyncSource } from '../pipeline/sync-source.ts';
import { stageQueue } from '../pipeline/task-queue.ts';
import { plannedBefore, planSync } from './sync-plan.ts';
import { searchLabels, type FoundLabels } from './sync-search.ts';
import { syncTools, type SyncTools } from './sync-tools.ts';
import { toFailure } from './to-failure.ts';

export interface FindSyncLabelsInput {
  /** The name of the sync, which is that of its backfill. */
  readonly id: string;
  readonly request: SyncRequest;
}

export interface SyncEnvironment {
  readonly db: pg.Pool;
  readonly configs: ConfigStore;
  /** Resolves the references to secrets in a connection's settings; throws StageFailure when one is missing. */
  readonly resolveSecrets: (connection: Connection) => Connection;
  /** Takes the secrets that the project refers to out of a text. */
  readonly redact: (text: string, project: Project) => string;
}

/** Where the source of an extract is looked into. */
export interface ResolvedSync {
  readonly taskQueue: string;
  readonly maxAttempts: number;
}

/** Checks what needs no source, and finds the task queue of the connection, whose workers have its secrets. */
export async function resolveSync(
  db: pg.Pool,
  configs: ConfigStore,
  request: SyncRequest,
): Promise<ResolvedSync> {
  const stage = extractOf(await configs.current(db), request);
  return { taskQueue: stageQueue(stage), maxAttempts: stage.maxAttempts };
}

function extractOf(table: RoutingTable, request: SyncRequest): ExtractStage {
  const found = requireExtract(table, request);
  if ('stage' in found) return found.stage;
  throw ApplicationFailure.nonRetryable(found.problem, 'invalid_config');
}

/**
 * Finds the labels that a historical sync has to make, and records their backfill. The source is only read, in one
 * snapshot. An attempt that dies has written nothing or everything; the next one looks again, or finds the plan.
 */
export async function findSyncLabels(
  environment: SyncEnvironment,
  { id, request }: FindSyncLabelsInput,
): Promise<SyncResult> {
  const { db, configs, resolveSecrets } = environment;
  const table = await configs.current(db);
  const stage = extractOf(table, request);
  const known = request.dryRun ? undefined : await readBackfill(db, id);
  if (known !== undefined) return plannedBefore(id, request, known);
  const tools = syncTools(table, resolveSecrets);
  try {
    const now = await readTime(db);
    const found = await searchSource(environment, table, stage, request, tools, now);
    return await planSync(db, table, id, request, found, now);
  } catch (error) {
    // A cancelled attempt ends as cancelled, whatever the interrupted call made of it.
    cancellationSignal().throwIfAborted();
    throw toFailure(error, (text) => environment.redact(text, table.project));
  } finally {
    tools.stop();
  }
}

async function searchSource(
  { db }: SyncEnvironment,
  table: RoutingTable,
  stage: ExtractStage,
  request: SyncRequest,
  tools: SyncTools,
  now: number,
): Promise<FoundLabels> {
  const name = parseDataset(stage.work.from);
  if (name === undefined)
    throw new StageFailure(
      'invalid_config',
      `"${stage.work.from}" is no dataset: expected <connection>.<schema>.<table>.`,
    );
  return openSource(stage, name, tools, (source) =>
    searchLabels({ db, stage, source, now }, table, request, tools),
  );
}

/** One statement may take as long as one attempt of the extract itself. */
async function openSource<T>(
  stage: ExtractStage,
  { connection: name, ...table }: DatasetName,
  tools: SyncTools,
  work: (source: SyncSource) => Promise<T>,
): Promise<T> {
  const connection = tools.connection(name);
  const common = {
    connection: name,
    statementTimeoutSeconds: stage.timeoutSeconds,
    signal: tools.watch.signal,
  };
  switch (connection.kind) {
    case 'postgres':
      return openPostgres({ ...common, ...endpointOf(connection) }, table, work);
    case 'mysql':
      return openMysql({ ...common, ...endpointOf(connection) }, table, work);
    case 's3':
    case 'glue':
    case 'redshift':
    case 'athena':
    case 'snowflake':
    case 'salesforce':
      throw new StageFailure(
        'invalid_config',
        `A sync looks into connections of kind postgres or mysql; "${name}" is of kind ${connection.kind}.`,
      );
  }
}

/** A server that counts the rows of a large table is silent for long, so only a limit that was set holds. */
function endpointOf({ url, silenceSeconds }: PostgresConnection | MysqlConnection) {
  return { url, silenceSeconds };
}

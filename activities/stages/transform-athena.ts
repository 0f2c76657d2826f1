import { openAthena } from '../../connectors/athena/client.ts';
import { createTableAs, LINES_BEFORE_SELECT, stagingOf } from '../../connectors/athena/create-table-as.ts';
import type { TableName } from '../../connectors/athena/names.ts';
import { trackQuery } from '../../connectors/athena/progress.ts';
import { writtenRows } from '../../connectors/athena/results.ts';
import { runResumable } from '../../connectors/athena/resumable.ts';
import { readWorkgroup } from '../../connectors/athena/workgroup.ts';
import type { GlueSession } from '../../connectors/glue/call.ts';
import { createGlueClient } from '../../connectors/glue/client.ts';
import { dropStagedTable, readStagedTable } from '../../connectors/glue/staging-table.ts';
import { ensureDatabase } from '../../connectors/glue/table.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import { folderSize } from '../../connectors/s3/folder-size.ts';
import type { AthenaConnection } from '../../pipeline/connection.ts';
import { isRetryable, StageFailure } from '../../pipeline/failure.ts';
import { bindParameters } from '../../pipeline/sql-parameters.ts';
import type { TransformWork } from '../../pipeline/stage.ts';
import type { AthenaWork, Staged } from './athena-work.ts';
import type { StageOutput, StageRun, StageTools } from './runner.ts';
import { showInPartition, shownInPartition } from './show-athena-partition.ts';
import { showInTable, shownInTable } from './show-athena-table.ts';

/** How often a query that succeeded may have lost its table to somebody else before the run gives up. */
const MAX_LOST_TABLES = 3;

/** Where the rows of a mode are shown. Both may be repeated. */
interface Showing {
  /** The output of an earlier attempt that got as far as showing its rows, or of what is newer. */
  readonly before: (work: AthenaWork) => Promise<StageOutput | undefined>;
  readonly show: (work: AthenaWork, staged: Staged) => Promise<StageOutput>;
}

const SHOWING: Readonly<Record<TransformWork['mode'], Showing | undefined>> = {
  append: { before: shownInPartition, show: showInPartition },
  replace: { before: shownInTable, show: showInTable },
  // Nothing in such a table rewrites single rows.
  merge: undefined,
};

/**
 * Runs a SELECT for one label in Athena and shows its rows in a Glue table: as the label's partition (`append`) or as the whole
 * of it (`replace`). The query writes into a fresh folder, through a table of its own that nobody knows; then one call of Glue points
 * the partition or the table to that folder, so a reader sees the old rows or the new ones. What is shown tells a repeated
 * attempt that the work is done.
 */
export async function transformInAthena(
  run: StageRun<TransformWork>,
  tools: StageTools,
  connection: AthenaConnection,
  target: TableName,
): Promise<StageOutput> {
  const { work, output } = run.stage;
  const showing = SHOWING[work.mode];
  if (showing === undefined)
    throw new StageFailure(
      'invalid_config',
      `Stage ${run.stage.id} writes ${output} in mode ${work.mode}, but nothing rewrites single rows in Athena. Use mode append or replace.`,
    );
  const marker = { dataset: output, timelabel: run.timelabel, revision: run.revision };
  const athena = openAthena(connection);
  const glue = createGlueClient(regionOf(connection));
  try {
    const session = { client: glue, signal: tools.signal };
    const all = { run, marker, connection, target, athena, session, ...trackQuery(tools) };
    const before = await showing.before(all);
    if (before !== undefined) {
      await dropLeftBehind(all);
      return before;
    }
    const found = await stageRows(all);
    return await dropRefused(session, found.table, async () => {
      const shown = await showing.show(all, { ...found, bytes: await stagedBytes(all, found) });
      await dropStagedTable(session, found.table);
      return shown;
    });
  } finally {
    glue.destroy();
    athena.client.destroy();
  }
}

/** Runs the query, or finds what an earlier attempt's query wrote. */
async function stageRows({
  run,
  marker,
  connection,
  target,
  athena,
  session,
  progress,
  watch,
}: AthenaWork): Promise<Omit<Staged, 'bytes'>> {
  const { sql, file } = run.stage.work;
  const select = bindParameters(sql, run, 'athena');
  const workgroup = await readWorkgroup(athena, watch.signal);
  await ensureDatabase(session, target.database);
  const doing = `write ${marker.dataset} for label ${marker.timelabel}`;
  const request = {
    marker,
    attempt: run.attempt,
    place: { doing, file, linesBefore: LINES_BEFORE_SELECT, scanLimit: workgroup.scanLimit },
    sql: (submission: number) => {
      const { table, folder } = stagingOf(connection.location, target, marker, submission, select);
      return createTableAs(table, workgroup.enforced ? undefined : folder, select);
    },
  };
  for (let lost = 0; lost < MAX_LOST_TABLES; lost++) {
    const { query, submission } = await runResumable(athena, request, progress, watch);
    const { table } = stagingOf(connection.location, target, marker, submission, select);
    const staged = await dropRefused(session, table, () => readStagedTable(session, table, file));
    if (staged !== undefined)
      return { ...staged, table, rows: await writtenRows(athena, query.QueryExecutionId ?? '', watch) };
    // Somebody has removed it, so this query can no longer be told from one that wrote nothing.
    progress.keep({ failed: submission + 1 });
  }
  throw new StageFailure(
    'conflict',
    `Athena wrote ${marker.dataset} for label ${marker.timelabel}, but the tables reefline_stage_… in database ${target.database} were removed before their rows could be shown. See which job removes them.`,
    { facts: { dataset: marker.dataset, timelabel: marker.timelabel } },
  );
}

/**
 * Removes the tables that an attempt which showed its rows may have died over. Which submission made one, the last heartbeat says;
 * of each attempt before this one at most one failure can be unknown to it.
 */
async function dropLeftBehind({
  run,
  marker,
  connection,
  target,
  session,
  progress,
}: AthenaWork): Promise<void> {
  const select = bindParameters(run.stage.work.sql, run, 'athena');
  const { failed } = progress.current();
  for (let submission = failed; submission < failed + run.attempt; submission++)
    await dropStagedTable(session, stagingOf(connection.location, target, marker, submission, select).table);
}

/** Bytes of the files that the query wrote. */
async function stagedBytes(
  { connection, watch }: AthenaWork,
  { location }: { readonly location: string },
): Promise<number> {
  const s3 = createS3Client(regionOf(connection));
  try {
    const bytes = await folderSize(s3, location, watch.signal);
    watch.beat();
    return bytes;
  } finally {
    s3.destroy();
  }
}

/** A batch that no retry can show leaves no table behind. */
async function dropRefused<T>(session: GlueSession, table: TableName, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const final = error instanceof StageFailure && !isRetryable(error.failureClass);
    // The failure of the run is told, not that of tidying up.
    if (final) await dropStagedTable(session, table).catch(() => undefined);
    throw error;
  }
}

function regionOf(connection: { readonly region?: string }): { readonly region?: string } {
  return connection.region === undefined ? {} : { region: connection.region };
}

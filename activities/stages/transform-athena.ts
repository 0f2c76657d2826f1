import { openAthena, type Athena } from '../../connectors/athena/client.ts';
import { createTableAs, LINES_BEFORE_SELECT, stagingOf } from '../../connectors/athena/create-table-as.ts';
import type { TableName } from '../../connectors/athena/names.ts';
import { trackQuery, type Progress, type Watch } from '../../connectors/athena/progress.ts';
import { writtenRows } from '../../connectors/athena/results.ts';
import { runResumable, type Marker } from '../../connectors/athena/resumable.ts';
import { readWorkgroup } from '../../connectors/athena/workgroup.ts';
import type { GlueSession } from '../../connectors/glue/call.ts';
import { createGlueClient } from '../../connectors/glue/client.ts';
import { putPartition, shownPartition } from '../../connectors/glue/partition.ts';
import { dropStagedTable, readStagedTable, type StagedTable } from '../../connectors/glue/staging-table.ts';
import { ensureDatabase, upsertTable } from '../../connectors/glue/table.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import { folderSize } from '../../connectors/s3/folder-size.ts';
import type { AthenaConnection } from '../../pipeline/connection.ts';
import { isRetryable, StageFailure } from '../../pipeline/failure.ts';
import { bindParameters } from '../../pipeline/sql-parameters.ts';
import type { TransformWork } from '../../pipeline/stage.ts';
import type { StageOutput, StageRun, StageTools } from './runner.ts';

/** How often a query that succeeded may have lost its table to somebody else before the run gives up. */
const MAX_LOST_TABLES = 3;

/** What the steps of one attempt share. */
interface Work {
  readonly run: StageRun<TransformWork>;
  readonly marker: Marker;
  readonly connection: AthenaConnection;
  readonly target: TableName;
  readonly athena: Athena;
  readonly session: GlueSession;
  readonly progress: Progress;
  readonly watch: Watch;
}

/** What the query of the run wrote, and where. */
interface Staged extends StagedTable {
  readonly table: TableName;
  readonly rows: number;
}

/**
 * Runs a SELECT for one label in Athena and shows its rows as the label's partition of a Glue table. The query writes
 * into a fresh folder, through a table of its own that nobody knows; then one call of Glue points the partition to that folder, so a
 * reader sees the old rows or the new ones. The partition itself tells a repeated attempt that the work is done.
 */
export async function transformInAthena(
  run: StageRun<TransformWork>,
  tools: StageTools,
  connection: AthenaConnection,
  target: TableName,
): Promise<StageOutput> {
  const { work, output } = run.stage;
  if (work.mode !== 'append')
    throw new StageFailure(
      'invalid_config',
      `Stage ${run.stage.id} writes ${output} in mode ${work.mode}, but a table in Athena keeps one partition per label. Use mode append.`,
    );
  const marker = { dataset: output, timelabel: run.timelabel, revision: run.revision };
  const athena = openAthena(connection);
  const glue = createGlueClient(regionOf(connection));
  try {
    const session = { client: glue, signal: tools.signal };
    const all = { run, marker, connection, target, athena, session, ...trackQuery(tools) };
    const before = await shownBefore(all);
    if (before !== undefined) return before;
    const staged = await stageRows(all);
    return await dropRefused(session, staged.table, () => showStaged(all, staged));
  } finally {
    glue.destroy();
    athena.client.destroy();
  }
}

/** The output of an earlier attempt that got as far as the partition, or of a newer revision. */
async function shownBefore({ run, session, target }: Work): Promise<StageOutput | undefined> {
  const { timelabel, revision } = run;
  const shown = await shownPartition(session, { ...target, timelabel, revision });
  const table = shown && (await readStagedTable(session, target, run.stage.work.file));
  if (shown === undefined || table === undefined) return undefined;
  return { rows: shown.rows, bytes: shown.bytes, uri: shown.location, columns: table.columns };
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
}: Work): Promise<Staged> {
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

/** Points the label's partition to the rows, and removes the table through which they were written. */
async function showStaged(work: Work, staged: Staged): Promise<StageOutput> {
  const { run, session, target, connection, watch } = work;
  const { timelabel, revision } = run;
  refuseLabelColumn(run, staged);
  const s3 = createS3Client(regionOf(connection));
  try {
    const bytes = await folderSize(s3, staged.location, watch.signal);
    watch.beat();
    const location = `${connection.location.replace(/\/+$/u, '')}/${target.database}/${target.table}/`;
    const { partition } = await upsertTable(session, { ...target, columns: staged.columns, location });
    const { rows } = staged;
    await putPartition(session, {
      ...target,
      timelabel,
      revision,
      location: staged.location,
      columns: partition,
      rows,
      bytes,
    });
    await dropStagedTable(session, staged.table);
    const shown = await readStagedTable(session, target, run.stage.work.file);
    return { rows, bytes, uri: staged.location, columns: shown?.columns ?? staged.columns };
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

/** Athena fills this column from the partition: a SELECT * of such a table carries it along. */
function refuseLabelColumn({ stage, timelabel }: StageRun<TransformWork>, { columns }: Staged): void {
  if (!columns.some(({ name }) => name === 'timelabel')) return;
  throw new StageFailure(
    'invalid_config',
    `The SELECT of ${stage.work.file} returns a column timelabel, which is the partition key of ${stage.output} and is filled with ${timelabel}. Leave it out or give it another name.`,
    { facts: { file: stage.work.file, column: 'timelabel' } },
  );
}

function regionOf(connection: { readonly region?: string }): { readonly region?: string } {
  return connection.region === undefined ? {} : { region: connection.region };
}

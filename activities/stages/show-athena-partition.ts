import { putPartition, shownPartition } from '../../connectors/glue/partition.ts';
import { readStagedTable } from '../../connectors/glue/staging-table.ts';
import { refuseOtherPartitioning, upsertTable } from '../../connectors/glue/table.ts';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { TransformWork } from '../../pipeline/stage.ts';
import type { AthenaWork, Staged } from './athena-work.ts';
import type { StageOutput, StageRun } from './runner.ts';

/** Mode append: what the label's partition shows, when it shows this revision or a newer one. */
export async function shownInPartition({
  run,
  session,
  target,
}: AthenaWork): Promise<StageOutput | undefined> {
  const { timelabel, revision } = run;
  await refuseOtherPartitioning(session, target);
  const shown = await shownPartition(session, { ...target, timelabel, revision });
  const table = shown && (await readStagedTable(session, target, run.stage.work.file));
  if (shown === undefined || table === undefined) return undefined;
  return { rows: shown.rows, bytes: shown.bytes, uri: shown.location, columns: table.columns };
}

/** Mode append: points the label's partition to the rows. */
export async function showInPartition(work: AthenaWork, staged: Staged): Promise<StageOutput> {
  const { run, session, target, connection } = work;
  const { timelabel, revision } = run;
  const { rows, bytes } = staged;
  refuseLabelColumn(run, staged.columns);
  const location = `${connection.location.replace(/\/+$/u, '')}/${target.database}/${target.table}/`;
  const { partition } = await upsertTable(session, { ...target, columns: staged.columns, location });
  await putPartition(session, {
    ...target,
    timelabel,
    revision,
    location: staged.location,
    columns: partition,
    rows,
    bytes,
  });
  const shown = await readStagedTable(session, target, run.stage.work.file);
  return { rows, bytes, uri: staged.location, columns: shown?.columns ?? staged.columns };
}

/** Athena fills this column from the partition: a SELECT * of such a table carries it along. */
function refuseLabelColumn({ stage, timelabel }: StageRun<TransformWork>, columns: readonly Column[]): void {
  if (!columns.some(({ name }) => name === 'timelabel')) return;
  throw new StageFailure(
    'invalid_config',
    `The SELECT of ${stage.work.file} returns a column timelabel, which is the partition key of ${stage.output} and is filled with ${timelabel}. Leave it out or give it another name.`,
    { facts: { file: stage.work.file, column: 'timelabel' } },
  );
}

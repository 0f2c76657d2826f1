import { readStagedTable } from '../../connectors/glue/staging-table.ts';
import { putWholeTable, shownTable, type ShownTable } from '../../connectors/glue/whole-table.ts';
import type { AthenaWork, Staged } from './athena-work.ts';
import type { StageOutput } from './runner.ts';

/** Mode replace: what the table shows, when these are the rows of this revision, or of a newer one or a newer label. */
export async function shownInTable(work: AthenaWork): Promise<StageOutput | undefined> {
  const { timelabel, revision } = work.run;
  const shown = await shownTable(work.session, { ...work.target, timelabel, revision });
  return shown && outputOf(work, shown);
}

/** Mode replace: points the table to the rows, unless a newer label was faster. */
export async function showInTable(work: AthenaWork, staged: Staged): Promise<StageOutput> {
  const { timelabel, revision } = work.run;
  const { columns, location, rows, bytes } = staged;
  const wanted = { ...work.target, timelabel, revision, columns, location, rows, bytes };
  return outputOf(work, await putWholeTable(work.session, wanted));
}

/** A label that comes after a newer one has no rows in the table, as in every other warehouse. */
async function outputOf({ run, session, target }: AthenaWork, shown: ShownTable): Promise<StageOutput> {
  const table = await readStagedTable(session, target, run.stage.work.file);
  const columns = table?.columns ?? null;
  if (shown.kind === 'newer label') return { rows: 0, bytes: 0, uri: null, columns };
  return { rows: shown.rows, bytes: shown.bytes, uri: shown.location, columns };
}

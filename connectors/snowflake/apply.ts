import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { applyStatements, rowsSelect, type Application, type Marker } from './apply-statements.ts';
import { blockText, readOutcome, type BlockOutcome } from './block.ts';
import type { Warehouse } from './client.ts';
import { statementFailure } from './failures.ts';
import { storedName, type TableName } from './names.ts';
import type { Progress, Watch } from './progress.ts';
import { readRows } from './query.ts';
import { runResumable, stagingTable } from './resumable.ts';

/** What load and transform have in common: how a staged batch goes into a table. */
export interface ApplyRequest {
  readonly marker: Marker;
  readonly target: TableName;
  readonly mode: Application['mode'];
  readonly key: readonly string[];
  /** Columns of the batch. */
  readonly columns: readonly Column[];
  /** Statements that fill the temporary table of the given name. */
  readonly fill: (staging: TableName) => readonly string[];
  /** merge: statements that fill the temporary table of the given name with the keys of deleted rows. */
  readonly deletes?: (table: TableName) => readonly string[];
}

/**
 * Puts one batch into the target, once, in one transaction together with its marker, and returns how many rows the marker
 * counts. Throws StageFailure `data_error` for a key that is NULL or not unique in the batch: Snowflake enforces no key.
 */
export async function applyOnce(
  warehouse: Warehouse,
  request: ApplyRequest,
  progress: Progress,
  watch: Watch,
): Promise<number> {
  const { marker } = request;
  const key = request.key.map(storedName);
  const columns = request.columns.map((column) => storedName(column.name));
  checkKey(request, key, columns);
  const staging = stagingTable(marker);
  const { deletes: fillDeletes, fill, ...rest } = request;
  const gone = { schema: staging.schema, table: `${staging.table}_GONE` };
  const deletes = fillDeletes === undefined ? {} : { deletes: { table: gone, fill: fillDeletes(gone) } };
  const statements = applyStatements({ ...rest, key, columns, staging, fill: fill(staging), ...deletes });
  const doing = `write ${marker.dataset} for label ${marker.timelabel}`;
  const statement = { marker, sql: blockText(statements), doing };
  for (;;) {
    const { rows, attached } = await runResumable(warehouse, statement, progress, watch);
    const outcome = readOutcome(rows[0]?.[0]);
    // A table can have been dropped since an earlier attempt's query ended, and its markers with it.
    const applied = attached
      ? await appliedRows(warehouse, marker, watch)
      : outcome?.kind === 'ended'
        ? outcome.rows
        : undefined;
    if (applied !== undefined) return applied;
    // It wrote nothing. Another submission may, after the repair of the data.
    progress.keep({ failed: progress.current().failed + 1 });
    if (!attached) throw nothingWritten(request, outcome, doing);
  }
}

/** Rows that an earlier execution of this revision, or a newer revision, recorded; undefined when there was none. */
export async function appliedRows(
  warehouse: Warehouse,
  marker: Marker,
  watch: Watch,
): Promise<number | undefined> {
  const doing = `read the marker of ${marker.dataset}`;
  const [row] = await readRows(warehouse, rowsSelect(marker), doing, watch);
  return row === undefined ? undefined : Number(row[0]);
}

function checkKey(request: ApplyRequest, key: readonly string[], columns: readonly string[]): void {
  if (request.mode !== 'merge') return;
  const missing = key.filter((name) => !columns.includes(name));
  if (key.length > 0 && missing.length === 0) return;
  const reason =
    key.length === 0 ? 'names no key' : `has no column ${missing.map((name) => `"${name}"`).join(', ')}`;
  throw new StageFailure(
    'invalid_config',
    `${request.marker.dataset} is merged on a key, but the batch ${reason}. Its columns are ${columns.join(', ')}.`,
    { facts: { dataset: request.marker.dataset } },
  );
}

function nothingWritten(
  request: ApplyRequest,
  outcome: BlockOutcome | undefined,
  doing: string,
): StageFailure {
  const { dataset, timelabel } = request.marker;
  if (outcome?.kind === 'failed') return statementFailure(outcome.error, doing);
  if (outcome?.badKey === undefined)
    return new StageFailure(
      'conflict',
      `Snowflake finished the batch of ${dataset} for label ${timelabel}, but its marker is missing from REEFLINE.APPLIED. Somebody may have deleted it.`,
    );
  const key = request.key.join(', ');
  const sample = outcome.badKey.slice(0, -1);
  const values = sample.map((value) => value ?? 'NULL').join(', ');
  const fault = sample.includes(null)
    ? 'is NULL in a row of the batch'
    : `appears ${outcome.badKey.at(-1) ?? ''} times in the batch`;
  return new StageFailure(
    'data_error',
    `Key (${key}) = (${values}) ${fault} of label ${timelabel} for ${dataset}: a merge needs each key once and complete. Nothing was written.`,
    { facts: { dataset, timelabel, key, sample: values } },
  );
}

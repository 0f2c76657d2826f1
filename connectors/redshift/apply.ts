import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import {
  applyBatch,
  rowsSelect,
  type Application,
  type ApplyBatch,
  type Marker,
} from './apply-statements.ts';
import type { Warehouse } from './client.ts';
import { storedName, type TableName } from './names.ts';
import { readRows } from './results.ts';
import type { Progress } from './progress.ts';
import { runResumable, stagingName } from './resumable.ts';
import { runBatch } from './run-batch.ts';
import type { Watch } from './statement.ts';

/** What load and transform have in common: how a staged batch goes into a table. */
export interface ApplyRequest {
  readonly marker: Marker;
  readonly target: TableName;
  readonly mode: Application['mode'];
  readonly key: readonly string[];
  /** Columns of the batch. */
  readonly columns: readonly Column[];
  /** Statements that fill the temporary table of the given name. */
  readonly fill: (staging: string) => readonly string[];
  readonly wallClock: boolean;
  /** merge: statements that fill the temporary table of the given name with the keys of deleted rows. */
  readonly deletes?: (table: string) => readonly string[];
  readonly attempt: number;
}

/**
 * Puts one batch into the target, once, in one transaction together with its marker, and returns how many rows the marker
 * counts. Throws StageFailure `data_error` for a key that is NULL or not unique in the batch.
 */
export async function applyOnce(
  warehouse: Warehouse,
  request: ApplyRequest,
  progress: Progress,
  watch: Watch,
): Promise<number> {
  const key = request.key.map(storedName);
  const columns = request.columns.map((column) => ({ ...column, name: storedName(column.name) }));
  checkKey(request, key, columns);
  const staging = stagingName(request.marker);
  const { deletes: fillDeletes, ...rest } = request;
  const gone = `${staging}_gone`;
  const deletes = fillDeletes === undefined ? {} : { deletes: { table: gone, fill: fillDeletes(gone) } };
  const batch = applyBatch({ ...rest, key, columns, staging, fill: request.fill(staging), ...deletes });
  const { dataset, timelabel } = request.marker;
  const doing = `write ${dataset} for label ${timelabel}`;
  const submission = { marker: request.marker, sqls: batch.sqls, doing, attempt: request.attempt };
  for (;;) {
    const { state, attached } = await runResumable(warehouse, submission, progress, watch);
    const rows = attached
      ? await appliedRows(warehouse, request.marker, watch)
      : recorded(await readRows(warehouse, state, batch.rows, watch));
    if (rows !== undefined) return rows;
    // It wrote nothing. Another submission may, after the repair of the data, so its token is left behind.
    progress.keep({ failed: progress.current().failed + 1 });
    if (!attached) throw await badKey(warehouse, request, state, batch, watch);
  }
}

/** Rows that an earlier execution of this revision, or a newer revision, recorded; undefined when there was none. */
export async function appliedRows(
  warehouse: Warehouse,
  marker: Marker,
  watch: Watch,
): Promise<number | undefined> {
  const state = await runBatch(
    warehouse,
    [rowsSelect(marker)],
    `read the marker of ${marker.dataset}`,
    watch,
  );
  return recorded(await readRows(warehouse, state, 0, watch));
}

function recorded([row]: readonly (readonly (string | null)[])[]): number | undefined {
  return row === undefined ? undefined : Number(row[0]);
}

function checkKey(request: ApplyRequest, key: readonly string[], columns: readonly Column[]): void {
  if (request.mode !== 'merge') return;
  const names = columns.map((column) => column.name);
  const missing = key.filter((name) => !names.includes(name));
  if (key.length > 0 && missing.length === 0) return;
  const reason =
    key.length === 0 ? 'names no key' : `has no column ${missing.map((name) => `"${name}"`).join(', ')}`;
  throw new StageFailure(
    'invalid_config',
    `${request.marker.dataset} is merged on a key, but the batch ${reason}. Its columns are ${names.join(', ')}.`,
    { facts: { dataset: request.marker.dataset } },
  );
}

async function badKey(
  warehouse: Warehouse,
  request: ApplyRequest,
  state: Parameters<typeof readRows>[1],
  batch: ApplyBatch,
  watch: Watch,
): Promise<StageFailure> {
  const [sample] = batch.badKey === undefined ? [] : await readRows(warehouse, state, batch.badKey, watch);
  const { dataset, timelabel } = request.marker;
  if (sample === undefined) {
    return new StageFailure(
      'conflict',
      `Redshift finished the batch of ${dataset} for label ${timelabel}, but its marker is missing from reefline.applied. Somebody may have deleted it.`,
    );
  }
  const key = request.key.join(', ');
  const values = sample
    .slice(0, -1)
    .map((value) => value ?? 'NULL')
    .join(', ');
  const empty = sample.slice(0, -1).includes(null);
  const fault = empty ? 'is NULL in a row of the batch' : `appears ${sample.at(-1) ?? ''} times in the batch`;
  return new StageFailure(
    'data_error',
    `Key (${key}) = (${values}) ${fault} of label ${timelabel} for ${dataset}: a merge needs each key once and complete. Nothing was written.`,
    { facts: { dataset, timelabel, key, sample: values } },
  );
}

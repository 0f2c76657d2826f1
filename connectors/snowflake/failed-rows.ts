import {
  FAILED_ROWS_TABLE,
  failedRowsQuery,
  failedRowValues,
  type FailedJob,
  type FailedRow,
  type PublishedLabel,
} from '../../pipeline/failed-rows.ts';
import { sizeGroups } from '../../pipeline/size-groups.ts';
import type { Warehouse } from './client.ts';
import { LABEL_COLUMN, literal, MARKERS, quoted, quotedTable, storedName, type TableName } from './names.ts';
import { prepareTarget } from './prepare-target.ts';
import type { Watch } from './progress.ts';
import { readRows } from './query.ts';
import { runTransaction } from './transaction.ts';

/** Where the rows are kept that an application refused; in the database that they come from, so that they can be joined. */
export const FAILED_ROWS: TableName = { schema: MARKERS.schema, table: 'FAILED_ROWS' };

const NAMES = [...FAILED_ROWS_TABLE.map(({ name }) => storedName(name)), LABEL_COLUMN];

/**
 * Bytes of the rows of one transaction. A statement may have 1 MB (docs.snowflake.com, "Query text size limits"), and the block
 * around it may have to double every quote and backslash.
 */
const TRANSACTION_BYTES = 200_000;

/** Creates the table, and the one of the markers, when they are not there. */
export async function prepareFailedRows(warehouse: Warehouse, watch: Watch): Promise<void> {
  await prepareTarget(warehouse, 'reefline.failed_rows', FAILED_ROWS, FAILED_ROWS_TABLE, watch);
}

/** The SELECT by which a person sees the failed rows of a label. */
export function failedRowsSelect(label: PublishedLabel): string {
  return failedRowsQuery(`${FAILED_ROWS.schema}.${FAILED_ROWS.table}`, LABEL_COLUMN, label);
}

/** Removes what earlier attempts kept of this revision. */
export async function clearFailedRows(
  warehouse: Warehouse,
  label: PublishedLabel,
  watch: Watch,
): Promise<void> {
  const { dataset, timelabel, revision } = label;
  const sql =
    `DELETE FROM ${quotedTable(FAILED_ROWS)} WHERE "DATASET" = ${literal(dataset)} ` +
    `AND ${quoted(LABEL_COLUMN)} = ${literal(timelabel)} AND "REVISION" = ${String(revision)}`;
  await readRows(warehouse, sql, `clear the failed rows of ${dataset}`, watch);
}

/** Writes the failed rows of one job in place of what was written for it before. */
export async function writeFailedRows(warehouse: Warehouse, failed: FailedJob, watch: Watch): Promise<void> {
  const { label, job, rows } = failed;
  const doing = `keep the failed rows of ${label.dataset} for label ${label.timelabel}`;
  const [first, ...others] = inserts(rows.map((row) => tuple(failed, row)));
  const clear = `DELETE FROM ${quotedTable(FAILED_ROWS)} WHERE "DATASET" = ${literal(label.dataset)} AND "JOB" = ${literal(job)}`;
  await runTransaction(warehouse, first === undefined ? [clear] : [clear, first], doing, watch);
  for (const insert of others) await runTransaction(warehouse, [insert], doing, watch);
}

function inserts(tuples: readonly string[]): readonly string[] {
  const head = `INSERT INTO ${quotedTable(FAILED_ROWS)} (${NAMES.map(quoted).join(', ')}) VALUES `;
  const size = (tuple: string): number => Buffer.byteLength(tuple);
  return sizeGroups(tuples, size, { size: TRANSACTION_BYTES }).map((group) => head + group.join(', '));
}

function tuple({ label, job }: FailedJob, row: FailedRow): string {
  const values = failedRowValues(job, row).map((value) => (value === null ? 'NULL' : literal(value)));
  return `(${[literal(label.dataset), String(label.revision), ...values, literal(label.timelabel)].join(', ')})`;
}

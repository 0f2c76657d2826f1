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
import { LABEL_COLUMN, literal, quoted, quotedTable, textExpression, type TableName } from './names.ts';
import { prepareTarget } from './prepare-target.ts';
import { runBatch } from './run-batch.ts';
import type { Watch } from './statement.ts';

/** Where the rows are kept that an application refused; beside the data that they come from, so that they can be joined. */
const FAILED_ROWS: TableName = { schema: 'reefline', table: 'failed_rows' };

const NAMES = [...FAILED_ROWS_TABLE.map(({ name }) => name), LABEL_COLUMN];

/** A statement may have 100,000 bytes and a batch 40 statements; the SQL of a text may be much longer than the text. */
const STATEMENT_BYTES = 90_000;
const BATCH_STATEMENTS = 40;
const EXPRESSION_BYTES = 40_000;

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
  const ofRevision = `dataset = ${literal(dataset)} AND ${quoted(LABEL_COLUMN)} = ${literal(timelabel)} AND revision = ${String(revision)}`;
  const sql = `DELETE FROM ${quotedTable(FAILED_ROWS)} WHERE ${ofRevision}`;
  await runBatch(warehouse, [sql], `clear the failed rows of ${dataset}`, watch);
}

/** Writes the failed rows of one job in place of what was written for it before. */
export async function writeFailedRows(warehouse: Warehouse, failed: FailedJob, watch: Watch): Promise<void> {
  const { label, job, rows } = failed;
  const doing = `keep the failed rows of ${label.dataset} for label ${label.timelabel}`;
  const ofJob = `dataset = ${literal(label.dataset)} AND job = ${literal(job)}`;
  const statements = [
    `DELETE FROM ${quotedTable(FAILED_ROWS)} WHERE ${ofJob}`,
    ...inserts(rows.map((row) => tuple(failed, row))),
  ];
  for (let at = 0; at < statements.length; at += BATCH_STATEMENTS)
    await runBatch(warehouse, statements.slice(at, at + BATCH_STATEMENTS), doing, watch);
}

function inserts(tuples: readonly string[]): readonly string[] {
  const head = `INSERT INTO ${quotedTable(FAILED_ROWS)} (${NAMES.map(quoted).join(', ')}) VALUES `;
  const size = (tuple: string): number => Buffer.byteLength(tuple) + 2;
  return sizeGroups(tuples, size, { size: STATEMENT_BYTES }).map((group) => head + group.join(', '));
}

function tuple({ label, job }: FailedJob, row: FailedRow): string {
  const values = failedRowValues(job, row).map((value) => {
    const sql = value === null ? 'NULL' : textExpression(value);
    return Buffer.byteLength(sql) > EXPRESSION_BYTES ? 'NULL' : sql;
  });
  return `(${[literal(label.dataset), String(label.revision), ...values, literal(label.timelabel)].join(', ')})`;
}

import type { Column } from '../../pipeline/column.ts';
import type { Marker } from './apply-statements.ts';
import type { Warehouse } from './client.ts';
import { LABEL_COLUMN, literal, quoted, quotedTable, textExpression, type TableName } from './names.ts';
import { prepareTarget } from './prepare-target.ts';
import { runBatch } from './run-batch.ts';
import type { Watch } from './statement.ts';

/** Where the rows are kept that an application refused; beside the data that they come from, so that they can be joined. */
export const FAILED_ROWS: TableName = { schema: 'reefline', table: 'failed_rows' };

/** One row that an application refused while it took others. */
export interface FailedRow {
  readonly key: string;
  readonly code: string;
  readonly message: string;
  /** The values that were sent, as JSON. */
  readonly sent: string;
}

/** The job of the application that refused the rows, which is what makes writing them repeatable. */
export interface FailedJob {
  readonly marker: Marker;
  readonly job: string;
  readonly rows: readonly FailedRow[];
}

const text = (name: string): Column => ({ name, type: { kind: 'text' }, nullable: true });
const COLUMNS: readonly Column[] = [
  text('dataset'),
  { name: 'revision', type: { kind: 'int32' }, nullable: true },
  text('job'),
  text('row_key'),
  text('error_code'),
  text('error'),
  text('sent'),
];

const NAMES = [...COLUMNS.map(({ name }) => name), LABEL_COLUMN];

/** A statement may have 100,000 bytes and a batch 40 statements; a value, 65,535 bytes. */
const STATEMENT_BYTES = 90_000;
const BATCH_STATEMENTS = 40;
const ERROR_CHARS = 2_000;
const SENT_BYTES = 40_000;

/** Creates the table, and the one of the markers, when they are not there. */
export async function prepareFailedRows(warehouse: Warehouse, watch: Watch): Promise<void> {
  await prepareTarget(warehouse, 'reefline.failed_rows', FAILED_ROWS, COLUMNS, watch);
}

/**
 * Writes the failed rows of one job in place of what was written for it before. Values that would not fit a statement are left
 * out (`sent`, NULL) or cut (`error`).
 */
export async function writeFailedRows(warehouse: Warehouse, failed: FailedJob, watch: Watch): Promise<void> {
  const { marker, job, rows } = failed;
  const doing = `keep the failed rows of ${marker.dataset} for label ${marker.timelabel}`;
  const ofJob = `dataset = ${literal(marker.dataset)} AND job = ${literal(job)}`;
  const statements = [
    `DELETE FROM ${quotedTable(FAILED_ROWS)} WHERE ${ofJob}`,
    ...inserts(rows.map((row) => tuple(failed, row))),
  ];
  for (let at = 0; at < statements.length; at += BATCH_STATEMENTS)
    await runBatch(warehouse, statements.slice(at, at + BATCH_STATEMENTS), doing, watch);
}

function inserts(tuples: readonly string[]): readonly string[] {
  const head = `INSERT INTO ${quotedTable(FAILED_ROWS)} (${NAMES.map(quoted).join(', ')}) VALUES `;
  const statements: string[] = [];
  let held: string[] = [];
  let bytes = 0;
  for (const each of tuples) {
    const size = Buffer.byteLength(each) + 2;
    if (held.length > 0 && bytes + size > STATEMENT_BYTES) {
      statements.push(head + held.join(', '));
      held = [];
      bytes = 0;
    }
    held.push(each);
    bytes += size;
  }
  return held.length === 0 ? statements : [...statements, head + held.join(', ')];
}

function tuple({ marker, job }: FailedJob, row: FailedRow): string {
  const sent = textExpression(row.sent);
  const values = [
    literal(marker.dataset),
    String(marker.revision),
    literal(job),
    textExpression(row.key),
    textExpression(row.code),
    textExpression(row.message.slice(0, ERROR_CHARS)),
    Buffer.byteLength(sent) > SENT_BYTES ? 'NULL' : sent,
    literal(marker.timelabel),
  ];
  return `(${values.join(', ')})`;
}

import type { Column } from './column.ts';
import { StageFailure } from './failure.ts';
import { storableText } from './storable.ts';

/*
 * What a warehouse keeps about a publish into an application that has no place for markers and refuses single rows. Every warehouse
 * has the same columns, under the names that are usual there.
 */

/** One revision of one label of what is published. */
export interface PublishedLabel {
  readonly dataset: string;
  readonly timelabel: string;
  readonly revision: number;
}

/** One row that an application refused while it took others. */
export interface FailedRow {
  readonly key: string;
  readonly code: string;
  readonly message: string;
  /** The values that were sent, as JSON. */
  readonly sent: string;
}

/** The rows that one job of the application refused. */
export interface FailedJob {
  readonly label: PublishedLabel;
  readonly job: string;
  readonly rows: readonly FailedRow[];
}

const text = (name: string): Column => ({ name, type: { kind: 'text' }, nullable: true });

/** What the table holds of a row beside its dataset, label and revision. */
export const FAILED_ROW_COLUMNS: readonly Column[] = [
  text('job'),
  text('row_key'),
  text('error_code'),
  text('error'),
  text('sent'),
];

/** The table of a warehouse that has all of it in one, beside the label. */
export const FAILED_ROWS_TABLE: readonly Column[] = [
  text('dataset'),
  { name: 'revision', type: { kind: 'int32' }, nullable: true },
  ...FAILED_ROW_COLUMNS,
];

/** The SELECT by which a person sees the failed rows of a label in `table`, whose column `label` has the label. */
export function failedRowsQuery(
  table: string,
  label: string,
  { dataset, timelabel, revision }: PublishedLabel,
): string {
  return (
    `SELECT row_key, error_code, error FROM ${table} ` +
    `WHERE dataset = '${dataset}' AND ${label} = '${timelabel}' AND revision = ${String(revision)}`
  );
}

/** UTF-16 units of an error's sentence, bytes of the values that were sent. */
const ERROR_UNITS = 2_000;
const SENT_BYTES = 40_000;

/** The values of these columns: a sentence that is too long is cut, values that are too long are left out (NULL). */
export function failedRowValues(job: string, row: FailedRow): readonly (string | null)[] {
  const sent = new TextEncoder().encode(row.sent).length > SENT_BYTES ? null : row.sent;
  return [job, storableText(row.key), storableText(row.code), storableText(row.message, ERROR_UNITS), sent];
}

/** A key that a row lacks or that several rows share. */
export interface BadKey {
  /** NULL in a row when it is null. */
  readonly value: string | null;
  readonly copies: string;
}

/** Asks for one bad key: of `rows`, a table with its WHERE, by the quoted column `key`, which `text` makes text of. */
export function badKeyQuery(rows: string, key: string, text: string): string {
  return (
    `SELECT ${text} AS bad_key, count(*) AS copies FROM ${rows} ` +
    `GROUP BY ${key} HAVING count(*) > 1 OR ${key} IS NULL LIMIT 1`
  );
}

/** What the query found: undefined when there is no such row. */
export function badKeyOf(found: readonly (string | null)[] | undefined): BadKey | undefined {
  return found === undefined ? undefined : { value: found[0] ?? null, copies: found[1] ?? '' };
}

/** The refusal of rows that an application could not tell apart. `source` names the table, `key` its column. */
export function badKeyFailure(
  { value, copies }: BadKey,
  source: string,
  key: string,
  { dataset, timelabel }: PublishedLabel,
): StageFailure {
  const fault = value === null ? 'is NULL in a row' : `appears in ${copies} rows`;
  return new StageFailure(
    'data_error',
    `Key (${key}) = (${value ?? 'NULL'}) ${fault} of ${source} for label ${timelabel}: ${dataset} takes each key once and complete. Nothing was sent.`,
    { facts: { dataset, timelabel, key, sample: value } },
  );
}

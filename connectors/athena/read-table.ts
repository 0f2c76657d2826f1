import { randomUUID } from 'node:crypto';
import type { Column } from '../../pipeline/column.ts';
import { badKeyOf, badKeyQuery, type BadKey } from '../../pipeline/failed-rows.ts';
import type { Athena } from './client.ts';
import { queryFailure } from './failures.ts';
import { literal, quoted, quotedTable, type TableName } from './names.ts';
import type { Watch } from './progress.ts';
import { follow, submit } from './query.ts';
import { firstRows, resultPages } from './results.ts';

/** The partition key of every table that Reefline keeps in the Glue Data Catalog. */
const LABEL_COLUMN = 'timelabel';

/** Which rows are read, and how. */
export interface RowSelection {
  readonly columns: readonly Column[];
  /** The labels whose rows are read; all rows of the table when it is undefined. */
  readonly labels: readonly string[] | undefined;
  /** A column by which the rows are sorted. */
  readonly order?: string;
}

/** The rows as PostgreSQL's text and page by page. One query, so all pages show one state of the table. */
export async function* tableRows(
  athena: Athena,
  table: TableName,
  selection: RowSelection,
  watch: Watch,
): AsyncGenerator<readonly (readonly (string | null)[])[]> {
  yield* resultPages(athena, await runSelect(athena, table, rowsSelect(table, selection), watch), watch);
}

export function rowsSelect(table: TableName, { columns, labels, order }: RowSelection): string {
  const by = order === undefined ? '' : ` ORDER BY ${quoted(order)}`;
  return `SELECT ${columns.map(exactValue).join(', ')} FROM ${quotedTable(table)}${ofLabels(labels)}${by}`;
}

/** A key of the rows that is NULL or not unique; undefined when there is none. */
export async function findBadKey(
  athena: Athena,
  table: TableName,
  column: string,
  labels: readonly string[] | undefined,
  watch: Watch,
): Promise<BadKey | undefined> {
  const key = quoted(column);
  const sql = badKeyQuery(`${quotedTable(table)}${ofLabels(labels)}`, key, `CAST(${key} AS varchar)`);
  const [, bad] = await firstRows(athena, await runSelect(athena, table, sql, watch), watch);
  return badKeyOf(bad);
}

/** Answers the query. Its token is new each time: reading again is harmless, and an old result would not be the table's. */
async function runSelect(athena: Athena, table: TableName, sql: string, watch: Watch): Promise<string> {
  const name = `${table.database}.${table.table}`;
  // The text has one line, so no position in it is one of an author's file.
  const place = { doing: `read ${name}`, file: name, linesBefore: 1, scanLimit: undefined };
  const id = await submit(athena, sql, randomUUID(), place, watch.signal);
  const query = await follow(athena, id, watch);
  if (query.Status?.State !== 'SUCCEEDED') throw queryFailure(query, place);
  return id;
}

function ofLabels(labels: readonly string[] | undefined): string {
  return labels === undefined ? '' : ` WHERE ${quoted(LABEL_COLUMN)} IN (${labels.map(literal).join(', ')})`;
}

/** Athena shows bytes in pairs of digits with blanks between; everything else is text that PostgreSQL reads back as the same value. */
function exactValue({ name, type }: Column): string {
  return type.kind === 'binary' ? `'\\x' || lower(to_hex(${quoted(name)}))` : quoted(name);
}

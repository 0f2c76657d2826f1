import { randomUUID } from 'node:crypto';
import type { Column } from '../../pipeline/column.ts';
import type { Athena } from './client.ts';
import { queryFailure } from './failures.ts';
import { literal, quoted, quotedTable, type TableName } from './names.ts';
import type { Watch } from './progress.ts';
import { follow, submit } from './query.ts';
import { resultPages } from './results.ts';

/** The partition key of every table that Reefline keeps in the Glue Data Catalog. */
const LABEL_COLUMN = 'timelabel';

/**
 * The rows of some labels, or all rows when `labels` is undefined, as PostgreSQL's text and page by page. One query, so all pages
 * show one state of the table. Its token is new each time: reading again is harmless, and an old result would not be
 * the table's.
 */
export async function* tableRows(
  athena: Athena,
  table: TableName,
  columns: readonly Column[],
  labels: readonly string[] | undefined,
  watch: Watch,
): AsyncGenerator<readonly (readonly (string | null)[])[]> {
  const name = `${table.database}.${table.table}`;
  // The text has one line, so no position in it is one of an author's file.
  const place = { doing: `read ${name}`, file: name, linesBefore: 1, scanLimit: undefined };
  const id = await submit(athena, rowsSelect(table, columns, labels), randomUUID(), place, watch.signal);
  const query = await follow(athena, id, watch);
  if (query.Status?.State !== 'SUCCEEDED') throw queryFailure(query, place);
  yield* resultPages(athena, id, watch);
}

export function rowsSelect(
  table: TableName,
  columns: readonly Column[],
  labels: readonly string[] | undefined,
): string {
  const where =
    labels === undefined ? '' : ` WHERE ${quoted(LABEL_COLUMN)} IN (${labels.map(literal).join(', ')})`;
  return `SELECT ${columns.map(exactValue).join(', ')} FROM ${quotedTable(table)}${where}`;
}

/** Athena shows bytes in pairs of digits with blanks between; everything else is text that PostgreSQL reads back as the same value. */
function exactValue({ name, type }: Column): string {
  return type.kind === 'binary' ? `'\\x' || lower(to_hex(${quoted(name)}))` : quoted(name);
}

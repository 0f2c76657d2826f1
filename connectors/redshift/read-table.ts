import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { readTarget } from './catalog.ts';
import type { Warehouse } from './client.ts';
import { neutralType } from './column-types.ts';
import { LABEL_COLUMN, literal, quoted, quotedTable, type TableName } from './names.ts';
import { resultPages } from './results.ts';
import { runBatch } from './run-batch.ts';
import type { Watch } from './statement.ts';

export type TextRow = readonly (string | null)[];

/**
 * Columns of a table that Reefline can carry, without its label column. Throws StageFailure `not_found` for an absent
 * table, `invalid_config` for a column type without a neutral counterpart, and when rows are to be
 * read by label (`labelled`) from a table that has none.
 */
export async function tableColumns(
  warehouse: Warehouse,
  table: TableName,
  labelled: boolean,
  watch: Watch,
): Promise<readonly Column[]> {
  const { columns } = await readTarget(warehouse, table, watch);
  const name = `${table.schema}.${table.table}`;
  if (columns.length === 0)
    throw new StageFailure(
      'not_found',
      `Redshift has no table ${name} that this user may see. Run the stage that produces it first.`,
      { facts: { table: name } },
    );
  if (labelled && !columns.some((column) => column.name === LABEL_COLUMN)) {
    throw new StageFailure(
      'invalid_config',
      `Redshift table ${name} has no column ${LABEL_COLUMN}: Reefline did not write it, so its rows have no label. Publish all of its rows instead.`,
      { facts: { table: name } },
    );
  }
  return columns
    .filter((column) => column.name !== LABEL_COLUMN)
    .map((column) => {
      const type = neutralType(column.type);
      if (type !== undefined) return { name: column.name, type, nullable: true };
      throw new StageFailure(
        'invalid_config',
        `Column "${column.name}" of ${name} has type ${column.type}, which Reefline does not carry. Publish from a table that holds it as text.`,
        { facts: { table: name, column: column.name } },
      );
    });
}

/**
 * The rows of some labels, or all rows when `labels` is undefined, as text and page by page. One statement, so all pages show
 * one state of the table; `order` is a column by whose text they are sorted. No client token: reading again is harmless and an old result would not be the table's.
 */
export async function* tableRows(
  warehouse: Warehouse,
  table: TableName,
  columns: readonly Column[],
  labels: readonly string[] | undefined,
  watch: Watch,
  order?: string,
): AsyncGenerator<readonly TextRow[]> {
  const by = order === undefined ? '' : ` ORDER BY ${quoted(order)}`;
  const sql = `SELECT ${columns.map(exactValue).join(', ')} FROM ${quotedTable(table)}${ofLabels(labels)}${by}`;
  const state = await runBatch(warehouse, [sql], `read ${table.schema}.${table.table}`, watch);
  for await (const page of resultPages(warehouse, state, 0, watch)) yield page.rows;
}

/** The condition that a row came with one of the labels; empty for all rows. */
export function ofLabels(labels: readonly string[] | undefined): string {
  if (labels === undefined) return '';
  return ` WHERE ${quoted(LABEL_COLUMN)} IN (${labels.map((label) => literal(label)).join(', ')})`;
}

/** The Data API gives numbers as JSON numbers, which are not exact beyond 2^53 and for decimals. Text is. */
export function exactValue({ name, type }: Column): string {
  switch (type.kind) {
    case 'int64':
    case 'decimal':
    case 'date':
    case 'timestamp':
      return `CAST(${quoted(name)} AS varchar) AS ${quoted(name)}`;
    case 'binary':
      // PostgreSQL's text for bytes. CHR(92) is the backslash, which literals of the two databases read differently.
      return `CHR(92) || 'x' || FROM_VARBYTE(${quoted(name)}, 'hex') AS ${quoted(name)}`;
    case 'boolean':
    case 'int16':
    case 'int32':
    case 'float32':
    case 'float64':
    case 'text':
    case 'json':
    case 'uuid':
      return quoted(name);
  }
}

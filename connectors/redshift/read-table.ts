import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { readTarget } from './catalog.ts';
import type { Warehouse } from './client.ts';
import { neutralType } from './column-types.ts';
import { LABEL_COLUMN, literal, quoted, quotedTable, type TableName } from './names.ts';
import { PART_BYTES, partsOf, sizeSelect } from './read-parts.ts';
import { readRows, resultPages } from './results.ts';
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

export interface RowSelection {
  readonly columns: readonly Column[];
  /** The labels whose rows are read; all rows of the table when it is undefined. */
  readonly labels: readonly string[] | undefined;
  /** A column by whose text the rows of each part are sorted. */
  readonly order?: string;
  /** Columns whose values spread the rows evenly over the parts of a large result: the key. */
  readonly spread: readonly Column[];
}

/**
 * The rows as text and page by page. One result of the Data API is bounded, so more rows than fit into one are read as the
 * parts of a batch: one transaction, so all pages show one state of the table. No client token: reading again is harmless
 * and an old result would not be the table's. Throws StageFailure `invalid_config` for more than a batch can return.
 */
export async function* tableRows(
  warehouse: Warehouse,
  table: TableName,
  selection: RowSelection,
  watch: Watch,
  partBytes = PART_BYTES,
): AsyncGenerator<readonly TextRow[]> {
  const { columns, labels, order } = selection;
  const name = `${table.schema}.${table.table}`;
  const sized = await runBatch(
    warehouse,
    [sizeSelect(table, columns, ofLabels(labels))],
    `measure ${name}`,
    watch,
  );
  const [size] = await readRows(warehouse, sized, 0, watch);
  const parts = partsOf(name, Number(size?.[0] ?? 0), selection.spread, partBytes);
  const by = order === undefined ? '' : ` ORDER BY ${quoted(order)}`;
  const sqls = parts.map((part) => {
    const conditions = [...(labels === undefined ? [] : [inLabels(labels)]), ...part];
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
    return `SELECT ${columns.map(exactValue).join(', ')} FROM ${quotedTable(table)}${where}${by}`;
  });
  const state = await runBatch(warehouse, sqls, `read ${name}`, watch);
  for (const at of sqls.keys())
    for await (const page of resultPages(warehouse, state, at, watch)) yield page.rows;
}

/** The condition that a row came with one of the labels; empty for all rows. */
export function ofLabels(labels: readonly string[] | undefined): string {
  return labels === undefined ? '' : ` WHERE ${inLabels(labels)}`;
}

function inLabels(labels: readonly string[]): string {
  return `${quoted(LABEL_COLUMN)} IN (${labels.map((label) => literal(label)).join(', ')})`;
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

import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { readTarget } from './catalog.ts';
import type { Warehouse } from './client.ts';
import { neutralType, typeText } from './column-types.ts';
import {
  LABEL_COLUMN,
  literal,
  neutralName,
  quoted,
  quotedTable,
  storedName,
  type TableName,
} from './names.ts';
import type { Watch } from './progress.ts';
import { pages, type TextRow } from './query.ts';

const PAGE_ROWS = 1_000;

/**
 * Columns of a table that Reefline can read exactly, by their neutral names and without its label column. Throws StageFailure
 * `not_found` for an absent table, `invalid_config` for a column of another type, and when rows are to be read by
 * label (`labelled`) from a table that has none.
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
      `Snowflake has no table ${name} that this role may see. Run the stage that produces it first.`,
      { facts: { table: name } },
    );
  if (labelled && !columns.some((column) => column.name === LABEL_COLUMN))
    throw new StageFailure(
      'invalid_config',
      `Snowflake table ${name} has no column ${LABEL_COLUMN}: Reefline did not write it, so its rows have no label. Publish all of its rows instead.`,
      { facts: { table: name } },
    );
  return columns
    .filter((column) => column.name !== LABEL_COLUMN)
    .map((column) => {
      const type = neutralType(column.type);
      const refuse = (why: string): never => {
        throw new StageFailure('invalid_config', `Column "${column.name}" of ${name} ${why}`, {
          facts: { table: name, column: column.name },
        });
      };
      if (storedName(neutralName(column.name)) !== column.name)
        return refuse(
          'was made with lower-case letters in quotes. Publish from a table that has it without quotes.',
        );
      // The service writes nine to sixteen digits of a float, which are not always all.
      if (type?.kind === 'float64')
        return refuse(
          'is FLOAT, which Snowflake does not give with all of its digits. Publish from a table that holds it as NUMBER.',
        );
      if (type === undefined)
        return refuse(
          `has type ${typeText(column.type)}, which Reefline does not carry. Publish from a table that holds it as text.`,
        );
      return { name: neutralName(column.name), type, nullable: true };
    });
}

/** Which rows are read, and how. */
export interface RowSelection {
  readonly columns: readonly Column[];
  /** The labels whose rows are read; all rows of the table when it is undefined. */
  readonly labels: readonly string[] | undefined;
  /** A column by whose text the rows are sorted. */
  readonly order?: string;
}

/** The rows page by page, as text that PostgreSQL reads. One statement, so all pages show one state of the table. */
export function tableRows(
  warehouse: Warehouse,
  table: TableName,
  { columns, labels, order }: RowSelection,
  watch: Watch,
): AsyncIterable<readonly TextRow[]> {
  const by = order === undefined ? '' : ` ORDER BY ${quoted(storedName(order))}`;
  const sql = `SELECT ${columns.map(exactValue).join(', ')} FROM ${quotedTable(table)}${ofLabels(labels)}${by}`;
  return pages(warehouse, sql, `read ${table.schema}.${table.table}`, watch, PAGE_ROWS);
}

/** The condition that a row came with one of the labels; empty for all rows. */
export function ofLabels(labels: readonly string[] | undefined): string {
  if (labels === undefined) return '';
  return ` WHERE ${quoted(LABEL_COLUMN)} IN (${labels.map((label) => literal(label)).join(', ')})`;
}

/** The text of a value, made by Snowflake: what its client makes of times depends on the session. */
function exactValue({ name, type }: Column): string {
  const column = quoted(storedName(name));
  const text = (format: string): string => `TO_VARCHAR(${column}, ${literal(format)}) AS ${column}`;
  switch (type.kind) {
    case 'date':
      return text('YYYY-MM-DD');
    case 'timestamp':
      return text(type.zoned ? 'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM' : 'YYYY-MM-DD HH24:MI:SS.FF6');
    case 'binary':
      return `'\\\\x' || TO_VARCHAR(${column}, 'HEX') AS ${column}`;
    case 'text':
    case 'json':
    case 'uuid':
      return column;
    case 'boolean':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'decimal':
    case 'float32':
    case 'float64':
      return `TO_VARCHAR(${column}) AS ${column}`;
  }
}

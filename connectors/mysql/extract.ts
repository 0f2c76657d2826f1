import type { ColumnChoice } from '../../pipeline/column-choice.ts';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Interval } from '../../pipeline/timelabel.ts';
import { withMysql, type MysqlSession, type MysqlSettings } from './connection.ts';
import { holdRelation, readColumns, type Relation, type SourceColumn } from './extract-columns.ts';
import { mayLoseCharacters } from './extract-types.ts';
import { quoteIdentifier } from './quote.ts';
import { RowStream } from './row-stream.ts';
import { timeCondition } from './time-condition.ts';

export interface MysqlExtractRequest {
  /** The database. */
  readonly schema: string;
  readonly table: string;
  /** Only the rows with `interval.start <= cursor < interval.end`; the whole table when absent. */
  readonly range?: { readonly cursor: string; readonly interval: Interval };
  readonly choice?: ColumnChoice;
  /** `0000-00-00` becomes NULL instead of being refused. */
  readonly zeroDates?: 'as_null';
}

/** A table whose columns are known and cannot change before its rows are read. */
export interface OpenedMysqlTable {
  readonly columns: readonly Column[];
  /**
   * Columns whose characters are checked: each row has, behind its values, one number for each of these, which is 1
   * when a character of the value was lost on its way to UTF-8.
   */
  readonly checked: readonly string[];
  /** Starts the SELECT; call it once. */
  rows(): RowStream;
  /** Starts the SELECT of these columns of all rows, in the same snapshot, once the rows were read. */
  keys(columns: readonly string[]): RowStream;
}

/**
 * Opens a table in one read-only snapshot and calls `read` with it. The snapshot is that of InnoDB: rows of tables in
 * other engines are those of the moment at which each is read.
 * @throws StageFailure `not_found` for a missing table or cursor column, `invalid_config` for a cursor that is no
 * time, `data_error` for types that cannot be staged; each before any row is read. `conflict` when the table was
 * altered between the snapshot and the first look at it; trying again helps.
 */
export async function extractMysqlTable<T>(
  settings: MysqlSettings,
  request: MysqlExtractRequest,
  read: (table: OpenedMysqlTable) => Promise<T>,
): Promise<T> {
  const doing = `extract ${request.schema}.${request.table}`;
  return withMysql(settings, doing, async (session) => {
    await session.query('start transaction with consistent snapshot, read only');
    const relation = await holdRelation(session, request.schema, request.table);
    const columns = await readColumns(session, relation, request.choice);
    const range = rangeCondition(session, relation, columns, request.range);
    const sql = selectStatement(relation, columns, range.condition);
    const result = await read({
      columns: columns.map((column) => stagedColumn(column, request.zeroDates)),
      checked: columns.filter(isChecked).map(({ name }) => name),
      rows: () => new RowStream(session.connection, sql, range.bounds, { where: session.where, doing }),
      keys: (names) => {
        const key = names.flatMap((name) => columns.filter((column) => column.name === name));
        const all = selectStatement(relation, key, '');
        return new RowStream(session.connection, all, [], { where: session.where, doing });
      },
    });
    await session.query('commit');
    return result;
  });
}

function stagedColumn({ name, type, nullable }: SourceColumn, zeroDates: 'as_null' | undefined): Column {
  const dated = type.kind === 'date' || type.kind === 'timestamp';
  return { name, type, nullable: nullable || (dated && zeroDates === 'as_null') };
}

function selectStatement(relation: Relation, columns: readonly SourceColumn[], condition: string): string {
  const values = columns.map(({ name, asText }) =>
    asText ? `cast(${quoteIdentifier(name)} as char character set utf8mb4)` : quoteIdentifier(name),
  );
  const checks = columns.filter(isChecked).map(({ name }) => lossCheck(quoteIdentifier(name)));
  return `select ${[...values, ...checks].join(', ')} from ${relation.quoted}${condition}`;
}

function isChecked({ characterSet }: SourceColumn): boolean {
  return mayLoseCharacters(characterSet);
}

/** A character without a place in Unicode becomes a question mark: then there are more of them than before. */
function lossCheck(column: string): string {
  const marks = (text: string): string => `char_length(replace(${text}, '?', ''))`;
  return `coalesce(${marks(`convert(${column} using utf8mb4)`)} <> ${marks(column)}, 0)`;
}

function rangeCondition(
  { where }: MysqlSession,
  { name }: Relation,
  columns: readonly SourceColumn[],
  range: MysqlExtractRequest['range'],
): { readonly condition: string; readonly bounds: readonly string[] } {
  if (range === undefined) return { condition: '', bounds: [] };
  const column = columns.find((candidate) => candidate.name === range.cursor);
  if (column === undefined) {
    throw new StageFailure(
      'not_found',
      `The table ${name} in MySQL ${where} has no column "${range.cursor}", which the stage names as its cursor.`,
      { facts: { table: name, column: range.cursor } },
    );
  }
  if (column.type.kind !== 'timestamp' && column.type.kind !== 'date') {
    throw new StageFailure(
      'invalid_config',
      `The cursor ${name}.${column.name} is of type ${column.declared}. ` +
        'Name a column of type datetime, timestamp or date, or extract in mode snapshot.',
      { facts: { table: name, column: column.name, type: column.declared } },
    );
  }
  const { sql, values } = timeCondition(quoteIdentifier(column.name), range.interval);
  return { condition: ` where ${sql}`, bounds: values };
}

import type { ColumnChoice } from '../../pipeline/column-choice.ts';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Interval } from '../../pipeline/timelabel.ts';
import { withPostgres, type PostgresSession, type PostgresSettings } from './connection.ts';
import { CopyOut } from './copy-out.ts';
import { findRelation, readColumns, type Relation, type SourceColumn } from './extract-columns.ts';
import { JSONB } from './extract-types.ts';
import { quoteIdentifier } from './quote.ts';
import { beginReading } from './read-transaction.ts';
import { withReaders } from './snapshot-readers.ts';

export interface ExtractRequest {
  readonly schema: string;
  readonly table: string;
  /** Only the rows with `interval.start <= cursor < interval.end`; the whole table when absent. */
  readonly range?: { readonly cursor: string; readonly interval: Interval };
  readonly choice?: ColumnChoice;
  /** Most connections that read a large table at once, without `range`; one when absent. */
  readonly parallel?: number;
}

/** A table whose columns are known and cannot change before its rows are read. */
export interface OpenedTable {
  readonly columns: readonly Column[];
  /** Starts COPY, of one range of the table on each connection; call it once. */
  rows(): readonly CopyOut[];
  /** Starts COPY of these columns of all rows, in the same snapshot, once the rows were read. */
  keys(columns: readonly string[]): CopyOut;
}

/** Relations that LOCK TABLE takes; the others cannot be rewritten under a snapshot, or not by this server. */
const LOCKABLE = new Set(['r', 'p', 'v']);

/**
 * Opens a table in one read-only snapshot and calls `read` with it. Columns and rows agree: the table is locked
 * against changes of its columns (reading and writing go on) before the snapshot is taken, because a rewritten table
 * looks empty to an older snapshot (https://www.postgresql.org/docs/current/mvcc-caveats.html).
 * @throws StageFailure `not_found` for a missing table or cursor column, `invalid_config` for a cursor that is no
 * time, `data_error` for types that cannot be staged; each before any row is read.
 */
export async function extractTable<T>(
  settings: PostgresSettings,
  request: ExtractRequest,
  read: (table: OpenedTable) => Promise<T>,
): Promise<T> {
  const doing = `extract ${request.schema}.${request.table}`;
  return withPostgres(settings, doing, async (session) => {
    const relation = await findRelation(session, request.schema, request.table);
    await beginReading(session, settings.statementTimeoutSeconds);
    if (LOCKABLE.has(relation.kind)) {
      await session.client.query(`lock table ${relation.quoted} in access share mode`);
    }
    const columns = await readColumns(session, relation, request.choice);
    const copy = (reader: PostgresSession, some: readonly SourceColumn[], condition = ''): CopyOut =>
      reader.client.query(new CopyOut(copyStatement(relation, some, condition), reader.where, doing));
    const told = {
      columns: columns.map(({ name, type, nullable }) => ({ name, type, nullable })),
      keys: (names: readonly string[]) =>
        copy(
          session,
          names.flatMap((name) => columns.filter((column) => column.name === name)),
        ),
    };
    const { range, parallel = 1 } = request;
    const condition = rangeCondition(session, relation, columns, range);
    const result = await (parallel === 1 || range !== undefined
      ? read({ ...told, rows: () => [copy(session, columns, condition)] })
      : withReaders(settings, { session, relation, doing, count: parallel }, (readers) =>
          read({ ...told, rows: () => readers.map((one) => copy(one.session, columns, one.condition)) }),
        ));
    await session.client.query('commit');
    return result;
  });
}

function copyStatement(relation: Relation, columns: readonly SourceColumn[], condition: string): string {
  const list = columns
    .map(({ name, oid }) => quoteIdentifier(name) + (oid === JSONB ? '::text' : ''))
    .join(', ');
  return `copy (select ${list} from ${relation.quoted}${condition}) to stdout (format binary)`;
}

/** COPY takes no parameters: the bounds are literals made of numbers. Rows without a cursor are in no interval. */
function rangeCondition(
  { where }: PostgresSession,
  { name }: Relation,
  columns: readonly SourceColumn[],
  range: ExtractRequest['range'],
): string {
  if (range === undefined) return '';
  const column = columns.find((candidate) => candidate.name === range.cursor);
  if (column === undefined) {
    throw new StageFailure(
      'not_found',
      `The table ${name} in PostgreSQL ${where} has no column "${range.cursor}", which the stage names as its cursor.`,
      { facts: { table: name, column: range.cursor } },
    );
  }
  if (column.type.kind !== 'timestamp' && column.type.kind !== 'date') {
    throw new StageFailure(
      'invalid_config',
      `The cursor ${name}.${column.name} is of type ${column.declared}. ` +
        'Name a column of type timestamp, timestamp with time zone or date, or extract in mode snapshot.',
      { facts: { table: name, column: column.name, type: column.declared } },
    );
  }
  // A date compares as its midnight. Without a zone in the column, bounds without one are UTC wall-clock time.
  const literal = column.type.kind === 'timestamp' && column.type.zoned ? zonedLiteral : plainLiteral;
  const cursor = quoteIdentifier(column.name);
  return ` where ${cursor} >= ${literal(range.interval.start)} and ${cursor} < ${literal(range.interval.end)}`;
}

function plainLiteral(instant: number): string {
  return `timestamp '${new Date(instant).toISOString().slice(0, 23)}'`;
}

function zonedLiteral(instant: number): string {
  return `timestamptz '${new Date(instant).toISOString()}'`;
}

import { extractMysqlTable } from '../../connectors/mysql/extract.ts';
import type { RowStream } from '../../connectors/mysql/row-stream.ts';
import { MysqlRowReader } from '../../connectors/parquet/mysql-row-reader.ts';
import type { TupleSource } from '../../connectors/parquet/row-reader.ts';
import { extractTable } from '../../connectors/postgres/extract.ts';
import type { Column } from '../../pipeline/column.ts';
import type { MysqlConnection, PostgresConnection } from '../../pipeline/connection.ts';
import type { DatasetName } from '../../pipeline/dataset.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { ExtractWork } from '../../pipeline/stage.ts';
import { USUAL_SILENCE_SECONDS } from '../../pipeline/silence.ts';
import type { StageRun, StageTools } from './runner.ts';

/** Connections that read a large table of PostgreSQL at once where the stage says nothing. */
const USUAL_PARALLEL = 2;

/** A table of a source whose columns are known and cannot change before its rows are read. */
export interface SourceTable {
  readonly columns: readonly Column[];
  /** Starts reading, of each range of the table if it is read in several at once; call it once. */
  rows(): readonly TupleSource[];
  /** Starts reading these columns of all rows, in the same snapshot, once the rows were read. */
  keys(columns: readonly string[]): TupleSource;
}

/**
 * Opens the table that a stage extracts in one read-only snapshot of its source, and calls `read` with it.
 * @throws StageFailure `invalid_config` when the connection is of a kind that extracts do not read from.
 */
export async function openSourceTable<T>(
  run: StageRun<ExtractWork>,
  { connection: name, schema, table }: DatasetName,
  tools: StageTools,
  read: (table: SourceTable) => Promise<T>,
): Promise<T> {
  const connection = tools.connection(name);
  const range = rangeOf(run);
  const { columns, exclude, parallel = USUAL_PARALLEL } = run.stage.work;
  const choice = {
    ...(columns === undefined ? {} : { columns }),
    ...(exclude === undefined ? {} : { exclude }),
  };
  const request = { schema, table, choice, ...(range === undefined ? {} : { range }) };
  const settings = {
    connection: name,
    signal: tools.signal,
    statementTimeoutSeconds: run.stage.timeoutSeconds,
  };
  switch (connection.kind) {
    case 'postgres':
      return extractTable({ ...settings, ...patient(connection) }, { ...request, parallel }, read);
    case 'mysql': {
      const { zeroDates } = run.stage.work;
      const withZeroDates = { ...request, ...(zeroDates === undefined ? {} : { zeroDates }) };
      return extractMysqlTable({ ...settings, ...patient(connection) }, withZeroDates, async (table) =>
        read({
          columns: table.columns,
          rows: () => [mysqlRows(table.rows(), table.checked, zeroDates ?? 'refuse')],
          keys: (names) => {
            const checked = names.filter((name) => table.checked.includes(name));
            return mysqlRows(table.keys(names), checked, zeroDates ?? 'refuse');
          },
        }),
      );
    }
    case 's3':
    case 'glue':
    case 'redshift':
    case 'athena':
    case 'snowflake':
    case 'salesforce':
      throw new StageFailure(
        'invalid_config',
        `Extracts read from connections of kind postgres or mysql; "${name}" is of kind ${connection.kind}.`,
      );
  }
}

function patient({ url, silenceSeconds = USUAL_SILENCE_SECONDS }: PostgresConnection | MysqlConnection) {
  return { url, silenceSeconds };
}

function mysqlRows(
  stream: RowStream,
  checked: readonly string[],
  zeroDates: 'refuse' | 'as_null',
): TupleSource {
  return {
    more: () => stream.more(),
    take: (onRow) => {
      stream.take(onRow);
    },
    openReader: (table, columns, sinks) =>
      new MysqlRowReader(table, columns, sinks, { layout: stream.layout, checked, zeroDates }),
  };
}

function rangeOf({
  stage,
  interval,
}: StageRun<ExtractWork>): { readonly cursor: string; readonly interval: StageRun['interval'] } | undefined {
  const { mode, cursor } = stage.work;
  if (mode === 'snapshot') return undefined;
  if (cursor === undefined) {
    throw new StageFailure(
      'invalid_config',
      `The stage ${stage.id} extracts in mode ${mode} without a cursor. Name a time column in it.`,
    );
  }
  return { cursor, interval };
}

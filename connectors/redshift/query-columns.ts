import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { columnOf, temporaryColumns } from './catalog.ts';
import type { Warehouse } from './client.ts';
import { neutralType } from './column-types.ts';
import { quoted } from './names.ts';
import { readRows } from './results.ts';
import { runBatch } from './run-batch.ts';
import type { Watch } from './statement.ts';

/** Statement that puts the rows of a SELECT into a temporary table. */
export function stageQuery(staging: string, select: string, noRows = false): string {
  return `CREATE TEMP TABLE ${quoted(staging)} AS SELECT * FROM ${derivedTable(select)}${noRows ? ' WHERE 1 = 0' : ''}`;
}

/** The SELECT of an author in the place of a table. The line break ends a comment on its last line. */
export function derivedTable(select: string): string {
  return `(${withoutSemicolon(select)}\n) AS reefline_query`;
}

/**
 * The columns that a SELECT returns: its staging table is made without rows and read back from the catalog, in one
 * transaction. Throws StageFailure `invalid_config` for SQL that Redshift refuses and for types without a neutral counterpart.
 */
export async function queryColumns(
  warehouse: Warehouse,
  staging: string,
  select: string,
  file: string,
  watch: Watch,
): Promise<readonly Column[]> {
  const sqls = [
    stageQuery(staging, select, true),
    temporaryColumns(staging),
    `DROP TABLE ${quoted(staging)}`,
  ];
  const state = await runBatch(warehouse, sqls, `run the query of ${file}`, watch);
  const rows = await readRows(warehouse, state, 1, watch);
  return rows.map(columnOf).map(({ name, type }) => {
    const neutral = neutralType(type);
    if (neutral !== undefined) return { name, type: neutral, nullable: true };
    throw new StageFailure(
      'invalid_config',
      `Column "${name}" of ${file} has type ${type}, which Reefline does not carry. Cast it, for example to ${type.startsWith('numeric') ? 'decimal(18,2)' : 'varchar'}.`,
      { facts: { file, column: name, type } },
    );
  });
}

/** A semicolon at the end is customary in a file and wrong inside parentheses; comments may follow it. */
function withoutSemicolon(select: string): string {
  return select.replace(/;((?:\s|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*)$/, '$1');
}

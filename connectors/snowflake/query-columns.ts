import type { Column as ResultColumn } from 'snowflake-sdk';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Warehouse } from './client.ts';
import { neutralType, typeText, type HeldType } from './column-types.ts';
import { neutralName, quotedTable, storedName, type TableName } from './names.ts';
import type { Watch } from './progress.ts';
import { describeQuery } from './query.ts';

/** Statement that puts the rows of a SELECT into a temporary table. */
export function stageQuery(staging: TableName, select: string): string {
  return `CREATE OR REPLACE TEMPORARY TABLE ${quotedTable(staging)} AS SELECT * FROM ${derivedTable(select)}`;
}

/** The SELECT of an author in the place of a table. The line break ends a comment on its last line. */
export function derivedTable(select: string): string {
  return `(${withoutSemicolon(select)}\n) AS REEFLINE_QUERY`;
}

/**
 * The columns that a SELECT returns, by their neutral names. Throws StageFailure `invalid_config` for SQL that Snowflake
 * refuses and for types without a neutral counterpart.
 */
export async function queryColumns(
  warehouse: Warehouse,
  select: string,
  file: string,
  watch: Watch,
): Promise<readonly Column[]> {
  const sql = `SELECT * FROM ${derivedTable(select)}`;
  const columns = await describeQuery(warehouse, sql, `run the query of ${file}`, watch);
  return columns.map((column) => {
    const name = column.getName();
    const held = describedType(column);
    const type = neutralType(held);
    const refuse = (problem: string): never => {
      throw new StageFailure('invalid_config', problem, { facts: { file, column: name } });
    };
    if (storedName(neutralName(name)) !== name)
      return refuse(
        `Column "${name}" of ${file} has a name that Reefline would store as ${storedName(neutralName(name))}. Write it without quotes, or with a space in it.`,
      );
    if (type === undefined)
      return refuse(
        `Column "${name}" of ${file} has type ${typeText(held)}, which Reefline does not carry. Cast it, for example to VARCHAR.`,
      );
    return { name: neutralName(name), type, nullable: true };
  });
}

/** The client calls types by the names of the protocol: `fixed`, `real`, `timestamp_ltz` … */
function describedType(column: ResultColumn): HeldType {
  const type = column.getType().toUpperCase();
  const base = { FIXED: 'NUMBER', REAL: 'FLOAT' }[type] ?? type;
  return base === 'NUMBER' ? { base, precision: column.getPrecision(), scale: column.getScale() } : { base };
}

/** A semicolon at the end is customary in a file and wrong inside parentheses; comments may follow it. */
function withoutSemicolon(select: string): string {
  return select.replace(/;((?:\s|--[^\n]*(?:\n|$)|\/\/[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*)$/, '$1');
}

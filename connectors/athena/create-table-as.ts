import { createHash } from 'node:crypto';
import { literal, quotedTable, type TableName } from './names.ts';
import type { Marker } from './resumable.ts';

/** Lines of the statement that stand before the SELECT. */
export const LINES_BEFORE_SELECT = 1;

/**
 * Statement that keeps the rows of a SELECT in a new table of Parquet files. Without a `location` Athena chooses a folder
 * of the query's own below the output location of the workgroup.
 */
export function createTableAs(table: TableName, location: string | undefined, select: string): string {
  const properties = ["format = 'PARQUET'", "write_compression = 'ZSTD'"];
  if (location !== undefined) properties.push(`external_location = ${literal(location)}`);
  const header = `CREATE TABLE ${quotedTable(table)} WITH (${properties.join(', ')}) AS`;
  // The SELECT keeps its own lines, so that a position in a message can be told in the author's file.
  return `${header}\n${withoutSemicolon(select)}`;
}

/** Where a submission writes before its rows are shown: a table that nobody knows and, unless Athena chooses it, a folder. */
export interface Staging {
  readonly table: TableName;
  /** `<location>/<schema>/<table>/<timelabel>/r<revision>/q<submission>-…/`: nothing was written into it before. */
  readonly folder: string;
}

/**
 * Each submission, and each text of it, has a staging of its own, because Athena refuses a table or a folder that is there:
 * what a killed query left behind is in nobody's way.
 */
export function stagingOf(
  location: string,
  target: TableName,
  marker: Marker,
  submission: number,
  select: string,
): Staging {
  const { dataset, timelabel, revision } = marker;
  const digest = createHash('sha256')
    .update(JSON.stringify([location, dataset, timelabel, revision, submission, select]))
    .digest('hex');
  const own = `q${String(submission)}-${digest.slice(0, 8)}`;
  const path = [target.database, target.table, timelabel, `r${String(revision)}`, own].join('/');
  return {
    table: { database: target.database, table: `reefline_stage_${digest.slice(0, 24)}` },
    folder: `${location.replace(/\/+$/u, '')}/${path}/`,
  };
}

/** A semicolon at the end is customary in a file; comments may follow it. */
export function withoutSemicolon(select: string): string {
  return select.replace(/;((?:\s|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*)$/, '$1');
}

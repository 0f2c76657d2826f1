import { badKeyOf, badKeyQuery, type BadKey, type PublishedLabel } from '../../pipeline/failed-rows.ts';
import type { Warehouse } from './client.ts';
import { FAILED_ROWS } from './failed-rows.ts';
import { literal, MARKERS, quoted, quotedTable, storedName, type TableName } from './names.ts';
import type { Watch } from './progress.ts';
import { readRows } from './query.ts';
import { ofLabels } from './read-table.ts';
import { turnsOf } from './target-plan.ts';
import { runTransaction } from './transaction.ts';

/*
 * What a publish keeps in the database when the system that it publishes to has no place for markers. The table of failed rows
 * must be there, and with it that of the markers.
 */

/**
 * How many rows of the label the application has already: by its own revision or a newer one; of a whole table, 0 when a
 * newer label is there. Undefined when the label has to be sent.
 */
export async function publishedRows(
  warehouse: Warehouse,
  marker: PublishedLabel,
  wholeTable: boolean,
  watch: Watch,
): Promise<number | undefined> {
  const { dataset, timelabel } = marker;
  const newer = wholeTable ? ` OR "TIMELABEL" > ${literal(timelabel)}` : '';
  const sql =
    `SELECT CASE WHEN "TIMELABEL" = ${literal(timelabel)} THEN "ROWS" ELSE 0 END FROM ${quotedTable(MARKERS)} ` +
    `WHERE "DATASET" = ${literal(dataset)} AND (${sameOrNewer(marker)}${newer}) ORDER BY "TIMELABEL", "REVISION" LIMIT 1`;
  const [row] = await readRows(warehouse, sql, `read the marker of ${dataset}`, watch);
  return row === undefined ? undefined : Number(row[0]);
}

/** Records that the application has the label. Of two that record the same at once, the first one counts. */
export async function recordPublished(
  warehouse: Warehouse,
  marker: PublishedLabel,
  rows: number,
  watch: Watch,
): Promise<void> {
  const { dataset, timelabel, revision } = marker;
  const markers = quotedTable(MARKERS);
  const insert =
    `INSERT INTO ${markers} ("DATASET", "TIMELABEL", "REVISION", "ROWS", "APPLIED_AT") ` +
    `SELECT ${literal(dataset)}, ${literal(timelabel)}, ${String(revision)}, ${String(rows)}, CURRENT_TIMESTAMP() ` +
    `FROM (SELECT 1 AS n) AS one WHERE NOT EXISTS (SELECT 1 FROM ${markers} WHERE "DATASET" = ${literal(dataset)} AND ${sameOrNewer(marker)})`;
  // An INSERT keeps nobody out, and the UPDATE does.
  const turn = `UPDATE ${quotedTable(turnsOf(FAILED_ROWS))} SET "TURN" = "TURN" + 1`;
  await runTransaction(warehouse, [turn, insert], `record the publish of ${dataset}`, watch);
}

function sameOrNewer({ timelabel, revision }: PublishedLabel): string {
  return `("TIMELABEL" = ${literal(timelabel)} AND "REVISION" >= ${String(revision)})`;
}

/** A key of the rows that is NULL or not unique; undefined when there is none. */
export async function findBadKey(
  warehouse: Warehouse,
  table: TableName,
  column: string,
  labels: readonly string[] | undefined,
  watch: Watch,
): Promise<BadKey | undefined> {
  const key = quoted(storedName(column));
  const sql = badKeyQuery(`${quotedTable(table)}${ofLabels(labels)}`, key, `TO_VARCHAR(${key})`);
  const name = `${table.schema}.${table.table}`;
  const [bad] = await readRows(warehouse, sql, `look for bad keys in ${name}`, watch);
  return badKeyOf(bad);
}

import { badKeyOf, badKeyQuery, type BadKey, type PublishedLabel } from '../../pipeline/failed-rows.ts';
import type { Warehouse } from './client.ts';
import { literal, MARKERS, quoted, quotedTable, type TableName } from './names.ts';
import { ofLabels } from './read-table.ts';
import { readRows } from './results.ts';
import { runBatch } from './run-batch.ts';
import type { Watch } from './statement.ts';

/*
 * What a publish keeps in the warehouse when the system that it publishes to has no place for markers. The table of markers
 * must be there.
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
  const newer = wholeTable ? ` OR timelabel > ${literal(timelabel)}` : '';
  const sql =
    `SELECT CASE WHEN timelabel = ${literal(timelabel)} THEN "rows" ELSE 0 END FROM ${quotedTable(MARKERS)} ` +
    `WHERE dataset = ${literal(dataset)} AND (${sameOrNewer(marker)}${newer}) ORDER BY timelabel, revision LIMIT 1`;
  const state = await runBatch(warehouse, [sql], `read the marker of ${dataset}`, watch);
  const [row] = await readRows(warehouse, state, 0, watch);
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
    `INSERT INTO ${markers} (dataset, timelabel, revision, "rows", applied_at) ` +
    `SELECT ${literal(dataset)}, ${literal(timelabel)}, ${String(revision)}, ${String(rows)}, GETDATE() ` +
    `FROM (SELECT 1 AS n) AS one WHERE NOT EXISTS (SELECT 1 FROM ${markers} WHERE dataset = ${literal(dataset)} AND ${sameOrNewer(marker)})`;
  await runBatch(warehouse, [`LOCK ${markers}`, insert], `record the publish of ${dataset}`, watch);
}

function sameOrNewer({ timelabel, revision }: PublishedLabel): string {
  return `(timelabel = ${literal(timelabel)} AND revision >= ${String(revision)})`;
}

/** A key of the rows that is NULL or not unique; undefined when there is none. */
export async function findBadKey(
  warehouse: Warehouse,
  table: TableName,
  column: string,
  labels: readonly string[] | undefined,
  watch: Watch,
): Promise<BadKey | undefined> {
  const key = quoted(column);
  const sql = badKeyQuery(`${quotedTable(table)}${ofLabels(labels)}`, key, `CAST(${key} AS varchar)`);
  const state = await runBatch(
    warehouse,
    [sql],
    `look for bad keys in ${table.schema}.${table.table}`,
    watch,
  );
  const [bad] = await readRows(warehouse, state, 0, watch);
  return badKeyOf(bad);
}

import { StageFailure } from '../../pipeline/failure.ts';
import type { Marker } from './apply-statements.ts';
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
  marker: Marker,
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
  marker: Marker,
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

function sameOrNewer({ timelabel, revision }: Marker): string {
  return `(timelabel = ${literal(timelabel)} AND revision >= ${String(revision)})`;
}

/** Throws StageFailure `data_error` for a key of the rows that is NULL or not unique. */
export async function refuseBadKeys(
  warehouse: Warehouse,
  source: { readonly table: TableName; readonly key: string; readonly labels: readonly string[] | undefined },
  marker: Marker,
  watch: Watch,
): Promise<void> {
  const { table, labels } = source;
  const key = quoted(source.key);
  const sql =
    `SELECT CAST(${key} AS varchar), count(*) FROM ${quotedTable(table)}${ofLabels(labels)} ` +
    `GROUP BY ${key} HAVING count(*) > 1 OR ${key} IS NULL LIMIT 1`;
  const name = `${table.schema}.${table.table}`;
  const state = await runBatch(warehouse, [sql], `look for bad keys in ${name}`, watch);
  const [bad] = await readRows(warehouse, state, 0, watch);
  if (bad === undefined) return;
  const [value = null, copies] = bad;
  const fault = value === null ? 'is NULL in a row' : `appears in ${copies ?? ''} rows`;
  const { dataset, timelabel } = marker;
  throw new StageFailure(
    'data_error',
    `Key (${source.key}) = (${value ?? 'NULL'}) ${fault} of ${name} for label ${timelabel}: ${dataset} takes each key once and complete. Nothing was sent.`,
    { facts: { dataset, timelabel, key: source.key, sample: value } },
  );
}

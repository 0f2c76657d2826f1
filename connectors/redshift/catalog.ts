import type { Warehouse } from './client.ts';
import { literal, MARKERS, type TableName } from './names.ts';
import { readRows } from './results.ts';
import { runBatch } from './run-batch.ts';
import type { Watch } from './statement.ts';
import type { CatalogColumn, TargetState } from './target-plan.ts';

/**
 * Columns in the order of the table, as `format_type` spells their types. Straight from pg_catalog, which shows temporary
 * tables as well; `pg_table_is_visible` picks the session's own among those of the same name.
 */
const COLUMNS =
  'SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a ' +
  'JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ' +
  'WHERE a.attnum > 0 AND NOT a.attisdropped';

/** What the catalog knows of a target and of the marker table. */
export async function readTarget(
  warehouse: Warehouse,
  target: TableName,
  watch: Watch,
): Promise<TargetState> {
  const tables = [target, MARKERS].map(
    ({ schema, table }) => `(n.nspname = ${literal(schema)} AND c.relname = ${literal(table)})`,
  );
  const schemas = `SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname IN (${literal(target.schema)}, ${literal(MARKERS.schema)})`;
  const sqls = [`${COLUMNS} AND (${tables.join(' OR ')}) ORDER BY a.attnum`, schemas];
  const state = await runBatch(
    warehouse,
    sqls,
    `read the catalog entry of ${target.schema}.${target.table}`,
    watch,
  );
  const rows = await readRows(warehouse, state, 0, watch);
  const of = (name: TableName) =>
    rows.filter(([schema, table]) => schema === name.schema && table === name.table);
  return {
    schemas: (await readRows(warehouse, state, 1, watch)).flatMap(([name]) =>
      typeof name === 'string' ? [name] : [],
    ),
    markers: of(MARKERS).length > 0,
    columns: of(target).map(columnOf),
  };
}

/** Reads the columns of a temporary table of the same batch. */
export function temporaryColumns(table: string): string {
  return `${COLUMNS} AND c.relname = ${literal(table)} AND pg_table_is_visible(c.oid) ORDER BY a.attnum`;
}

export function columnOf(row: readonly (string | null)[]): CatalogColumn {
  return { name: row[2] ?? '', type: row[3] ?? '' };
}

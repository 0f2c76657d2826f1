import type { Warehouse } from './client.ts';
import type { HeldType } from './column-types.ts';
import { literal, MARKERS, type TableName } from './names.ts';
import type { Watch } from './progress.ts';
import { readRows, type TextRow } from './query.ts';
import { turnsOf, type CatalogColumn, type TargetState } from './target-plan.ts';

/** What the catalog knows of a target and of the tables that Reefline keeps beside it, in one statement. */
export async function readTarget(
  warehouse: Warehouse,
  target: TableName,
  watch: Watch,
): Promise<TargetState> {
  const turns = turnsOf(target);
  const tables = [target, MARKERS, turns];
  const wanted = tables
    .map(
      ({ schema, table }) => `(c."TABLE_SCHEMA" = ${literal(schema)} AND c."TABLE_NAME" = ${literal(table)})`,
    )
    .join(' OR ');
  const schemas = [...new Set(tables.map(({ schema }) => literal(schema)))].join(', ');
  const rows = await readRows(
    warehouse,
    'SELECT s."SCHEMA_NAME", c."TABLE_NAME", c."COLUMN_NAME", c."DATA_TYPE", c."CHARACTER_MAXIMUM_LENGTH", c."NUMERIC_PRECISION", ' +
      'c."NUMERIC_SCALE", c."DATETIME_PRECISION" FROM "INFORMATION_SCHEMA"."SCHEMATA" AS s LEFT JOIN "INFORMATION_SCHEMA"."COLUMNS" AS c ' +
      `ON c."TABLE_SCHEMA" = s."SCHEMA_NAME" AND (${wanted}) WHERE s."SCHEMA_NAME" IN (${schemas}) ORDER BY c."ORDINAL_POSITION"`,
    `read the catalog entry of ${target.schema}.${target.table}`,
    watch,
  );
  const of = (name: TableName): readonly TextRow[] =>
    rows.filter(([schema, table]) => schema === name.schema && table === name.table);
  return {
    schemas: [...new Set(rows.map(([schema]) => schema ?? ''))],
    markers: of(MARKERS).length > 0,
    turns: of(turns).length > 0,
    columns: of(target).map(columnOf),
  };
}

function columnOf([, , name, base, length, precision, scale, digits]: TextRow): CatalogColumn {
  const size = precision ?? digits ?? null;
  const type: HeldType = {
    base: base ?? '',
    ...(typeof length === 'string' ? { length: Number(length) } : {}),
    ...(size === null ? {} : { precision: Number(size) }),
    ...(typeof scale === 'string' ? { scale: Number(scale) } : {}),
  };
  return { name: name ?? '', type };
}

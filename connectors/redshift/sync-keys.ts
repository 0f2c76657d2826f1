import { storedColumn, neutralType, redshiftType } from './column-types.ts';
import { describeType, type Column } from '../../pipeline/column.ts';
import { sizeGroups } from '../../pipeline/size-groups.ts';
import type { RowKey } from '../../pipeline/sync-compare.ts';
import { readTarget } from './catalog.ts';
import type { Warehouse } from './client.ts';
import { LABEL_COLUMN, quoted, quotedTable, storedName, textExpression, type TableName } from './names.ts';
import { exactValue, tableRows } from './read-table.ts';
import { readRows, resultPages } from './results.ts';
import { runBatch } from './run-batch.ts';
import type { Watch } from './statement.ts';

const LABEL: Column = { name: LABEL_COLUMN, type: { kind: 'text' }, nullable: true };

/** Limits of one statement: its bytes (the Data API takes 100,000), and the labels or keys that it names. */
const STATEMENT_BYTES = 80_000;
const NAMED_LABELS = 2_000;
const NAMED_KEYS = 500;

/** A row of the warehouse: the label that it came with, and its key. */
export interface LabelledKey {
  readonly label: string | null;
  readonly key: RowKey;
}

/** The key columns of a loaded table, in the order of the names, or the reason why there are none to compare. */
export async function loadedKey(
  warehouse: Warehouse,
  table: TableName,
  names: readonly string[],
  watch: Watch,
): Promise<{ readonly key: readonly Column[] } | { readonly reason: string }> {
  const { columns } = await readTarget(warehouse, table, watch);
  if (columns.length === 0) return { reason: 'the table does not exist yet' };
  if (!columns.some(({ name }) => name === LABEL_COLUMN))
    return { reason: `it has no column ${LABEL_COLUMN}, so Reefline did not write it` };
  const key: Column[] = [];
  for (const name of names) {
    const column = columns.find((one) => one.name === storedName(name));
    const type = column === undefined ? undefined : neutralType(column.type);
    if (column === undefined) return { reason: `it has no column "${storedName(name)}"` };
    if (type === undefined) return { reason: `its column "${column.name}" is of type ${column.type}` };
    key.push({ name: column.name, type, nullable: true });
  }
  return { key };
}

/** How many rows each label has; those without a label are under null. */
export async function countLabels(
  warehouse: Warehouse,
  table: TableName,
  watch: Watch,
): Promise<ReadonlyMap<string | null, number>> {
  const label = quoted(LABEL_COLUMN);
  const sql = `SELECT ${label}, CAST(count(*) AS varchar) FROM ${quotedTable(table)} GROUP BY ${label}`;
  const state = await runBatch(warehouse, [sql], `count the rows of ${nameOf(table)}`, watch);
  const rows = await readRows(warehouse, state, 0, watch);
  return new Map(rows.map(([found, count]) => [found ?? null, Number(count)]));
}

/** The keys of the rows of some labels, or of all rows, page by page. */
export async function* keysOfLabels(
  warehouse: Warehouse,
  table: TableName,
  key: readonly Column[],
  labels: readonly string[] | undefined,
  watch: Watch,
): AsyncGenerator<readonly LabelledKey[]> {
  const parts = labels === undefined ? [undefined] : chunksOf(labels, NAMED_LABELS);
  for (const part of parts)
    for await (const page of tableRows(
      warehouse,
      table,
      { columns: [LABEL, ...key], labels: part, spread: key },
      watch,
    ))
      yield page.map(([label = null, ...values]) => ({ label, key: values }));
}

/** The rows that have one of the keys, each key and label once, page by page. */
export async function* rowsOfKeys(
  warehouse: Warehouse,
  table: TableName,
  columns: readonly Column[],
  keys: readonly (readonly string[])[],
  watch: Watch,
): AsyncGenerator<readonly LabelledKey[]> {
  const values = [LABEL, ...columns].map(exactValue).join(', ');
  for (const condition of keyConditions(columns, keys)) {
    const sql = `SELECT DISTINCT ${values} FROM ${quotedTable(table)} WHERE ${condition}`;
    const state = await runBatch(warehouse, [sql], `look for keys in ${nameOf(table)}`, watch);
    for await (const { rows } of resultPages(warehouse, state, 0, watch))
      yield rows.map(([label = null, ...key]) => ({ label, key }));
  }
}

/** Conditions that together name all keys, each short enough for a statement. */
export function keyConditions(
  columns: readonly Column[],
  keys: readonly (readonly string[])[],
): readonly string[] {
  const alternatives = keys.map((key) =>
    columns.map((column, at) => `${quoted(column.name)} = ${valueOf(column, key[at] ?? '')}`).join(' AND '),
  );
  const size = (alternative: string): number => Buffer.byteLength(alternative) + 8;
  return sizeGroups(alternatives, size, { size: STATEMENT_BYTES, count: NAMED_KEYS }).map(anyOf);
}

function anyOf(alternatives: readonly string[]): string {
  return alternatives.map((alternative) => `(${alternative})`).join(' OR ');
}

function valueOf(column: Column, text: string): string {
  const value = textExpression(text);
  return column.type.kind === 'text' ? value : `CAST(${value} AS ${redshiftType(column.type)})`;
}

/** Why the key of a source cannot be compared with that of a loaded table; undefined when it can. */
export function keyMismatch(source: readonly Column[], loaded: readonly Column[]): string | undefined {
  const at = source.findIndex(
    (column, index) => familyOf(storedColumn(column)) !== familyOf(loaded[index] ?? column),
  );
  const [column, other] = [source[at], loaded[at]];
  if (column === undefined || other === undefined) return undefined;
  return `its column "${other.name}" is of type ${describeType(other.type)}, and at the source of type ${describeType(column.type)}`;
}

/** Integers of any width are written alike, and so are decimals. */
function familyOf({ type }: Column): string {
  return type.kind.startsWith('int') || type.kind === 'decimal' ? 'number' : describeType(type);
}

function chunksOf<T>(list: readonly T[], size: number): readonly T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) =>
    list.slice(at * size, (at + 1) * size),
  );
}

function nameOf({ schema, table }: TableName): string {
  return `${schema}.${table}`;
}

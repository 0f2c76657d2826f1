import type { Warehouse } from '../connectors/redshift/client.ts';
import type { TableName } from '../connectors/redshift/names.ts';
import { keysOfLabels, rowsOfKeys } from '../connectors/redshift/sync-keys.ts';
import type { Watch } from '../connectors/redshift/statement.ts';
import type { Column } from '../pipeline/column.ts';
import { canonicalPart, KeyComparison, type KeyDifference, type RowKey } from '../pipeline/sync-compare.ts';
import type { LoadBelow } from '../pipeline/sync-loads.ts';
import type { SyncColumn } from '../pipeline/sync-source.ts';
import { intervalOf, parseTimelabel, type Interval, type Timelabel } from '../pipeline/timelabel.ts';
import { countSourceRows, requireCursor, type LabelSearch } from './sync-source-labels.ts';

/** A loaded table, opened for a comparison with the source. */
export interface ComparedTable {
  readonly load: LoadBelow;
  readonly warehouse: Warehouse;
  readonly table: TableName;
  /** The key at the source and in the warehouse, column by column. */
  readonly sourceKey: readonly SyncColumn[];
  readonly loadedKey: readonly Column[];
  /** Rows of each label in the warehouse; those without a label are under null. */
  readonly counts: ReadonlyMap<string | null, number>;
  readonly watch: Watch;
}

/** What a comparison found; labels are those of the load. */
export interface Compared {
  readonly differences: readonly KeyDifference[];
  readonly labelsCompared: number;
  readonly keysAtSource: number;
  readonly rowsInWarehouse: number;
  /** Labels with more keys than fit into memory at once. */
  readonly tooLarge: readonly Timelabel[];
  /** Keys that a newer label has brought again, so that the older label rightly lacks them. */
  readonly overtaken: number;
}

/** Rows that are compared at once: memory holds a set of their keys. Labels are taken together as far as they fit. */
const ROWS_AT_ONCE = 250_000;
export const MAX_ROWS_OF_LABEL = 2_000_000;
const LABELS_AT_ONCE = 2_000;
/** Of more missing keys nobody asks whether a newer label holds them: their label is synced, which does no harm. */
const MAX_ASKED = 10_000;

interface WeighedLabel {
  readonly label: Timelabel;
  readonly rows: number;
}

/** Compares label by label, a few labels at a time, the rows of a time at the source with those of its labels in the warehouse. */
export async function compareLabels(
  search: LabelSearch,
  compared: ComparedTable,
  within: Interval,
): Promise<Compared> {
  const labels = await weighLabels(search, compared, within);
  const tooLarge = labels.filter(({ rows }) => rows > MAX_ROWS_OF_LABEL).map(({ label }) => label);
  const differences: KeyDifference[] = [];
  const sums = { keysAtSource: 0, overtaken: 0 };
  for (const group of groupsOf(labels.filter(({ rows }) => rows <= MAX_ROWS_OF_LABEL))) {
    const comparison = await compareGroup(search, compared, group);
    sums.keysAtSource += comparison.keysAtSource;
    for (const difference of comparison.differences()) {
      const left = await withoutOvertaken(compared, difference);
      sums.overtaken += difference.lostInserts.length - left.lostInserts.length;
      if (left.lostDeletes.length + left.lostInserts.length > 0) differences.push(left);
    }
  }
  const rowsInWarehouse = labels.reduce((sum, { label }) => sum + (compared.counts.get(label) ?? 0), 0);
  return { differences, labelsCompared: labels.length - tooLarge.length, rowsInWarehouse, tooLarge, ...sums };
}

/** Labels of the load that lie in a time and have rows on either side, sorted. A table that is replaced holds its newest label only. */
async function weighLabels(
  search: LabelSearch,
  { load, counts }: ComparedTable,
  within: Interval,
): Promise<readonly WeighedLabel[]> {
  const { period, work } = load.stage;
  const loaded = [...counts.keys()].flatMap((label) => parseTimelabel(label) ?? []).sort();
  const rows = new Map<Timelabel, number>(loaded.map((label) => [label, counts.get(label) ?? 0]));
  const atSource = await countSourceRows(search, period, within);
  for (const [label, found] of atSource) rows.set(label, (rows.get(label) ?? 0) + found);
  const newest = loaded.at(-1);
  return [...rows]
    .filter(([label]) => {
      const { start, end } = intervalOf(period, label);
      const isHeld = work.mode !== 'replace' || label === newest;
      return start >= within.start && end <= within.end && isHeld;
    })
    .map(([label, count]) => ({ label, rows: count }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
}

function groupsOf(labels: readonly WeighedLabel[]): readonly (readonly Timelabel[])[] {
  const groups: Timelabel[][] = [];
  let room = 0;
  for (const { label, rows } of labels) {
    const group = groups.at(-1);
    if (group === undefined || rows > room || group.length === LABELS_AT_ONCE) {
      groups.push([label]);
      room = ROWS_AT_ONCE - rows;
    } else {
      group.push(label);
      room -= rows;
    }
  }
  return groups;
}

/** Labels without rows at the source may lie between those of the group: the snapshot has none of theirs. */
async function compareGroup(
  search: LabelSearch,
  compared: ComparedTable,
  labels: readonly Timelabel[],
): Promise<KeyComparison> {
  const { load, warehouse, table, sourceKey, loadedKey, watch } = compared;
  const comparison = new KeyComparison();
  const intervals = labels.map((label) => intervalOf(load.stage.period, label));
  const starts = intervals.map(({ start }) => start);
  const end = intervals.at(-1)?.end ?? 0;
  const cursor = requireCursor(search);
  for await (const page of search.source.keysBetween(cursor, sourceKey, starts, end)) {
    for (const { interval, key } of page) {
      const label = labels[interval];
      if (label !== undefined) comparison.addSource(label, canonicalSource(compared, key));
    }
    watch.beat();
  }
  for await (const page of keysOfLabels(warehouse, table, loadedKey, labels, watch))
    for (const { label, key } of page) {
      const read = parseTimelabel(label);
      if (read !== undefined) comparison.addWarehouse(read, canonicalLoaded(compared, key));
    }
  return comparison;
}

/** A table that is merged shows each key under the newest label that brought it; an older label does not lack it. */
async function withoutOvertaken(compared: ComparedTable, difference: KeyDifference): Promise<KeyDifference> {
  const { load, warehouse, table, loadedKey, watch } = compared;
  const { lostInserts, timelabel } = difference;
  const asked = lostInserts.filter((key): key is readonly string[] => !key.includes(null));
  if (load.stage.work.mode !== 'merge' || asked.length === 0 || asked.length > MAX_ASKED) return difference;
  const newer = new Set<string>();
  for await (const page of rowsOfKeys(warehouse, table, loadedKey, asked, watch))
    for (const { label, key } of page)
      if (label !== null && label > timelabel) newer.add(JSON.stringify(canonicalLoaded(compared, key)));
  return { ...difference, lostInserts: lostInserts.filter((key) => !newer.has(JSON.stringify(key))) };
}

export function canonicalSource({ sourceKey }: Pick<ComparedTable, 'sourceKey'>, key: RowKey): RowKey {
  return key.map((part, at) => {
    const column = sourceKey[at];
    return column === undefined ? part : canonicalPart(column.type, column.padded, part);
  });
}

/** What the warehouse keeps as text is read as the source's type, for which it stands. */
export function canonicalLoaded(
  { sourceKey, loadedKey }: Pick<ComparedTable, 'sourceKey' | 'loadedKey'>,
  key: RowKey,
): RowKey {
  return key.map((part, at) => {
    const [column, loaded] = [sourceKey[at], loadedKey[at]];
    if (column === undefined || loaded === undefined) return part;
    return canonicalPart(loaded.type.kind === 'text' ? column.type : loaded.type, column.padded, part);
  });
}

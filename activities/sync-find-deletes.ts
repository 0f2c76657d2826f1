import { openWarehouse } from '../connectors/redshift/client.ts';
import { countLabels, keyMismatch, loadedKey } from '../connectors/redshift/sync-keys.ts';
import { keyText, type KeyDifference } from '../pipeline/sync-compare.ts';
import { labelOf, syncInterval, type SyncBorders } from '../pipeline/sync-labels.ts';
import { isComparable, type LoadBelow } from '../pipeline/sync-loads.ts';
import {
  NAMED_KEYS,
  NAMED_LABELS,
  shortKey,
  skippedComparison,
  type LabelDifference,
  type TableComparison,
} from '../pipeline/sync-report.ts';
import type { SyncColumn } from '../pipeline/sync-source.ts';
import type { Interval, Timelabel } from '../pipeline/timelabel.ts';
import { inputNeed } from '../pipeline/window.ts';
import { warehouseTarget } from './stages/warehouse-target.ts';
import { compareLabels, MAX_ROWS_OF_LABEL, type Compared, type ComparedTable } from './sync-compare-load.ts';
import { compareSnapshot } from './sync-compare-snapshot.ts';
import type { LabelSearch } from './sync-source-labels.ts';
import type { SyncTools } from './sync-tools.ts';

/** What a comparison says of one loaded table, and the labels of the extract that it asks for. */
export interface FoundDeletes {
  readonly comparison: TableComparison;
  readonly labels: readonly Timelabel[];
}

/** Compares the keys at the source with those of one loaded table; a table that cannot be compared gives the reason. */
export async function findDeletes(
  search: LabelSearch,
  load: LoadBelow,
  key: readonly SyncColumn[],
  borders: SyncBorders,
  tools: SyncTools,
): Promise<FoundDeletes> {
  const names = key.map(({ name }) => name);
  const skip = (reason: string): FoundDeletes => ({
    comparison: skippedComparison(load.stage.output, names, reason),
    labels: [],
  });
  const due = syncInterval(search.stage, borders, search.now);
  if (due === undefined) return skip('no label of the range is due');
  if (!isComparable(load.input))
    return skip(`a label of it holds the window ${load.input.window}, so its rows belong to several labels`);
  const { connection, table } = warehouseTarget(load.stage.output, tools);
  const warehouse = openWarehouse(connection);
  try {
    const { watch } = tools;
    const loaded = await loadedKey(warehouse, table, names, watch);
    if ('reason' in loaded) return skip(loaded.reason);
    const mismatch = keyMismatch(key, loaded.key);
    if (mismatch !== undefined) return skip(mismatch);
    const counts = await countLabels(warehouse, table, watch);
    const opened = { load, warehouse, table, sourceKey: key, loadedKey: loaded.key, counts, watch };
    return await compareOpened(search, opened, due);
  } finally {
    warehouse.client.destroy();
  }
}

async function compareOpened(
  search: LabelSearch,
  compared: ComparedTable,
  due: Interval,
): Promise<FoundDeletes> {
  const { stage } = search;
  const { load, sourceKey, counts } = compared;
  const isSnapshot = stage.work.mode === 'snapshot';
  const newest = labelOf(stage.period, due.end - 1);
  const found = isSnapshot
    ? await compareSnapshot(search, compared, newest)
    : await compareLabels(search, compared, due);
  const isMended = (label: Timelabel): boolean =>
    !isSnapshot || load.stage.work.mode !== 'merge' || label === newest;
  const needed = isSnapshot
    ? found.differences.some(({ timelabel, lostInserts }) => isMended(timelabel) || lostInserts.length > 0)
      ? [newest]
      : []
    : [...found.differences.map(({ timelabel }) => timelabel), ...found.tooLarge];
  const differences = found.differences.map((one) => differenceOf(compared, one, isMended(one.timelabel)));
  // What nothing mends is told first, for a person has to act.
  const named = differences.toSorted((a, b) => Number(a.mended) - Number(b.mended)).slice(0, NAMED_LABELS);
  return {
    comparison: {
      dataset: load.stage.output,
      keyColumns: sourceKey.map(({ name }) => name),
      skipped: null,
      labelsCompared: found.labelsCompared,
      keysAtSource: found.keysAtSource,
      rowsInWarehouse: found.rowsInWarehouse,
      lostDeletes: sum(differences, ({ lostDeletes }) => lostDeletes),
      lostInserts: sum(differences, ({ lostInserts }) => lostInserts),
      differing: differences.length,
      differences: named.toSorted((a, b) => (a.timelabel < b.timelabel ? -1 : 1)),
      remarks: remarksOf(compared, found, counts.get(null) ?? 0),
    },
    labels: isSnapshot ? needed : needed.flatMap((label) => extractLabels(search, load, label)),
  };
}

/** The due labels of the extract whose rows a label of the load holds. */
export function extractLabels(
  { stage, now }: LabelSearch,
  load: LoadBelow,
  label: Timelabel,
): readonly Timelabel[] {
  const need = inputNeed(load.input.window, load.stage.period, stage.period, label);
  const due = syncInterval(stage, { from: null, to: null }, now);
  if (need.kind === 'newest' || due === undefined) return [];
  const newest = labelOf(stage.period, due.end - 1);
  return need.labels.filter((one) => one <= newest);
}

function differenceOf(
  { load, table }: ComparedTable,
  { timelabel, lostDeletes, lostInserts }: KeyDifference,
  mended: boolean,
): LabelDifference {
  const counts = { timelabel, lostDeletes: lostDeletes.length, lostInserts: lostInserts.length };
  if (mended || lostDeletes.length === 0) return { ...counts, mended: true, keys: [], cure: null };
  const keys = lostDeletes.slice(0, NAMED_KEYS).map((key) => shortKey(keyText(key)));
  const cure =
    `The load ${load.stage.id} merges, and the newest snapshot says nothing of rows that are gone. Delete them: ` +
    `delete from ${table.schema}.${table.table} where reefline_timelabel = '${timelabel}' and …; or let the load replace the table.`;
  return { ...counts, mended: false, keys, cure };
}

function remarksOf(
  { load, table }: ComparedTable,
  { tooLarge, overtaken }: Compared,
  unlabelled: number,
): readonly string[] {
  const remarks: string[] = [];
  const name = `${table.schema}.${table.table}`;
  const [first] = tooLarge;
  if (first !== undefined)
    remarks.push(
      `${String(tooLarge.length)} labels, such as ${first}, have more than ${String(MAX_ROWS_OF_LABEL)} rows on both sides together. They were not compared, and are synced.`,
    );
  if (overtaken > 0)
    remarks.push(
      `${String(overtaken)} keys of older labels are in ${name} under newer labels, because ${load.stage.id} merges. Where a newer label has lost its row since, compare once more after this sync.`,
    );
  if (unlabelled > 0)
    remarks.push(
      `${String(unlabelled)} rows of ${name} have no label: they were there before Reefline, and no sync compares or removes them.`,
    );
  return remarks;
}

function sum<T>(list: readonly T[], value: (one: T) => number): number {
  return list.reduce((total, one) => total + value(one), 0);
}

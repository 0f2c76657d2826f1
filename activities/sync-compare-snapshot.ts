import { keysOfLabels } from '../connectors/redshift/sync-keys.ts';
import { StageFailure } from '../pipeline/failure.ts';
import { KeyComparison } from '../pipeline/sync-compare.ts';
import { parseTimelabel, type Timelabel } from '../pipeline/timelabel.ts';
import {
  canonicalLoaded,
  canonicalSource,
  MAX_ROWS_OF_LABEL,
  type Compared,
  type ComparedTable,
} from './sync-compare-load.ts';
import type { LabelSearch } from './sync-source-labels.ts';

/**
 * Compares all keys of the source with those that the newest loaded snapshot stands for: with `append` the rows of the
 * newest label, else all rows of the table. Rows that the source lacks come under the label that they have.
 */
export async function compareSnapshot(
  search: LabelSearch,
  compared: ComparedTable,
  newest: Timelabel,
): Promise<Compared> {
  const { load, warehouse, table, loadedKey, counts, watch } = compared;
  await refuseLarge(search);
  const { mode } = load.stage.work;
  const held = [...counts.keys()].flatMap((label) => parseTimelabel(label) ?? []).sort();
  const labels = mode === 'append' ? held.slice(-1) : held;
  // A merge spreads one snapshot over many labels; otherwise the rows are those of the last one that was loaded.
  const own = mode === 'merge' ? newest : (held.at(-1) ?? newest);
  const comparison = new KeyComparison();
  for await (const page of search.source.allKeys(compared.sourceKey)) {
    for (const key of page) comparison.addSource(own, canonicalSource(compared, key));
    watch.beat();
  }
  for await (const page of keysOfLabels(warehouse, table, loadedKey, labels, watch))
    for (const { label, key } of page)
      comparison.addWarehouse(own, canonicalLoaded(compared, key), parseTimelabel(label) ?? own);
  return {
    differences: comparison.differences(),
    labelsCompared: labels.length,
    keysAtSource: comparison.keysAtSource,
    rowsInWarehouse: labels.reduce((sum, label) => sum + (counts.get(label) ?? 0), 0),
    tooLarge: [],
    overtaken: 0,
  };
}

async function refuseLarge({ source, stage }: LabelSearch): Promise<void> {
  const rows = await source.countAllRows();
  if (rows <= MAX_ROWS_OF_LABEL) return;
  throw new StageFailure(
    'invalid_config',
    `${source.table} has ${String(rows)} rows, more than the ${String(MAX_ROWS_OF_LABEL)} whose keys are compared at once. ${stage.id} is a snapshot: sync all of it (kind full) instead.`,
    { facts: { table: source.table } },
  );
}

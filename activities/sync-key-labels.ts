import { openWarehouse } from '../connectors/redshift/client.ts';
import { keyMismatch, loadedKey, rowsOfKeys } from '../connectors/redshift/sync-keys.ts';
import { StageFailure } from '../pipeline/failure.ts';
import { ALL_TIME, labelOf, syncInterval } from '../pipeline/sync-labels.ts';
import type { LoadBelow } from '../pipeline/sync-loads.ts';
import type { KnownKeys, SyncColumn } from '../pipeline/sync-source.ts';
import { parseTimelabel, type Timelabel } from '../pipeline/timelabel.ts';
import { warehouseTarget } from './stages/warehouse-target.ts';
import { extractLabels } from './sync-find-deletes.ts';
import { requireCursor, type LabelSearch } from './sync-source-labels.ts';
import type { SyncTools } from './sync-tools.ts';

/** Labels, and sentences for people about what was found where. */
export interface LabelsOfKeys {
  readonly labels: readonly Timelabel[];
  readonly remarks: readonly string[];
}

/**
 * The due labels that hold some keys at the source now, and those in which loaded tables hold them: a row that was
 * deleted or moved at the source is still where it was loaded.
 */
export async function labelsOfKeys(
  search: LabelSearch,
  loads: readonly LoadBelow[],
  key: readonly SyncColumn[],
  keys: readonly (readonly string[])[],
  tools: SyncTools,
): Promise<LabelsOfKeys> {
  const { source } = search;
  refuseWidth(source.table, key, keys);
  const known = await source.readKeys(key, keys);
  const found = await known.count();
  const labels = new Set(await labelsAtSource(search, known));
  const remarks = [
    `${String(found)} of ${String(known.keys.length)} keys are at the source, in ${String(labels.size)} due labels.`,
  ];
  for (const load of loads) {
    const loaded = await labelsInWarehouse(load, known, tools);
    if ('reason' in loaded) remarks.push(`${load.stage.output} was not looked through: ${loaded.reason}.`);
    else {
      remarks.push(`${load.stage.output} holds them in ${String(loaded.labels.length)} labels.`);
      for (const label of loaded.labels)
        for (const one of extractLabels(search, load, label)) labels.add(one);
    }
  }
  return { labels: [...labels], remarks };
}

function refuseWidth(
  table: string,
  columns: readonly SyncColumn[],
  keys: readonly (readonly string[])[],
): void {
  const other = keys.find((key) => key.length !== columns.length);
  if (other === undefined) return;
  throw new StageFailure(
    'invalid_config',
    `The key ${JSON.stringify(other)} has ${String(other.length)} values, and the key columns of ${table} are ${columns.map(({ name }) => name).join(', ')}. Write a value for each, or name other key columns.`,
    { facts: { table } },
  );
}

async function labelsAtSource(search: LabelSearch, known: KnownKeys): Promise<ReadonlySet<Timelabel>> {
  const { stage, now } = search;
  const due = syncInterval(stage, ALL_TIME, now);
  const labels = new Set<Timelabel>();
  if (due === undefined) return labels;
  for await (const page of known.seconds(requireCursor(search), due))
    for (const second of page) labels.add(labelOf(stage.period, second));
  return labels;
}

async function labelsInWarehouse(
  load: LoadBelow,
  { columns, keys }: KnownKeys,
  { watch, ...tools }: SyncTools,
): Promise<{ readonly labels: readonly Timelabel[] } | { readonly reason: string }> {
  const { connection, table } = warehouseTarget(load.stage.output, tools);
  const warehouse = openWarehouse(connection);
  try {
    const names = columns.map(({ name }) => name);
    const loaded = await loadedKey(warehouse, table, names, watch);
    if ('reason' in loaded) return loaded;
    const mismatch = keyMismatch(columns, loaded.key);
    if (mismatch !== undefined) return { reason: mismatch };
    const labels = new Set<Timelabel>();
    for await (const page of rowsOfKeys(warehouse, table, loaded.key, keys, watch))
      for (const { label } of page) {
        const read = parseTimelabel(label);
        if (read !== undefined) labels.add(read);
      }
    return { labels: [...labels] };
  } finally {
    warehouse.client.destroy();
  }
}

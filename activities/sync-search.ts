import { StageFailure } from '../pipeline/failure.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import { keyProblem } from '../pipeline/sync-compare.ts';
import { ALL_TIME, sortedLabels, type SyncBorders } from '../pipeline/sync-labels.ts';
import { keyBelow, loadsBelow, type LoadBelow } from '../pipeline/sync-loads.ts';
import type { TableComparison } from '../pipeline/sync-report.ts';
import type { SyncRequest, SyncSelection } from '../pipeline/sync-request.ts';
import { requireColumns, type SyncColumn } from '../pipeline/sync-source.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';
import { findDeletes } from './sync-find-deletes.ts';
import { labelsOfKeys, type LabelsOfKeys } from './sync-key-labels.ts';
import { labelsOfAll, labelsOfColumns, labelsOfWindow, type LabelSearch } from './sync-source-labels.ts';
import type { SyncTools } from './sync-tools.ts';

/** The labels that a request asks for, and what there is to say about them. */
export interface FoundLabels extends LabelsOfKeys {
  readonly comparisons: readonly TableComparison[];
}

/** Finds the labels at the source and in the tables that were loaded from it. Writes nothing anywhere. */
export async function searchLabels(
  search: LabelSearch,
  table: RoutingTable,
  request: SyncRequest,
  tools: SyncTools,
): Promise<FoundLabels> {
  const loads = loadsBelow(table, search.stage);
  const { select, findDeletes: compares } = request;
  const asksForKeys = select.kind === 'key_list' || compares;
  const key = asksForKeys ? await keyColumns(search, table, loads, request) : [];
  const chosen = await selectLabels(search, loads, key, select, tools);
  if (!compares) return { ...chosen, labels: sortedLabels(chosen.labels), comparisons: [] };
  const found = [];
  for (const load of loads) found.push(await findDeletes(search, load, key, bordersOf(select), tools));
  const comparisons = found.map(({ comparison }) => comparison);
  refuseNothingCompared(search, select, comparisons);
  const labels: readonly Timelabel[] = [...chosen.labels, ...found.flatMap((one) => one.labels)];
  return { labels: sortedLabels(labels), remarks: chosen.remarks, comparisons };
}

async function selectLabels(
  search: LabelSearch,
  loads: readonly LoadBelow[],
  key: readonly SyncColumn[],
  select: SyncSelection,
  tools: SyncTools,
): Promise<LabelsOfKeys> {
  switch (select.kind) {
    case 'full':
      return { labels: await labelsOfAll(search), remarks: [] };
    case 'columns':
      return { labels: await labelsOfColumns(search, select.columns), remarks: [] };
    case 'time_window':
      return { labels: await labelsOfWindow(search, select), remarks: [] };
    case 'key_list':
      return labelsOfKeys(search, loads, key, select.keys, tools);
    case 'deletes':
      return { labels: [], remarks: [] };
  }
}

function bordersOf(select: SyncSelection): SyncBorders {
  return select.kind === 'time_window' || select.kind === 'deletes' ? select : ALL_TIME;
}

/** The columns that identify a row: those of the request, else those of the stages below, else the primary key. */
async function keyColumns(
  { source, stage }: LabelSearch,
  table: RoutingTable,
  loads: readonly LoadBelow[],
  request: SyncRequest,
): Promise<readonly SyncColumn[]> {
  const names = request.keyColumns ?? keyBelow(table, loads) ?? (await source.primaryKey());
  if (names.length === 0)
    throw new StageFailure(
      'invalid_config',
      `Nothing says which columns identify a row of ${source.table}: no load or publish below ${stage.id} has a key, and the table has no primary key. Name them: --key-columns id, or "keyColumns": ["id"].`,
      { facts: { table: source.table } },
    );
  const columns = requireColumns(source, names, 'is to be part of the key');
  const problems = columns.flatMap((column) => keyProblem(column) ?? []);
  if (problems.length > 0) throw new StageFailure('invalid_config', problems.join(' '));
  return columns;
}

/** A comparison alone that compares nothing must not look like one that found nothing. */
function refuseNothingCompared(
  { stage }: LabelSearch,
  select: SyncSelection,
  comparisons: readonly TableComparison[],
): void {
  if (select.kind !== 'deletes' || comparisons.some(({ skipped }) => skipped === null)) return;
  const reasons = comparisons.map(({ dataset, skipped }) => `${dataset}: ${skipped ?? ''}.`);
  const why = reasons.length === 0 ? 'No load into a warehouse reads it.' : reasons.join(' ');
  throw new StageFailure(
    'invalid_config',
    `There is no loaded table to compare ${stage.output} with. ${why} Sync a time window or all of it instead.`,
  );
}

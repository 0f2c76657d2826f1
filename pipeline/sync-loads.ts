import { parseDataset } from './dataset.ts';
import type { RoutingTable } from './routing.ts';
import type { ExtractWork, LoadWork, StageDefinition, StageInput } from './stage.ts';
import type { SyncRequest } from './sync-request.ts';

/** A stage that reads from a source, and so can be synced. */
export type ExtractStage = StageDefinition & { readonly work: ExtractWork };

/** A load of an extracted dataset into a warehouse whose rows can be compared with the source. */
export interface LoadBelow {
  readonly stage: StageDefinition & { readonly work: LoadWork };
  readonly input: StageInput;
}

/** The extract that a request is about, or the sentence that says why it cannot be synced. */
export function requireExtract(
  table: RoutingTable,
  { stage: id, select }: Pick<SyncRequest, 'stage' | 'select'>,
): { readonly stage: ExtractStage } | { readonly problem: string } {
  const stage = table.stages.get(id);
  const extracts = table.project.stages.filter(isExtract);
  if (stage === undefined || !isExtract(stage)) {
    const what = stage === undefined ? `There is no stage "${id}"` : `${id} is a ${stage.work.kind}`;
    return {
      problem: `${what}, and a historical sync reads the source of an extract. Extracts are ${named(extracts)}.`,
    };
  }
  const isRange = select.kind === 'deletes' && (select.from !== null || select.to !== null);
  const pointless = select.kind === 'time_window' || select.kind === 'key_list' || isRange;
  if (stage.work.mode === 'snapshot' && pointless)
    return {
      problem: `${id} is a snapshot: each of its labels holds the whole table, whatever the time or the keys. Ask for all of it (kind full), or for a comparison of the keys (kind deletes without a range).`,
    };
  return { stage };
}

function named(stages: readonly StageDefinition[]): string {
  const ids = stages.map(({ id }) => id);
  return ids.length === 0 ? 'none' : `${ids.slice(0, 10).join(', ')}${ids.length > 10 ? ' …' : ''}`;
}

function isExtract(stage: StageDefinition): stage is ExtractStage {
  return stage.work.kind === 'extract';
}

/** The loads of what an extract stages into warehouses of kind redshift. */
export function loadsBelow(table: RoutingTable, extract: ExtractStage): readonly LoadBelow[] {
  return (table.dependents.get(extract.output) ?? []).flatMap(({ stage, input }) => {
    const { work } = stage;
    const warehouse = table.project.connections[parseDataset(stage.output)?.connection ?? ''];
    if (work.kind !== 'load' || warehouse?.kind !== 'redshift') return [];
    return [{ stage: { ...stage, work }, input }];
  });
}

/** The key that stages below an extract identify its rows by: of a load that merges, else of a publish of a loaded table. */
export function keyBelow(table: RoutingTable, loads: readonly LoadBelow[]): readonly string[] | undefined {
  const merged = loads.map(({ stage }) => stage.work.key).find((key) => key.length > 0);
  if (merged !== undefined) return merged;
  const below = loads.flatMap(({ stage }) => table.dependents.get(stage.output) ?? []);
  return below.flatMap(({ stage: { work } }) => (work.kind === 'publish' ? [work.key] : []))[0];
}

/** True when each label of a load holds the rows of certain labels of the extract, so that the two can be compared. */
export function isComparable({ window }: Pick<StageInput, 'window'>): boolean {
  return window === 'same' || window === 'all';
}

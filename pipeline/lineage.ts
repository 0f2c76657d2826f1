import type { Project } from './project.ts';
import type { StageDefinition, StageInput } from './stage.ts';

/** One way that data takes: from a dataset, through a stage, into the dataset that the stage produces. */
export type Hop = {
  readonly from: string;
  readonly stage: StageDefinition;
} & (
  | { readonly via: 'input'; readonly input: StageInput }
  /** The table of an outside system that an extract reads. */
  | { readonly via: 'source' }
  /** A table that the SQL reads and that is no input, because its author says that it never changes. */
  | { readonly via: 'static' }
);

/** Where a dataset comes from. `source`: an extract reads it; `static`: only SQL reads it, and nobody reports it. */
export type Origin = 'stage' | 'outside' | 'source' | 'static';

export type Direction = 'up' | 'down';

/** The static tables that SQL reads. Reading SQL takes time, so both are asked only about what a walk comes across. */
export interface StaticTables {
  readonly of: (stage: StageDefinition) => readonly string[];
  readonly readers: (dataset: string) => readonly StageDefinition[];
}

/** Which stages make a dataset of which others. */
export interface LineageGraph {
  readonly into: (dataset: string) => readonly Hop[];
  readonly outOf: (dataset: string) => readonly Hop[];
  readonly producersOf: (dataset: string) => readonly StageDefinition[];
  /** Undefined for a dataset that the configuration does not know. */
  readonly originOf: (dataset: string) => Origin | undefined;
  /** All datasets but the static tables. */
  readonly datasets: () => Iterable<string>;
}

/** What one walk found. */
export interface Lineage {
  /** How many stages lie between each dataset and the one that was asked for, at least; nearest first. */
  readonly datasets: ReadonlyMap<string, number>;
  readonly hops: readonly Hop[];
}

/** Indexes a configuration for walks in both directions. */
export function lineageGraph(
  { stages, datasets }: Pick<Project, 'stages' | 'datasets'>,
  statics: StaticTables,
): LineageGraph {
  const origins = new Map<string, Origin>(datasets.map(({ dataset }) => [dataset, 'outside']));
  const producers = new Map<string, StageDefinition[]>();
  const readers = new Map<string, Hop[]>();
  for (const stage of stages) {
    const { work } = stage;
    if (work.kind === 'extract' && !origins.has(work.from)) origins.set(work.from, 'source');
    for (const hop of declaredHops(stage)) append(readers, hop.from, hop);
    append(producers, stage.output, stage);
  }
  for (const output of producers.keys()) origins.set(output, 'stage');
  const producersOf = (dataset: string): readonly StageDefinition[] => producers.get(dataset) ?? [];
  const staticHop = (from: string, stage: StageDefinition): Hop => ({ from, stage, via: 'static' });
  return {
    into: (dataset) =>
      producersOf(dataset).flatMap((stage) => [
        ...declaredHops(stage),
        ...statics.of(stage).map((from) => staticHop(from, stage)),
      ]),
    outOf: (dataset) => [
      ...(readers.get(dataset) ?? []),
      ...statics.readers(dataset).map((stage) => staticHop(dataset, stage)),
    ],
    producersOf,
    originOf: (dataset) =>
      origins.get(dataset) ?? (statics.readers(dataset).length > 0 ? 'static' : undefined),
    datasets: () => origins.keys(),
  };
}

/** The datasets within `depth` stages of one, and the ways between them, each once. */
export function lineageOf(
  graph: LineageGraph,
  dataset: string,
  direction: Direction,
  depth = Infinity,
): Lineage {
  const hops: Hop[] = [];
  const datasets = distances(
    dataset,
    (id) => {
      const found = direction === 'up' ? graph.into(id) : graph.outOf(id);
      hops.push(...found);
      return found.map((hop) => (direction === 'up' ? hop.from : hop.stage.output));
    },
    depth,
  );
  return { datasets, hops };
}

/** How far everything that can be reached lies from the root, nearest first; `nextOf` is asked once about each. */
export function distances(
  root: string,
  nextOf: (id: string) => readonly string[],
  limit = Infinity,
): ReadonlyMap<string, number> {
  const found = new Map([[root, 0]]);
  // The loop sees what it appends: this is the queue of a breadth-first search.
  for (const [id, distance] of found) {
    if (distance >= limit) break;
    for (const next of nextOf(id)) if (!found.has(next)) found.set(next, distance + 1);
  }
  return found;
}

/** The stages whose passing `stage` waits for before it takes the input. */
export function checksOf(
  graph: LineageGraph,
  stage: StageDefinition,
  dataset: string,
): readonly StageDefinition[] {
  return stage.inputs
    .filter(({ gate }) => gate === dataset)
    .flatMap((input) => graph.producersOf(input.dataset));
}

function declaredHops(stage: StageDefinition): readonly Hop[] {
  const { work } = stage;
  const inputs = stage.inputs.map((input): Hop => ({ from: input.dataset, stage, via: 'input', input }));
  return work.kind === 'extract' ? [{ from: work.from, stage, via: 'source' }, ...inputs] : inputs;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

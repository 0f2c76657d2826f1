import type { LineageGraph } from './lineage.ts';
import type { StageDefinition } from './stage.ts';

/** A column of a dataset. Names of columns that differ in capital letters only are the same. */
export interface ColumnOf {
  readonly dataset: string;
  readonly column: string;
}

/** What a stage writes into its dataset, as far as its definition tells. */
export type MadeColumn =
  | {
      readonly kind: 'column';
      readonly name: string;
      /** Columns that its value is computed from; what only picks the rows does not count. */
      readonly from: readonly ColumnOf[];
      /** False when the SQL does not tell all of them. */
      readonly complete: boolean;
    }
  | {
      /** `select *` over datasets whose columns are not all known: each column keeps its name. */
      readonly kind: 'every';
      readonly datasets: readonly string[];
      /** False when there may be further columns or some are left out. */
      readonly certain: boolean;
    };

/** What is known of columns. */
export interface KnownColumns {
  readonly madeBy: (stage: StageDefinition) => readonly MadeColumn[];
  /** Undefined when nobody knows. */
  readonly of: (dataset: string) => readonly string[] | undefined;
}

/** One step of a column: `from` is a source of `to`, certainly or perhaps. */
export interface ColumnStep {
  readonly from: ColumnOf;
  readonly to: ColumnOf;
  readonly stage: StageDefinition;
  readonly certain: boolean;
}

/** Where a column comes from, one stage back. */
export interface ColumnSources {
  readonly steps: readonly ColumnStep[];
  /** False when there may be further sources. */
  readonly complete: boolean;
}

export function columnKey({ dataset, column }: ColumnOf): string {
  return `${dataset}.${column.toLowerCase()}`;
}

/** The columns that a column is computed from, by the stages that produce its dataset. */
export function sourcesOf(graph: LineageGraph, known: KnownColumns, to: ColumnOf): ColumnSources {
  const found = graph.producersOf(to.dataset).map((stage) => sourcesIn(stage, known, to));
  return {
    steps: found.flatMap(({ steps }) => steps),
    complete: found.every(({ complete }) => complete),
  };
}

/** The columns that are computed from a column, one stage on: exactly those that `sourcesOf` traces back to it. */
export function usesOf(graph: LineageGraph, known: KnownColumns, from: ColumnOf): readonly ColumnStep[] {
  return readersOf(graph, from.dataset).flatMap((stage) => {
    const made = known.madeBy(stage);
    const names = new Map(
      made
        .flatMap((each) => (each.kind === 'column' ? [each.name] : [from.column]))
        .map((name) => [name.toLowerCase(), name]),
    );
    const key = columnKey(from);
    return [...names.values()].flatMap((column) =>
      sourcesIn(stage, known, { dataset: stage.output, column }).steps.filter(
        (step) => columnKey(step.from) === key,
      ),
    );
  });
}

/** The stages that read a dataset and do not tell of all their columns what they are computed from. */
export function vagueReadersOf(
  graph: LineageGraph,
  known: KnownColumns,
  dataset: string,
): readonly StageDefinition[] {
  return readersOf(graph, dataset).filter((stage) =>
    known.madeBy(stage).some((made) => (made.kind === 'column' ? !made.complete : !made.certain)),
  );
}

/** Also the producer, when it reads what it wrote before; that is no input of it. */
function readersOf(graph: LineageGraph, dataset: string): readonly StageDefinition[] {
  const own = graph.producersOf(dataset).filter(({ work }) => work.kind === 'transform');
  return [...new Set([...graph.outOf(dataset).map(({ stage }) => stage), ...own])];
}

function sourcesIn(stage: StageDefinition, known: KnownColumns, to: ColumnOf): ColumnSources {
  const name = to.column.toLowerCase();
  const made = known.madeBy(stage);
  const named = made.filter((each) => each.kind === 'column' && each.name.toLowerCase() === name);
  if (named.length > 0) {
    const columns = named.flatMap((each) => (each.kind === 'column' ? [each] : []));
    const from = new Map(columns.flatMap((each) => each.from).map((each) => [columnKey(each), each]));
    return {
      steps: [...from.values()].map((each) => ({ from: each, to, stage, certain: true })),
      complete: columns.every(({ complete }) => complete),
    };
  }
  return sourcesThroughStar(stage, known, to);
}

/**
 * A result has each name once, so a column that `*` brings comes from the one dataset that is known to have it, or else
 * from any of those whose columns nobody knows.
 */
function sourcesThroughStar(stage: StageDefinition, known: KnownColumns, to: ColumnOf): ColumnSources {
  const stars = known.madeBy(stage).flatMap((made) => (made.kind === 'every' ? [made] : []));
  const certain = stars.every((star) => star.certain);
  const datasets = [...new Set(stars.flatMap((star) => star.datasets))];
  const holds = (dataset: string): boolean | undefined =>
    known.of(dataset)?.some((column) => column.toLowerCase() === to.column.toLowerCase());
  const holders = datasets.filter((dataset) => holds(dataset) === true);
  const possible = holders.length > 0 ? holders : datasets.filter((dataset) => holds(dataset) !== false);
  const sure = certain && possible.length === 1;
  const steps = possible.map((dataset) => ({
    from: { dataset, column: to.column },
    to,
    stage,
    certain: sure,
  }));
  return { steps, complete: certain && stars.length > 0 };
}

import { type ColumnOf, type KnownColumns, type MadeColumn } from '../pipeline/column-lineage.ts';
import { lineageOf } from '../pipeline/lineage.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { CliContext } from './context.ts';
import type { LineageRequest } from './lineage-request.ts';

/** The stages of a lineage that make columns, each once: upstream nearest first, then downstream. */
export function stagesWithColumns(request: LineageRequest): readonly StageDefinition[] {
  const { graph, dataset, directions, depth } = request;
  const stages = directions.flatMap((direction) => {
    const found = lineageOf(graph, dataset, direction, depth);
    if (direction === 'down') return found.hops.map(({ stage }) => stage);
    const opened = [...found.datasets].filter(([, distance]) => distance < depth);
    return opened.flatMap(([id]) => graph.producersOf(id));
  });
  return [...new Set(stages)].filter(({ work }) => work.kind !== 'check');
}

/** `revenue  <- warehouse.analytics.orders.amount, .discount` for each column of each stage of the lineage. */
export function columnsText({ paint }: Pick<CliContext, 'paint'>, request: LineageRequest): string {
  const blocks = stagesWithColumns(request).map((stage) => {
    const title = `${stage.output}  ${paint('dim', `${stage.work.kind} ${stage.id}`)}`;
    return [title, ...columnLines(request.columns, stage)].join('\n');
  });
  return [paint('bold', 'Columns'), ...blocks].join('\n');
}

function columnLines(columns: KnownColumns, stage: StageDefinition): readonly string[] {
  const made = columns.madeBy(stage);
  const width = Math.max(...made.map((each) => nameOf(each).length));
  return made.map((each) => `  ${nameOf(each).padEnd(width)} <- ${sourcesText(each)}`);
}

function nameOf(made: MadeColumn): string {
  return made.kind === 'every' ? '*' : made.name;
}

function sourcesText(made: MadeColumn): string {
  switch (made.kind) {
    case 'every':
      return [...made.datasets.map((dataset) => `${dataset}.*`), ...(made.certain ? [] : ['?'])].join(', ');
    case 'column': {
      const sources = [...columnList(made.from), ...(made.complete ? [] : ['?'])];
      return sources.length === 0 ? 'no column' : sources.join(', ');
    }
  }
}

/** The dataset is written once for its columns. */
function columnList(from: readonly ColumnOf[]): readonly string[] {
  const sorted = [...Map.groupBy(from, ({ dataset }) => dataset)];
  return sorted.flatMap(([dataset, columns]) =>
    columns.map(({ column }, at) => (at === 0 ? `${dataset}.${column}` : `.${column}`)),
  );
}

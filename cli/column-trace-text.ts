import type { ColumnOf, ColumnStep } from '../pipeline/column-lineage.ts';
import type { LineageGraph } from '../pipeline/lineage.ts';
import type { TreeLine } from '../pipeline/tree-lines.ts';
import type { ColumnTrace } from './column-trace.ts';
import type { CliContext } from './context.ts';
import { headline } from './lineage-request.ts';
import { originWords } from './lineage-text.ts';
import { elsewhere, treeText } from './tree-text.ts';

/** Columns that a column is computed from, or that are computed from it. A `?` marks what the SQL does not tell. */
export function columnTraceText(
  { paint }: Pick<CliContext, 'paint'>,
  graph: LineageGraph,
  start: ColumnOf,
  trace: ColumnTrace,
): string {
  const lines = treeText(trace.lines, (line) => {
    const column = trace.columns.get(line.id) ?? start;
    const doubt = line.edge?.certain === false ? '? ' : '';
    return {
      name: `${doubt}${column.dataset}.${column.column}`,
      words: paint('dim', wordsOf(graph, trace, column, line).join(', ')),
    };
  });
  const vague = trace.vague.map(({ id }) => id).join(', ');
  return [
    paint('bold', headline(trace.direction, `${start.dataset}.${start.column}`)),
    ...lines,
    ...(vague === '' ? [] : [`? perhaps also in columns of ${vague}, whose SQL does not tell all of them`]),
  ].join('\n');
}

function wordsOf(
  graph: LineageGraph,
  trace: ColumnTrace,
  { dataset }: ColumnOf,
  line: TreeLine<ColumnStep>,
): readonly string[] {
  const makers = graph.producersOf(dataset).map(({ work, id }) => `${work.kind} ${id}`);
  const made = makers.length > 0 && trace.direction === 'up';
  const untold = trace.incomplete.has(line.id);
  return [
    ...(makers.length === 0 ? [originWords(graph, dataset)] : makers),
    ...elsewhere(line),
    ...(untold ? [line.children === 'none' ? 'from ?' : 'and from ?'] : []),
    ...(made && line.children === 'none' && !untold ? ['from no column'] : []),
  ];
}

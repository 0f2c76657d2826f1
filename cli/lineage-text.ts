import { checksOf, type Direction, type Hop, type LineageGraph } from '../pipeline/lineage.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { type Branch, type TreeLine, treeLines } from '../pipeline/tree-lines.ts';
import type { CliContext } from './context.ts';
import { headline, type LineageRequest } from './lineage-request.ts';
import { elsewhere, treeText } from './tree-text.ts';

/** The stages and datasets that lead to a dataset and that it leads to, one line each. */
export function lineageText({ paint }: Pick<CliContext, 'paint'>, request: LineageRequest): string {
  const { graph, dataset, directions, depth } = request;
  const trees = directions.map((direction) => {
    const lines = treeLines(dataset, (id) => branches(graph, direction, dataset, id), depth);
    const text = treeText(lines, (line) => ({
      name: line.id,
      words: paint('dim', wordsOf(graph, direction, line).join(', ')),
    }));
    return [paint('bold', headline(direction, dataset)), ...text].join('\n');
  });
  return trees.join('\n\n');
}

/** A blocking check is named at the inputs that wait for it, and is no way of its own that data takes. */
function branches(
  graph: LineageGraph,
  direction: Direction,
  root: string,
  id: string,
): readonly Branch<Hop>[] {
  const isGate = (hop: Hop): boolean => hop.via === 'input' && hop.input.gate !== undefined;
  switch (direction) {
    case 'up':
      return graph
        .into(id)
        .filter((hop) => !isGate(hop))
        .map((edge) => ({ id: edge.from, edge }));
    case 'down':
      return graph
        .outOf(id)
        .filter((hop) => id === root || !isGate(hop))
        .map((edge) => ({ id: edge.stage.output, edge }));
  }
}

function wordsOf(graph: LineageGraph, direction: Direction, line: TreeLine<Hop>): readonly string[] {
  const { id, edge } = line;
  // Downstream the line is about the stage that leads to it.
  const makers = direction === 'down' && edge !== undefined ? [edge.stage] : graph.producersOf(id);
  return [
    ...(makers.length === 0 ? [originWords(graph, id)] : makers.map(stageWords)),
    ...(edge === undefined ? [] : edgeWords(graph, direction, edge)),
    ...elsewhere(line),
    ...(edge === undefined && line.children === 'none' ? [alone(direction)] : []),
  ];
}

/** `load orders.load_orders, every 1h` */
function stageWords(stage: StageDefinition): string {
  const { work, id, period } = stage;
  const blocking = work.kind === 'check' && work.blocking ? 'blocking ' : '';
  return `${blocking}${work.kind} ${id}, every ${period}`;
}

/** What a dataset is that no stage produces. */
export function originWords(graph: LineageGraph, dataset: string): string {
  const origin = graph.originOf(dataset) ?? 'static';
  switch (origin) {
    case 'outside':
      return 'outside service';
    case 'stage':
    case 'source':
    case 'static':
      return origin;
  }
}

function edgeWords(graph: LineageGraph, direction: Direction, hop: Hop): readonly string[] {
  const checks = checksOf(graph, hop.stage, hop.from).map(({ id }) => id);
  const statics =
    direction === 'up' ? [] : graph.into(hop.stage.output).filter(({ via }) => via === 'static');
  return [
    ...inputWords(hop),
    ...crossing(graph, direction, hop),
    ...(checks.length === 0 ? [] : [`checked by ${checks.join(' and ')}`]),
    ...(statics.length === 0 ? [] : [`static ${statics.map(({ from }) => from).join(' and ')}`]),
  ];
}

function inputWords(hop: Hop): readonly string[] {
  switch (hop.via) {
    case 'input': {
      const { window, on } = hop.input;
      const usual = on.length === 1 && on[0] === 'SUCCESS';
      return [`window ${window}`, ...(usual ? [] : [`on ${on.join(' or ')}`])];
    }
    case 'source':
    case 'static':
      return [];
  }
}

function crossing(graph: LineageGraph, direction: Direction, { from, stage }: Hop): readonly string[] {
  const others = graph.producersOf(from).map(({ pipeline }) => pipeline);
  const [other] = others.filter((pipeline) => pipeline !== stage.pipeline);
  if (other === undefined) return [];
  switch (direction) {
    case 'up':
      return [`from pipeline ${other}`];
    case 'down':
      return [`in pipeline ${stage.pipeline}`];
  }
}

function alone(direction: Direction): string {
  switch (direction) {
    case 'up':
      return 'made of nothing that Reefline knows';
    case 'down':
      return 'no stage takes it';
  }
}

import type { ColumnOf } from '../pipeline/column-lineage.ts';
import { type Direction, type Hop, lineageOf, type Origin } from '../pipeline/lineage.ts';
import type { StageDefinition, StageKind } from '../pipeline/stage.ts';
import { type ColumnTrace } from './column-trace.ts';
import { stagesWithColumns } from './lineage-columns.ts';
import type { LineageRequest } from './lineage-request.ts';

/*
 * The shapes of `reefline lineage --json`; docs/lineage.md describes them.
 */

type NodeJson =
  | {
      readonly id: string;
      readonly kind: 'dataset';
      readonly dataset: string;
      readonly origin: Origin;
      /** Stages between it and the dataset that was asked for; null when it was not found in that direction. */
      readonly up: number | null;
      readonly down: number | null;
    }
  | {
      readonly id: string;
      readonly kind: 'stage';
      readonly stage: string;
      readonly pipeline: string;
      readonly work: StageKind;
      readonly period: string;
      readonly output: string;
    };

interface EdgeJson {
  readonly from: string;
  readonly to: string;
  readonly via: Hop['via'] | 'output';
  readonly window?: string;
  readonly on?: readonly string[];
  /** The input whose dataset this one, a blocking check, checks. */
  readonly gate?: string;
}

export interface LineageJson {
  readonly dataset: string;
  readonly configVersion: number | null;
  readonly nodes: readonly NodeJson[];
  readonly edges: readonly EdgeJson[];
}

/** Nodes and edges, each once, edges in the direction of the data. */
export function lineageJson(request: LineageRequest): LineageJson {
  const { graph, dataset, configVersion, directions, depth } = request;
  const found = new Map<Direction, ReadonlyMap<string, number>>();
  const hops: Hop[] = [];
  const stages = new Set<StageDefinition>();
  for (const direction of directions) {
    const lineage = lineageOf(graph, dataset, direction, depth);
    found.set(direction, lineage.datasets);
    hops.push(...lineage.hops);
    for (const { stage } of lineage.hops) stages.add(stage);
    // A stage may make its dataset of nothing that is a dataset.
    for (const [id, distance] of lineage.datasets)
      if (direction === 'up' && distance < depth)
        for (const stage of graph.producersOf(id)) stages.add(stage);
  }
  const ids = new Set([...found.values()].flatMap((datasets) => [...datasets.keys()]));
  const nodes = [...ids].map((id): NodeJson => ({
    id: `dataset:${id}`,
    kind: 'dataset',
    dataset: id,
    origin: graph.originOf(id) ?? 'static',
    up: found.get('up')?.get(id) ?? null,
    down: found.get('down')?.get(id) ?? null,
  }));
  const edges = [...hops.map(hopJson), ...[...stages].map(outputJson)];
  const unique = new Map(edges.map((edge) => [`${edge.from} ${edge.to} ${edge.via}`, edge]));
  return {
    dataset,
    configVersion,
    nodes: [...nodes, ...[...stages].map(stageJson)],
    edges: [...unique.values()],
  };
}

/** What each stage of the lineage makes its columns of. */
export function columnsJson(request: LineageRequest): readonly unknown[] {
  return stagesWithColumns(request).map((stage) => ({
    stage: stage.id,
    dataset: stage.output,
    columns: request.columns.madeBy(stage),
  }));
}

/** The steps of a column in the direction of the data, each once. */
export function columnTraceJson(start: ColumnOf, traces: readonly ColumnTrace[]): unknown {
  const steps = traces.flatMap(({ lines }) =>
    lines.flatMap(({ edge }) => (edge === undefined ? [] : [edge])),
  );
  return {
    column: start,
    steps: [...new Set(steps)].map(({ from, to, stage, certain }) => ({
      from,
      to,
      stage: stage.id,
      certain,
    })),
    incomplete: traces.flatMap(({ columns, incomplete }) => [...incomplete].map((id) => columns.get(id))),
    vague: traces.flatMap(({ vague }) => vague.map(({ id }) => id)),
  };
}

function stageJson({ id, pipeline, work, period, output }: StageDefinition): NodeJson {
  return { id: `stage:${id}`, kind: 'stage', stage: id, pipeline, work: work.kind, period, output };
}

function outputJson({ id, output }: StageDefinition): EdgeJson {
  return { from: `stage:${id}`, to: `dataset:${output}`, via: 'output' };
}

function hopJson(hop: Hop): EdgeJson {
  const edge = { from: `dataset:${hop.from}`, to: `stage:${hop.stage.id}`, via: hop.via };
  if (hop.via !== 'input') return edge;
  const { window, on, gate } = hop.input;
  return { ...edge, window, on, ...(gate === undefined ? {} : { gate }) };
}

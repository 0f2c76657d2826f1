import {
  columnKey,
  type ColumnOf,
  type ColumnStep,
  sourcesOf,
  usesOf,
  vagueReadersOf,
} from '../pipeline/column-lineage.ts';
import type { Direction } from '../pipeline/lineage.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { type TreeLine, treeLines } from '../pipeline/tree-lines.ts';
import type { LineageRequest } from './lineage-request.ts';

/** One column followed in one direction. */
export interface ColumnTrace {
  readonly direction: Direction;
  readonly lines: readonly TreeLine<ColumnStep>[];
  /** The columns of the lines, by their ids. */
  readonly columns: ReadonlyMap<string, ColumnOf>;
  /** Ids of columns that may be computed from further ones (up). */
  readonly incomplete: ReadonlySet<string>;
  /** Stages that may compute further columns from those of the lines (down). */
  readonly vague: readonly StageDefinition[];
}

/** Follows a column to the sources, or to all columns that are computed from it, across stages. */
export function traceColumn(request: LineageRequest, direction: Direction, start: ColumnOf): ColumnTrace {
  const { graph, columns: known, depth } = request;
  const columns = new Map([[columnKey(start), start]]);
  const incomplete = new Set<string>();
  const vague = new Set<StageDefinition>();
  const stepsFrom = (column: ColumnOf): readonly ColumnStep[] => {
    switch (direction) {
      case 'up': {
        const { steps, complete } = sourcesOf(graph, known, column);
        if (!complete) incomplete.add(columnKey(column));
        return steps;
      }
      case 'down':
        for (const stage of vagueReadersOf(graph, known, column.dataset)) vague.add(stage);
        return usesOf(graph, known, column);
    }
  };
  const lines = treeLines(
    columnKey(start),
    (id) =>
      stepsFrom(columns.get(id) ?? start).map((edge) => {
        const next = direction === 'up' ? edge.from : edge.to;
        const key = columnKey(next);
        if (!columns.has(key)) columns.set(key, next);
        return { id: key, edge };
      }),
    depth,
  );
  return { direction, lines, columns, incomplete, vague: [...vague] };
}

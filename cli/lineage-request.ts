import type { KnownColumns } from '../pipeline/column-lineage.ts';
import type { Direction, LineageGraph } from '../pipeline/lineage.ts';

/** What `reefline lineage` was asked, and what it looks at. */
export interface LineageRequest {
  readonly graph: LineageGraph;
  readonly columns: KnownColumns;
  /** Null when the project was read from its files. */
  readonly configVersion: number | null;
  readonly dataset: string;
  readonly directions: readonly Direction[];
  /** How many stages away; Infinity without a limit. */
  readonly depth: number;
}

/** `Upstream of`, `Downstream of` */
export function headline(direction: Direction, name: string): string {
  switch (direction) {
    case 'up':
      return `Upstream of ${name}`;
    case 'down':
      return `Downstream of ${name}`;
  }
}

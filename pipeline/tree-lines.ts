import { distances } from './lineage.ts';

/** A child in a graph that is shown as a tree, and the edge that leads to it. */
export interface Branch<Edge> {
  readonly id: string;
  readonly edge: Edge;
}

export interface TreeLine<Edge> {
  readonly id: string;
  /** Undefined for the root. */
  readonly edge: Edge | undefined;
  readonly level: number;
  /** True when no line of the same level follows below the same parent. */
  readonly last: boolean;
  /**
   * Where the children are. `here`: on the next lines; `none`: there are none; `above` or `below`: at another line of
   * the same id; `cut`: nowhere, because the depth ends here.
   */
  readonly children: 'here' | 'none' | 'above' | 'below' | 'cut';
}

/**
 * Lays a graph out as the lines of a tree. What is reached by several ways is opened once: at its first line, or, when a
 * depth is given, at the first line from where the depth reaches as far as it can. Ends on cycles too.
 */
export function treeLines<Edge>(
  root: string,
  childrenOf: (id: string) => readonly Branch<Edge>[],
  depth = Infinity,
): readonly TreeLine<Edge>[] {
  const known = new Map<string, readonly Branch<Edge>[]>();
  const branches = (id: string): readonly Branch<Edge>[] => {
    const children = known.get(id) ?? childrenOf(id);
    known.set(id, children);
    return children;
  };
  const nearest = distances(root, (id) => branches(id).map((child) => child.id), depth);
  const opened = new Set<string>();
  const lines: TreeLine<Edge>[] = [];
  const stack: Omit<TreeLine<Edge>, 'children'>[] = [{ id: root, edge: undefined, level: 0, last: true }];
  for (let line = stack.pop(); line !== undefined; line = stack.pop()) {
    const { id, level } = line;
    const children = branches(id);
    const distance = nearest.get(id) ?? 0;
    if (children.length === 0) lines.push({ ...line, children: 'none' });
    else if (opened.has(id)) lines.push({ ...line, children: 'above' });
    else if (distance >= depth) lines.push({ ...line, children: 'cut' });
    else if (depth !== Infinity && distance < level) lines.push({ ...line, children: 'below' });
    else {
      opened.add(id);
      lines.push({ ...line, children: 'here' });
      for (const [at, child] of [...children.entries()].reverse())
        stack.push({ ...child, level: level + 1, last: at === children.length - 1 });
    }
  }
  return lines;
}

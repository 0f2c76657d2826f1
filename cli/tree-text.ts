import type { TreeLine } from '../pipeline/tree-lines.ts';

/** Draws the lines of a tree; the words after a name begin in one column as far as the names are short enough. */
export function treeText<Edge>(
  lines: readonly TreeLine<Edge>[],
  describe: (line: TreeLine<Edge>) => { readonly name: string; readonly words: string },
): readonly string[] {
  const rails: string[] = [];
  const drawn = lines.map((line) => {
    const above = rails[line.level - 1] ?? '';
    rails[line.level] = line.level === 0 ? '' : `${above}${line.last ? '   ' : '│  '}`;
    const joint = line.level === 0 ? '' : `${above}${line.last ? '└─ ' : '├─ '}`;
    const { name, words } = describe(line);
    return { start: `${joint}${name}`, words };
  });
  const width = Math.max(0, ...drawn.map(({ start }) => start.length).filter((each) => each <= WIDEST));
  return drawn.map(({ start, words }) => `${start.padEnd(width)}  ${words}`.trimEnd());
}

/** One name that is far to the right must not push the words of all others there. */
const WIDEST = 72;

/** Where the children of a line are, when they are not below it. */
export function elsewhere({ children }: TreeLine<unknown>): readonly string[] {
  switch (children) {
    case 'above':
    case 'below':
      return [`see ${children}`];
    case 'cut':
      return ['…'];
    case 'here':
    case 'none':
      return [];
  }
}

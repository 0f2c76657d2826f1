import type { CliContext, Style } from './context.ts';

/** A cell of a table, plain or coloured. */
export type Cell = string | { readonly text: string; readonly style: Style };

export interface Column {
  readonly title: string;
  /** Numbers are set to the right. */
  readonly right?: true;
}

/** Width that the last column keeps, however narrow the terminal is. */
const LEAST = 8;
const GAP = '  ';

/**
 * Rows below their titles, if there are any, in columns of equal width. On a terminal no line is wider than it: what does not fit is cut
 * from the last column, and from the line when even that is not enough.
 */
export function table(
  { columns: width, paint }: Pick<CliContext, 'columns' | 'paint'>,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): string {
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...rows.map((row) => textOf(row[at] ?? '').length)),
  );
  const last = columns.length - 1;
  if (width !== undefined) {
    const before = widths.slice(0, last).reduce((sum, each) => sum + each + GAP.length, 0);
    widths[last] = Math.min(widths[last] ?? 0, Math.max(LEAST, width - before));
  }
  const line = (cells: readonly Cell[]): string => {
    let room = width ?? Number.POSITIVE_INFINITY;
    const parts = cells.map((cell, at) => {
      const text = cut(textOf(cell), Math.min(widths[at] ?? 0, room));
      const blanks = ' '.repeat(Math.max(0, Math.min(widths[at] ?? 0, room) - text.length));
      room = Math.max(0, room - (widths[at] ?? 0) - GAP.length);
      const painted = typeof cell === 'string' ? text : paint(cell.style, text);
      if (columns[at]?.right === true) return `${blanks}${painted}`;
      return at === last ? painted : `${painted}${blanks}`;
    });
    return parts.join(GAP).trimEnd();
  };
  const titles = columns.map(({ title }) => ({ text: title, style: 'dim' as const }));
  const untitled = columns.every(({ title }) => title === '');
  return [...(untitled ? [] : [line(titles)]), ...rows.map(line)].join('\n');
}

function textOf(cell: Cell): string {
  // A line end inside a message would break the table.
  return (typeof cell === 'string' ? cell : cell.text).replaceAll(/\s+/g, ' ');
}

function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 1 ? '' : `${text.slice(0, width - 1)}…`;
}

/** Named values below each other, the names in one column: `opened   2020-03-03T11:25Z`. Empty values are left out. */
export function facts(
  { paint }: Pick<CliContext, 'paint'>,
  pairs: readonly (readonly [name: string, value: string | null | undefined])[],
  indent = '',
): readonly string[] {
  const shown = pairs.flatMap(([name, value]) =>
    value == null || value === '' ? [] : [[name, value] as const],
  );
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${indent}${paint('dim', name.padEnd(width))}  ${value}`);
}

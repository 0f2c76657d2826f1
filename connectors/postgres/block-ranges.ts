/** Blocks of a table that are read together, `to` not among them: without it, all behind. */
export interface BlockRange {
  readonly from: number;
  readonly to: number | undefined;
}

/**
 * Splits a table into ranges of blocks of about the same size, at most `count`. Every row that a table of any size can have
 * lies in one of them and in no other.
 */
export function splitBlocks(blocks: number, count: number): readonly BlockRange[] {
  const ranges = Math.max(1, Math.min(blocks, count));
  const start = (range: number): number => Math.floor((blocks * range) / ranges);
  return Array.from({ length: ranges }, (_, range) => ({
    from: range === 0 ? 0 : start(range),
    to: range === ranges - 1 ? undefined : start(range + 1),
  }));
}

/** For PostgreSQL 14 and newer, which read no block that lies outside. Empty when all rows are meant. */
export function blockCondition({ from, to }: BlockRange): string {
  const bounds = [
    ...(from === 0 ? [] : [`ctid >= ${place(from)}`]),
    ...(to === undefined ? [] : [`ctid < ${place(to)}`]),
  ];
  return bounds.length === 0 ? '' : ` where ${bounds.join(' and ')}`;
}

/** In front of the first row of a block; rows are counted from one. */
function place(block: number): string {
  return `'(${String(block)},0)'::pg_catalog.tid`;
}

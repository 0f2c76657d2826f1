/** How much one group may hold. */
export interface GroupLimits {
  /** Sum of the sizes of its items. */
  readonly size: number;
  /** Number of its items. Default: no limit. */
  readonly count?: number;
}

/** Cuts a list into groups within the limits, as long as they can be, in its order. An item larger than the limit is a group of its own. */
export function sizeGroups<T>(
  items: readonly T[],
  sizeOf: (item: T) => number,
  { size: most, count = Infinity }: GroupLimits,
): readonly (readonly T[])[] {
  const groups: T[][] = [];
  let held = 0;
  for (const item of items) {
    const size = sizeOf(item);
    const last = groups.at(-1);
    if (last === undefined || last.length === count || held + size > most) {
      groups.push([item]);
      held = size;
    } else {
      last.push(item);
      held += size;
    }
  }
  return groups;
}

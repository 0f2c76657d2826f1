/**
 * The items that fit into the room, in the given order; each takes its weight. When nothing is in flight the first one
 * is taken whatever its weight, or a label with more dependents than the limit would never run.
 */
export function fitting(
  items: readonly { readonly position: number; readonly weight: number }[],
  room: number,
  idle: boolean,
): readonly number[] {
  const taken: number[] = [];
  let left = room;
  for (const { position, weight } of items) {
    if (weight > left && !(idle && taken.length === 0)) break;
    taken.push(position);
    left -= weight;
  }
  return taken;
}

/** Below so many bytes a loop is faster than a call that leaves JavaScript. Most keys are shorter. */
const SHORT = 64;

/** Copies the bytes from `start` up to and without `end`. */
export function copyKey(source: Buffer, start: number, end: number, target: Buffer, at: number): void {
  if (end - start > SHORT) source.copy(target, at, start, end);
  else for (let next = start; next < end; next++) target[at + next - start] = source[next] ?? 0;
}

/** Below, at or above 0 as the first key comes before, equals or comes behind the second in the order of their bytes. */
export function compareKeys(
  one: Buffer,
  start: number,
  end: number,
  other: Buffer,
  otherStart: number,
  otherEnd: number,
): number {
  const shared = Math.min(end - start, otherEnd - otherStart);
  const looked = Math.min(shared, SHORT);
  for (let at = 0; at < looked; at++) {
    const difference = (one[start + at] ?? 0) - (other[otherStart + at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (shared === looked) return end - start - (otherEnd - otherStart);
  return one.compare(other, otherStart + looked, otherEnd, start + looked, end);
}

import type { Period } from './period.ts';
import { isOnGrid, shiftLabel, type Timelabel } from './timelabel.ts';

/** Labels that follow each other without a gap. */
export interface LabelRange {
  readonly first: Timelabel;
  readonly last: Timelabel;
  readonly count: number;
}

/** `20200303110000`, or of several labels `20200303110000 to 20200303140000 (4)`. */
export function rangeText({ first, last, count }: LabelRange): string {
  return count === 1 ? first : `${first} to ${last} (${String(count)})`;
}

/** The labels of one dataset, sorted, as ranges; neighbours stay apart when their keys differ. */
export function labelRanges(
  period: Period,
  labels: readonly Timelabel[],
  keyOf: (label: Timelabel) => string = () => '',
): readonly LabelRange[] {
  const ranges: { first: Timelabel; last: Timelabel; count: number; key: string }[] = [];
  for (const label of [...new Set(labels)].sort()) {
    const range = ranges.at(-1);
    const key = keyOf(label);
    if (range?.key === key && follows(period, range.last, label)) {
      range.last = label;
      range.count += 1;
    } else ranges.push({ first: label, last: label, count: 1, key });
  }
  return ranges.map(({ first, last, count }) => ({ first, last, count }));
}

function follows(period: Period, before: Timelabel, label: Timelabel): boolean {
  return isOnGrid(period, before) && shiftLabel(period, before, 1) === label;
}

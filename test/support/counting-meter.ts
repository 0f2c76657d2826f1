import type { Meter } from '../../activities/metrics.ts';

/** What was counted, by metric and labels; of histograms how often. What was counted as 0 is left out. */
export type Counted = Record<string, number>;

export function countingMeter(): { readonly meter: Meter; readonly counted: Counted } {
  const counted: Counted = {};
  const count = (name: string, labels: Readonly<Record<string, string>>, by: number): void => {
    const key = [name.replace(/^reefline_/, ''), ...Object.values(labels)].join(' ');
    if (by !== 0) counted[key] = (counted[key] ?? 0) + by;
  };
  const meter: Meter = {
    add: (name, labels, by = 1) => count(name, labels, by),
    observe: (name, labels) => count(name, labels, 1),
  };
  return { meter, counted };
}

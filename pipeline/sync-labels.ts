import { borderOf } from './backfill-stages.ts';
import { tickedLabels } from './expected-labels.ts';
import { addPeriods, floorToPeriod, type Period } from './period.ts';
import type { StageDefinition } from './stage.ts';
import { instantOf, intervalOf, labelAt, labelForTick, parseTimelabel } from './timelabel.ts';
import type { Interval, Timelabel } from './timelabel.ts';

/** No row is older: labels begin with the year 1000, and a week of it may begin in the year before. */
const EARLIEST = Date.UTC(1000, 1, 1);

/** Borders of a range as people write them; null is open. */
export interface SyncBorders {
  readonly from: string | null;
  readonly to: string | null;
}

export const ALL_TIME: SyncBorders = { from: null, to: null };

/**
 * The newest label that may be synced: the one that the schedule has asked for last, for rows may still arrive between
 * the end of an interval and the tick. Without a schedule it is the newest closed one. Undefined before the first tick.
 */
export function newestDueLabel(stage: StageDefinition, now: number): Timelabel | undefined {
  if (stage.schedule === undefined) return labelForTick(stage.period, now);
  return tickedLabels(stage, { since: EARLIEST, until: now, most: 1 })[0];
}

/**
 * The time that the due labels with a start between the borders cover; undefined when there are none. Instants are
 * milliseconds since the Unix epoch.
 */
export function syncInterval(
  stage: StageDefinition,
  { from, to }: SyncBorders,
  now: number,
): Interval | undefined {
  const newest = newestDueLabel(stage, now);
  if (newest === undefined) return undefined;
  const end = intervalOf(stage.period, newest).end;
  const start = from === null ? EARLIEST : borderInstant(stage.period, from);
  const last = to === null ? end : Math.min(end, borderInstant(stage.period, to));
  const interval = { start: nextStart(stage.period, start), end: nextStart(stage.period, last) };
  return interval.start < interval.end ? interval : undefined;
}

/** The labels of the intervals that begin in a time, oldest first; undefined when they are more than `most`. */
export function labelsBetween(
  period: Period,
  { start, end }: Interval,
  most: number,
): readonly Timelabel[] | undefined {
  const labels: Timelabel[] = [];
  for (let at = nextStart(period, start); at < end; at = addPeriods(period, at, 1)) {
    if (labels.length === most) return undefined;
    labels.push(labelAt(at));
  }
  return labels;
}

/** The label in whose interval an instant lies. */
export function labelOf(period: Period, instant: number): Timelabel {
  return labelAt(floorToPeriod(period, instant));
}

/** Sorted, each once. */
export function sortedLabels(labels: Iterable<Timelabel>): readonly Timelabel[] {
  return [...new Set(labels)].sort();
}

function borderInstant(period: Period, border: string): number {
  const label = parseTimelabel(border);
  return label === undefined ? borderOf(period, border) : instantOf(label);
}

function nextStart(period: Period, instant: number): number {
  const start = floorToPeriod(period, instant);
  return start < instant ? addPeriods(period, start, 1) : start;
}

import { addPeriods, floorToPeriod, type Period } from './period.ts';

/** `YYYYMMDDHHmm00`, UTC: the start of the closed interval that a batch covers. Only `parseTimelabel` and `labelAt` make one. */
export type Timelabel = string & { readonly timelabel: unique symbol };

export interface Interval {
  /** Inclusive start and exclusive end, milliseconds since the Unix epoch. */
  readonly start: number;
  readonly end: number;
}

/** Reads a label, or returns undefined when the text is no such label: wrong shape, an impossible date, seconds other than 00. */
export function parseTimelabel(text: unknown): Timelabel | undefined {
  if (typeof text !== 'string' || !/^\d{12}00$/.test(text)) return undefined;
  const year = Number(text.slice(0, 4));
  const [month, day, hour, minute] = [4, 6, 8, 10].map((at) => Number(text.slice(at, at + 2))) as [
    number,
    number,
    number,
    number,
  ];
  if (year < 1000 || month < 1) return undefined;
  const instant = Date.UTC(year, month - 1, day, hour, minute);
  return labelAt(instant) === text ? (text as Timelabel) : undefined;
}

/** The label of an instant that is a whole minute; seconds are cut off. */
export function labelAt(instant: number): Timelabel {
  return `${new Date(instant).toISOString().slice(0, 16).replace(/[-:T]/g, '')}00` as Timelabel;
}

/** Milliseconds since the Unix epoch of the label's start. */
export function instantOf(label: Timelabel): number {
  return Date.UTC(
    Number(label.slice(0, 4)),
    Number(label.slice(4, 6)) - 1,
    Number(label.slice(6, 8)),
    Number(label.slice(8, 10)),
    Number(label.slice(10, 12)),
  );
}

/** True when the label is the start of an interval of this period. */
export function isOnGrid(period: Period, label: Timelabel): boolean {
  const start = instantOf(label);
  return floorToPeriod(period, start) === start;
}

export function intervalOf(period: Period, label: Timelabel): Interval {
  const start = instantOf(label);
  return { start, end: addPeriods(period, start, 1) };
}

/** The label `count` periods after (negative: before) the given one. */
export function shiftLabel(period: Period, label: Timelabel, count: number): Timelabel {
  return labelAt(addPeriods(period, instantOf(label), count));
}

/**
 * The label of a run that a clock starts at `tick`: the start of the interval that closed at or before it
 * (design rule; the cases 09:10 -> 08:00 and 00:10 -> yesterday are documented by Datacoral, "Timelabel").
 * The minute offset of the schedule delays the run and never moves the label.
 */
export function labelForTick(period: Period, tick: number): Timelabel {
  return labelAt(addPeriods(period, floorToPeriod(period, tick), -1));
}

/** `2001-01-05 08:00` … for sentences that people read. */
export function readableLabel(label: Timelabel): string {
  const date = `${label.slice(0, 4)}-${label.slice(4, 6)}-${label.slice(6, 8)}`;
  return `${date} ${label.slice(8, 10)}:${label.slice(10, 12)}`;
}

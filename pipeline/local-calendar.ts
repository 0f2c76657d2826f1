import { offsetAt, offsetSpans } from './time-zone.ts';

/** What a calendar counts: days, weeks that begin on Monday, months. */
export type CalendarUnit = '1d' | '1w' | '1mo';

const DAY = 86_400_000;
/** 1970-01-05 was the first Monday of the Unix epoch. */
const FIRST_MONDAY = 4;
/** No clock is further from UTC than this, and no change of a clock is larger. */
const FURTHEST = 26 * 3_600_000;

/**
 * Start of the local day, week or month that holds the instant: the first instant at which its date exists. So where
 * a clock jumps over midnight, the day starts when the jump is done.
 */
export function floorLocal(unit: CalendarUnit, zone: string | undefined, instant: number): number {
  // A clock that goes back over midnight shows the old date again, within a day that has started already.
  let index = indexOf(unit, instant + offsetAt(zone, instant)) + 1;
  let start = startOf(unit, zone, index);
  while (start > instant) {
    index -= 1;
    start = startOf(unit, zone, index);
  }
  return start;
}

/** The start of the local day, week or month `count` after (negative: before) the one that starts at `start`. */
export function addLocal(unit: CalendarUnit, zone: string | undefined, start: number, count: number): number {
  const first = indexOf(unit, start + offsetAt(zone, start));
  if (zone === undefined) return localStart(unit, first + count);
  const step = Math.sign(count);
  let index = first;
  let current = start;
  for (let left = Math.abs(count); left > 0; left -= 1) {
    const before = current;
    // A date that a zone skipped, as Samoa did with 30 December 2011, starts with the next one and is no day of its own.
    while (current === before) {
      index += step;
      current = startOf(unit, zone, index);
    }
  }
  return current;
}

function startOf(unit: CalendarUnit, zone: string | undefined, index: number): number {
  const local = localStart(unit, index);
  if (zone === undefined) return local;
  for (const span of offsetSpans(zone, local - FURTHEST, local + FURTHEST)) {
    const at = Math.max(span.start, local - span.offset);
    if (at < span.end) return at;
  }
  throw new RangeError(`${zone} has no clock at ${String(local)}.`);
}

/** Local times are milliseconds since 1970-01-01 00:00 on that clock. */
function localStart(unit: CalendarUnit, index: number): number {
  if (unit === '1mo') return Date.UTC(1970, index, 1);
  return (unit === '1w' ? index * 7 + FIRST_MONDAY : index) * DAY;
}

function indexOf(unit: CalendarUnit, local: number): number {
  const day = Math.floor(local / DAY);
  if (unit === '1d') return day;
  if (unit === '1w') return Math.floor((day - FIRST_MONDAY) / 7);
  const date = new Date(local);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

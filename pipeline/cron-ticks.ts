import type { CronFields } from './cron-fields.ts';
import { offsetAt, offsetSpans } from './time-zone.ts';

/*
 * When a cron text ticks. A day ticks when its month, its day of month AND its day of week are all in the text: so reads Temporal's
 * server (service/worker/scheduler/calendar.go), whose schedules start the runs; vixie-cron would take either day.
 *
 * A local time that does not exist on a day does not tick. One that exists twice, because the clocks go back, ticks
 * once, the first time. The server ticks then the first time, the second, or both, depending on the zone; each of these
 * is the same label here, because a label belongs to the newest tick at or before the instant. docs/decisions/0010 has the whole story.
 */
export interface Cron {
  readonly fields: CronFields;
  /** Minutes of the day that tick, sorted. */
  readonly times: readonly number[];
  /** Undefined is UTC. */
  readonly zone: string | undefined;
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const YEAR = 366 * DAY;
/** 29 February on a given weekday comes at the latest after 40 years; a clock that jumps over it may cost once more. */
const LONGEST_SEARCH = 100;

export function cronOf(fields: CronFields, zone: string | undefined): Cron {
  const times = fields.hours.flatMap((hour) => fields.minutes.map((minute) => hour * 60 + minute));
  return { fields, times, zone };
}

/** The first tick after an instant, or undefined when a century has none. */
export function nextTick(cron: Cron, after: number): number | undefined {
  let from = (Math.floor(after / MINUTE) + 1) * MINUTE;
  for (let year = 0; year < LONGEST_SEARCH; year += 1, from += YEAR) {
    for (const { start, end, offset } of freshSpans(cron.zone, from, from + YEAR)) {
      const local = firstBetween(cron, Math.max(start, from) + offset, end + offset);
      if (local !== undefined) return local - offset;
    }
  }
  return undefined;
}

/** The newest tick at or before an instant, or undefined when a century has none. */
export function newestTick(cron: Cron, instant: number): number | undefined {
  let to = (Math.floor(instant / MINUTE) + 1) * MINUTE;
  for (let year = 0; year < LONGEST_SEARCH; year += 1, to -= YEAR) {
    for (const { start, end, offset } of freshSpans(cron.zone, to - YEAR, to).toReversed()) {
      const local = lastBetween(cron, start + offset, Math.min(end, to) + offset);
      if (local !== undefined) return local - offset;
    }
  }
  return undefined;
}

/** The tick `count` after (negative: before) the one at `tick`. Throws RangeError when there is none within a century. */
export function addTicks(cron: Cron, tick: number, count: number): number {
  let at: number | undefined = tick;
  for (let left = Math.abs(count); left > 0 && at !== undefined; left -= 1) {
    at = count > 0 ? nextTick(cron, at) : newestTick(cron, at - MINUTE);
  }
  if (at === undefined) throw new RangeError('This cron text does not tick for a century.');
  return at;
}

/** True when the day, counted from 1970-01-01 on the local calendar, is one of the text. */
export function ticksOnDay({ fields }: Pick<Cron, 'fields'>, day: number): boolean {
  const date = new Date(day * DAY);
  return (
    fields.daysOfMonth.includes(date.getUTCDate()) &&
    fields.months.includes(date.getUTCMonth() + 1) &&
    fields.daysOfWeek.includes(date.getUTCDay())
  );
}

interface FreshSpan {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

/** Spans without the local times that a clock that went back shows for the second time. */
function freshSpans(zone: string | undefined, from: number, to: number): readonly FreshSpan[] {
  return offsetSpans(zone, from, to).map(({ start, end, offset }) => {
    const repeated = zone === undefined ? 0 : offsetAt(zone, start - MINUTE) - offset;
    return { start: start + Math.max(0, repeated), end, offset };
  });
}

function firstBetween(cron: Cron, from: number, to: number): number | undefined {
  for (let day = Math.floor(from / DAY); day * DAY < to; day += 1) {
    if (!ticksOnDay(cron, day)) continue;
    const time = cron.times.find((minute) => day * DAY + minute * MINUTE >= from);
    const local = time === undefined ? undefined : day * DAY + time * MINUTE;
    if (local !== undefined) return local < to ? local : undefined;
  }
  return undefined;
}

function lastBetween(cron: Cron, from: number, to: number): number | undefined {
  for (let day = Math.floor((to - 1) / DAY); (day + 1) * DAY > from; day -= 1) {
    if (!ticksOnDay(cron, day)) continue;
    const time = cron.times.findLast((minute) => day * DAY + minute * MINUTE < to);
    const local = time === undefined ? undefined : day * DAY + time * MINUTE;
    if (local !== undefined) return local >= from ? local : undefined;
  }
  return undefined;
}

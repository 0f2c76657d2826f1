/** The days that the demo runs, and the hours that its stories keep for themselves. Instants are UTC milliseconds. */
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** First day of the source data. */
const FIRST_DAY = Date.UTC(2001, 0, 1);
/** The schedules of the project end with January. */
export const MOST_DAYS = 31;
/** One that nothing happens to, one for the slow fetch and the late rows, and one for the failing fetch. */
export const FEWEST_DAYS = 3;

export interface Day {
  readonly start: number;
  /** `20010101000000` */
  readonly label: string;
  /** `2001-01-01` */
  readonly date: string;
}

export interface Plan {
  readonly days: readonly Day[];
  /** An hour of the day before the last, for which rows arrive late. */
  readonly lateHour: number;
  /** The last hour of the day before the last, whose fetch is slow. */
  readonly slowHour: number;
  /** Noon of the last day, whose fetch fails. */
  readonly failingHour: number;
}

export function planOf(count: number): Plan {
  const days = Array.from({ length: count }, (_, at) => dayAt(FIRST_DAY + at * DAY));
  const last = FIRST_DAY + (count - 1) * DAY;
  return {
    days,
    lateHour: last - DAY + 16 * HOUR,
    slowHour: last - HOUR,
    failingHour: last + 12 * HOUR,
  };
}

export function dayAt(instant: number): Day {
  const start = Math.floor(instant / DAY) * DAY;
  return { start, label: labelOf(start), date: new Date(start).toISOString().slice(0, 10) };
}

export function hoursOf(day: Day): readonly number[] {
  return Array.from({ length: 24 }, (_, hour) => day.start + hour * HOUR);
}

/** `20010101160000` */
export function labelOf(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 16).replace(/[-:T]/g, '')}00`;
}

/** `2001-01-01 16:00` */
export function readable(label: string): string {
  return `${label.slice(0, 4)}-${label.slice(4, 6)}-${label.slice(6, 8)} ${label.slice(8, 10)}:${label.slice(10, 12)}`;
}

/**
 * Length of the interval that one timelabel covers: minutes or hours that divide a day (`5m`, `20m`, `1h`, `6h`),
 * one day, one ISO week (Monday 00:00 UTC) or one calendar month.
 */
export type Period = `${number}m` | `${number}h` | '1d' | '1w' | '1mo';

const MINUTE = 60_000;
const DAY_MINUTES = 1440;
const DAY = DAY_MINUTES * MINUTE;
const WEEK = 7 * DAY;
/** 1970-01-05 was the first Monday of the Unix epoch. */
const FIRST_MONDAY = 4 * DAY;

/** Reads `90s`-like texts in the units above and returns the shortest spelling, or undefined when it is no period. */
export function parsePeriod(text: string): Period | undefined {
  const match = /^(\d{1,4})(m|h|d|w|mo)$/.exec(text);
  if (match === null) return undefined;
  const count = Number(match[1]);
  const unit = match[2];
  if (unit === 'd' || unit === 'w' || unit === 'mo') return count === 1 ? `1${unit}` : undefined;
  return periodOfMinutes(unit === 'h' ? count * 60 : count);
}

/** The period of so many minutes, or undefined when they do not divide a day evenly. */
export function periodOfMinutes(minutes: number): Period | undefined {
  if (minutes < 1 || minutes > DAY_MINUTES || DAY_MINUTES % minutes !== 0) return undefined;
  if (minutes === DAY_MINUTES) return '1d';
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`;
}

/** Start of the interval that holds the instant. Instants are milliseconds since the Unix epoch, UTC. */
export function floorToPeriod(period: Period, instant: number): number {
  if (period === '1mo') {
    const date = new Date(instant);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  }
  const origin = period === '1w' ? FIRST_MONDAY : 0;
  const length = uniformLength(period);
  return origin + Math.floor((instant - origin) / length) * length;
}

/** The start of the interval `count` periods after (or, negative, before) the interval that starts at `start`. */
export function addPeriods(period: Period, start: number, count: number): number {
  if (period !== '1mo') return start + count * uniformLength(period);
  const date = new Date(start);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count, 1);
}

/**
 * How two periods relate, seen from `mine`. `finer` means that whole intervals of `other` fill each interval of
 * `mine` exactly; `unrelated` means that some interval of the one straddles a border of the other.
 */
export function comparePeriods(mine: Period, other: Period): 'equal' | 'finer' | 'coarser' | 'unrelated' {
  if (mine === other) return 'equal';
  if (fills(other, mine)) return 'finer';
  if (fills(mine, other)) return 'coarser';
  return 'unrelated';
}

function fills(small: Period, large: Period): boolean {
  if (large === '1mo') return small !== '1w';
  if (small === '1mo') return false;
  return uniformLength(large) > uniformLength(small) && uniformLength(large) % uniformLength(small) === 0;
}

function uniformLength(period: Exclude<Period, '1mo'>): number {
  if (period === '1d') return DAY;
  if (period === '1w') return WEEK;
  const count = Number(period.slice(0, -1));
  return count * (period.endsWith('h') ? 60 : 1) * MINUTE;
}

import { runsOf } from './cron-fields.ts';
import { type Cron, nextTick } from './cron-ticks.ts';
import { offsetAt } from './time-zone.ts';

export const DAY_WORDS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTH_WORDS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
/** The example is looked for among these ticks: a Thursday, so that weeks come whole. */
const FROM = Date.UTC(2026, 0, 1);
const EXAMPLE_TICKS = 300;
const EXAMPLE_DAYS = 62;
/** Times of the day that are named one by one. */
const NAMED_TIMES = 6;

/** `09:05` for the 545th minute of a day. */
export function clock(minute: number): string {
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

/**
 * An irregular schedule in words: `at 09:00 on Monday to Friday (Europe/Berlin); a label is the previous tick, so
 * Monday's run covers Friday 09:00 to Monday 09:00`.
 */
export function irregularWords(cron: Cron): string {
  const when = [timeWords(cron), ...dayWords(cron)].join(' ');
  return `${when} (${cron.zone ?? 'UTC'}); a label is the previous tick${exampleWords(cron)}`;
}

function timeWords({ times, fields }: Cron): string {
  if (times.length <= NAMED_TIMES) return `at ${times.map(clock).join(', ')}`;
  const hours = fields.hours.length === 24 ? 'every hour' : `hours ${rangeWords(fields.hours, String)}`;
  return fields.minutes.length === 60
    ? `every minute of ${hours}`
    : `at minutes ${rangeWords(fields.minutes, String)} of ${hours}`;
}

function dayWords({ fields }: Cron): readonly string[] {
  const { daysOfMonth, daysOfWeek, months } = fields;
  const everyDate = daysOfMonth.length === 31;
  const everyWeekday = daysOfWeek.length === 7;
  const dates = `day ${rangeWords(daysOfMonth, String)}`;
  const weekdays = rangeWords(mondayFirst(daysOfWeek), (day) => DAY_WORDS[day % 7] ?? '');
  const words = everyDate
    ? everyWeekday
      ? 'every day'
      : `on ${weekdays}`
    : everyWeekday
      ? `on ${dates}`
      : `on ${dates} if that is ${weekdays}`;
  if (months.length === 12) return [words];
  return [words, `in ${rangeWords(months, (month) => MONTH_WORDS[month - 1] ?? '')}`];
}

/** Sunday is day 7 here, so that Saturday and Sunday are neighbours. */
function mondayFirst(days: readonly number[]): readonly number[] {
  return days.map((day) => (day === 0 ? 7 : day)).sort((a, b) => a - b);
}

function rangeWords(values: readonly number[], word: (value: number) => string): string {
  const parts = runsOf(values).flatMap(([from, to]) =>
    to - from > 1 ? [`${word(from)} to ${word(to)}`] : from === to ? [word(from)] : [word(from), word(to)],
  );
  const last = parts.pop() ?? '';
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}

/** The run whose interval is the longest shows best what a label covers. */
function exampleWords(cron: Cron): string {
  let previous = nextTick(cron, FROM);
  let longest: { from: number; to: number } | undefined;
  const start = previous ?? FROM;
  for (let count = 0; previous !== undefined && count < EXAMPLE_TICKS; count += 1) {
    const tick = nextTick(cron, previous);
    if (tick === undefined || (longest !== undefined && tick > start + EXAMPLE_DAYS * DAY)) break;
    if (longest === undefined || tick - previous > longest.to - longest.from)
      longest = { from: previous, to: tick };
    previous = tick;
  }
  if (longest === undefined) return '';
  const [from, to] = [tickWords(cron, longest.from, longest), tickWords(cron, longest.to, longest)];
  const local = new Date(longest.to + offsetAt(cron.zone, longest.to));
  const weekday = DAY_WORDS[local.getUTCDay()] ?? '';
  const whose =
    cron.times.length === 1 && spansDays(longest) === 'week' ? `${weekday}'s run` : `the run at ${to}`;
  return `, so ${whose} covers ${from} to ${to}`;
}

function spansDays({ from, to }: { from: number; to: number }): 'day' | 'week' | 'year' | 'longer' {
  const days = (to - from) / DAY;
  return days <= 1 ? 'day' : days < 7 ? 'week' : days < 300 ? 'year' : 'longer';
}

/** As much of a date as tells two ticks apart. */
function tickWords(cron: Cron, tick: number, interval: { from: number; to: number }): string {
  const local = new Date(tick + offsetAt(cron.zone, tick));
  const time = clock(local.getUTCHours() * 60 + local.getUTCMinutes());
  switch (spansDays(interval)) {
    case 'day':
      return time;
    case 'week':
      return `${DAY_WORDS[local.getUTCDay()] ?? ''} ${time}`;
    case 'year':
      return `${dateWords(local)} ${time}`;
    case 'longer':
      return `${dateWords(local)} ${String(local.getUTCFullYear())} ${time}`;
  }
}

function dateWords(date: Date): string {
  return `${String(date.getUTCDate())} ${MONTH_WORDS[date.getUTCMonth()] ?? ''}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

import { type Period, periodOfMinutes } from './period.ts';

/** The five fields of a cron text as sorted sets of numbers: the instants (UTC) at which a clock ticks. */
export interface CronFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly daysOfWeek: readonly number[];
}

export interface CronProblem {
  readonly problem: string;
}

/** A schedule whose ticks are equally spaced: its period, and what it means in words. */
export interface CronPeriod {
  readonly period: Period;
  /** `every hour at minute 10: period 1h` */
  readonly sentence: string;
}

/** The shapes that have one fixed period, for messages. */
export const UNDERSTOOD_CRON =
  'equally spaced minutes ("*/20 * * * *"), one minute of equally spaced hours ("10 * * * *", "10 */6 * * *"), ' +
  'daily ("10 0 * * *"), weekly ("0 3 * * MON"), monthly ("0 4 1 * *", day 1 to 28)';

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const DAY_WORDS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

interface FieldRule {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly words: readonly string[];
  /** The number that the first word stands for. */
  readonly firstWord: number;
}

const RULES = [
  { name: 'minute', low: 0, high: 59, words: [], firstWord: 0 },
  { name: 'hour', low: 0, high: 23, words: [], firstWord: 0 },
  { name: 'day of month', low: 1, high: 31, words: [], firstWord: 0 },
  { name: 'month', low: 1, high: 12, words: MONTHS, firstWord: 1 },
  { name: 'day of week', low: 0, high: 7, words: DAYS, firstWord: 0 },
] as const satisfies readonly FieldRule[];

/** Reads a cron text of five fields: numbers, lists, ranges, steps, and English names of months and days. */
export function parseCron(text: string): CronFields | CronProblem {
  const texts = text.trim().split(/\s+/);
  if (/^(CRON_)?TZ=/.test(text))
    return { problem: 'a time zone in a cron text is not understood; ticks are in UTC' };
  if (texts.length !== 5) {
    return {
      problem: `a cron text has 5 fields (minute, hour, day of month, month, day of week), this one has ${text.trim() === '' ? 0 : texts.length}`,
    };
  }
  const sets: (readonly number[])[] = [];
  for (const [at, rule] of RULES.entries()) {
    const values = parseField(texts[at] ?? '', rule);
    if ('problem' in values) return values;
    sets.push(values.values);
  }
  const [minutes, hours, daysOfMonth, months, weekdays] = sets as [
    number[],
    number[],
    number[],
    number[],
    number[],
  ];
  // Cron writes Sunday as 0 and as 7.
  const daysOfWeek = [...new Set(weekdays.map((day) => day % 7))].sort((a, b) => a - b);
  return { minutes, hours, daysOfMonth, months, daysOfWeek };
}

/**
 * The one period of a cron text. Irregular texts (such as "0 9,17 * * *") are refused: a timelabel is an interval
 * of fixed length, and their ticks enclose intervals of different lengths.
 */
export function cronPeriod(text: string): CronPeriod | CronProblem {
  const fields = parseCron(text);
  if ('problem' in fields) return fields;
  const everyDate = fields.daysOfMonth.length === 31 && fields.months.length === 12;
  const everyWeekday = fields.daysOfWeek.length === 7;
  const found =
    everyDate && everyWeekday
      ? withinDay(fields.minutes, fields.hours)
      : calendarPeriod(fields, everyDate, everyWeekday);
  return found ?? { problem: `"${text.trim()}" does not tick in equal steps` };
}

function withinDay(minutes: readonly number[], hours: readonly number[]): CronPeriod | undefined {
  if (hours.length === 24) {
    const step = equalStep(minutes, 60);
    const period = step === undefined ? undefined : periodOfMinutes(step);
    if (period === undefined) return undefined;
    return { period, sentence: `${minuteWords(minutes, step ?? 60)}: period ${period}` };
  }
  const [minute, second] = minutes;
  const step = equalStep(hours, 24);
  const period = step === undefined ? undefined : periodOfMinutes(step * 60);
  if (minute === undefined || second !== undefined || step === undefined || period === undefined)
    return undefined;
  const clocks = hours.map((hour) => clock(hour, minute));
  const often = step === 24 ? 'every day' : `every ${String(step)} hours,`;
  return { period, sentence: `${often} at ${clocks.join(', ')} UTC: period ${period}` };
}

function calendarPeriod(
  fields: CronFields,
  everyDate: boolean,
  everyWeekday: boolean,
): CronPeriod | undefined {
  const { minutes, hours, daysOfMonth, daysOfWeek, months } = fields;
  const [minute, hour] = [minutes[0], hours[0]];
  if (minutes.length !== 1 || hours.length !== 1 || minute === undefined || hour === undefined)
    return undefined;
  const weekday = DAY_WORDS[daysOfWeek[0] ?? -1];
  if (everyDate && daysOfWeek.length === 1 && weekday !== undefined) {
    return { period: '1w', sentence: `every ${weekday} at ${clock(hour, minute)} UTC: period 1w` };
  }
  const [day] = daysOfMonth;
  // Days 29 to 31 do not exist in every month, so their ticks would skip months.
  const monthly =
    everyWeekday && months.length === 12 && daysOfMonth.length === 1 && day !== undefined && day <= 28;
  if (!monthly) return undefined;
  return { period: '1mo', sentence: `every month on day ${day} at ${clock(hour, minute)} UTC: period 1mo` };
}

function minuteWords(minutes: readonly number[], step: number): string {
  const first = minutes[0] ?? 0;
  if (step === 60) return `every hour at minute ${String(first)}`;
  if (step === 1) return 'every minute';
  return first === 0
    ? `every ${String(step)} minutes`
    : `every ${String(step)} minutes from minute ${String(first)}`;
}

/** The distance between neighbours on a circle of `round`, when it is the same everywhere. */
function equalStep(values: readonly number[], round: number): number | undefined {
  const step = round / values.length;
  const first = values[0] ?? 0;
  return values.every((value, at) => value === first + at * step) ? step : undefined;
}

function parseField(text: string, rule: FieldRule): { values: readonly number[] } | CronProblem {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const range = parsePart(part, rule);
    if (range === undefined) {
      return {
        problem: `"${part}" is no ${rule.name}: numbers ${rule.low} to ${rule.high}, lists, ranges and steps are understood`,
      };
    }
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  return { values: [...values].sort((a, b) => a - b) };
}

function parsePart(part: string, rule: FieldRule): { from: number; to: number; step: number } | undefined {
  const match = /^(\*|\w+)(?:-(\w+))?(?:\/(\d{1,2}))?$/.exec(part);
  if (match === null) return undefined;
  const [, first = '', last, stepText] = match;
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step < 1) return undefined;
  if (first === '*') {
    // Sunday is both 0 and 7, so a star in the last field ends at Saturday, or its steps would count Sunday twice.
    return last === undefined ? { from: rule.low, to: rule.high === 7 ? 6 : rule.high, step } : undefined;
  }
  const from = parseValue(first, rule);
  // "5/20" means "from 5 to the end in steps of 20".
  const to = last === undefined ? (stepText === undefined ? from : rule.high) : parseValue(last, rule);
  return from === undefined || to === undefined || to < from ? undefined : { from, to, step };
}

function parseValue(text: string, rule: FieldRule): number | undefined {
  const word = rule.words.indexOf(text.toUpperCase());
  if (word >= 0) return word + rule.firstWord;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= rule.low && value <= rule.high ? value : undefined;
}

function clock(hour: number, minute: number): string {
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

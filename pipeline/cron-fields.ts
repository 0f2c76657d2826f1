/** The five fields of a cron text as sorted sets of numbers: the local times at which a clock ticks. */
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
  /** What to do, where the problem is not the text as such. */
  readonly cure?: string;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

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
  if (/^(CRON_)?TZ=/.test(text.trim()))
    return {
      problem: 'a time zone does not stand in a cron text',
      cure: 'write timezone: beside the schedule',
    };
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

/** The one way in which fields are written as a text: `0 9 * * 1-5` for `00 09 * * MON-FRI`. */
export function formatCron(fields: CronFields): string {
  const { minutes, hours, daysOfMonth, months, daysOfWeek } = fields;
  return [
    formatField(minutes, 60),
    formatField(hours, 24),
    formatField(daysOfMonth, 31),
    formatField(months, 12),
    formatField(daysOfWeek, 7),
  ].join(' ');
}

function formatField(values: readonly number[], all: number): string {
  if (values.length === all) return '*';
  return runsOf(values)
    .map(([from, to]) => (to - from > 1 ? `${from}-${to}` : from === to ? `${from}` : `${from},${to}`))
    .join(',');
}

/** Sorted numbers as runs of neighbours, each with its first and its last. */
export function runsOf(values: readonly number[]): readonly (readonly [from: number, to: number])[] {
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.[1] === value - 1) last[1] = value;
    else runs.push([value, value]);
  }
  return runs;
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

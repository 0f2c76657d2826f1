import { clockProblem, zoneEffect } from './clock-changes.ts';
import { type CronFields, type CronProblem, formatCron, parseCron } from './cron-fields.ts';
import { type CronShape, shapeOf } from './cron-shape.ts';
import { cronOf } from './cron-ticks.ts';
import { clock, DAY_WORDS, irregularWords } from './cron-words.ts';
import { inZone, parsePeriod, type Period, periodOfMinutes } from './period.ts';
import { withoutUtc } from './time-zone.ts';

/** What the ticks of a schedule enclose, and what that means in words. */
export interface CronPeriod {
  readonly period: Period;
  /** The zone in which the clock reads the text; undefined is UTC, also where another zone would tick at the same instants. */
  readonly zone: string | undefined;
  /** `every hour at minute 10: period 1h` */
  readonly sentence: string;
}

/** What a cron text looks like, for the cure of one that is none. */
export const CRON_CURE =
  'write minute, hour, day of month, month and day of week, such as "*/20 * * * *", "10 * * * *", "10 0 * * *", ' +
  '"0 3 * * MON" or "0 9 * * MON-FRI"';

/**
 * The period of a cron text, read on the clocks of a zone (UTC when absent). Ticks in equal steps give a fixed
 * period, of which the minute offset delays the run and never moves the label. All others give the irregular period whose labels
 * are the ticks themselves. Refused are texts that never tick and those of which some label would have no tick.
 */
export function cronPeriod(text: string, zone?: string): CronPeriod | CronProblem {
  const fields = parseCron(text);
  if ('problem' in fields) return fields;
  const local = withoutUtc(zone);
  const shape = shapeOf(fields);
  if (shape === undefined) return irregularPeriod(text, fields, local);
  const fixed = shape.kind === 'minutes' ? periodOfMinutes(shape.minutes) : undefined;
  if (shape.kind === 'minutes' && fixed !== '1d') return withinDay(text, fields, shape.minutes, local);
  return calendarPeriod(fields, shape, local);
}

function irregularPeriod(
  text: string,
  fields: CronFields,
  zone: string | undefined,
): CronPeriod | CronProblem {
  const period = parsePeriod(`cron(${formatCron(fields)})${zone === undefined ? '' : `@${zone}`}`);
  if (period === undefined)
    return { problem: `"${text.trim()}" never ticks`, cure: 'choose a date and a time that exist' };
  const problem = zone === undefined ? undefined : clockProblem(fields, zone, 'irregular');
  return problem ?? { period, zone, sentence: irregularWords(cronOf(fields, zone)) };
}

/** Equal steps of less than a day are cut in UTC, whatever the clocks on the wall say. */
function withinDay(
  text: string,
  fields: CronFields,
  minutes: number,
  local: string | undefined,
): CronPeriod | CronProblem {
  const period = periodOfMinutes(minutes);
  // Seven minutes, for instance, are equal steps within an hour and do not divide it.
  if (period === undefined) return irregularPeriod(text, fields, local);
  const effect = local === undefined ? 'none' : zoneEffect(local, minutes);
  if (effect === 'matters')
    return {
      problem: `the period ${period} is cut in UTC, and ${local ?? ''} shifts it`,
      cure: 'remove timezone; it cuts days, weeks and months',
    };
  const sentence = minutes <= 60 ? minuteWords(fields, minutes) : hourWords(fields, minutes);
  return { period, zone: effect === 'delays' ? local : undefined, sentence: `${sentence}: period ${period}` };
}

function calendarPeriod(
  fields: CronFields,
  shape: CronShape,
  zone: string | undefined,
): CronPeriod | CronProblem {
  const unit = shape.kind === 'monthly' ? '1mo' : shape.kind === 'weekly' ? '1w' : '1d';
  const period = zone === undefined ? unit : (inZone(unit, zone) ?? unit);
  const problem = zone === undefined ? undefined : clockProblem(fields, zone, 'regular');
  if (problem !== undefined) return problem;
  const time = clock((fields.hours[0] ?? 0) * 60 + (fields.minutes[0] ?? 0));
  const day =
    unit === '1d'
      ? 'every day'
      : unit === '1w'
        ? `every ${DAY_WORDS[fields.daysOfWeek[0] ?? 0] ?? ''}`
        : `every month on day ${String(fields.daysOfMonth[0] ?? 1)}`;
  return { period, zone, sentence: `${day} at ${time} ${zone ?? 'UTC'}: period ${period}` };
}

function hourWords(fields: CronFields, minutes: number): string {
  const clocks = fields.hours.map((hour) => clock(hour * 60 + (fields.minutes[0] ?? 0)));
  return `every ${String(minutes / 60)} hours, at ${clocks.join(', ')} UTC`;
}

function minuteWords({ minutes }: CronFields, step: number): string {
  const first = minutes[0] ?? 0;
  if (step === 60) return `every hour at minute ${String(first)}`;
  if (step === 1) return 'every minute';
  return first === 0
    ? `every ${String(step)} minutes`
    : `every ${String(step)} minutes from minute ${String(first)}`;
}

import type { CronFields } from './cron-fields.ts';

/** The distance of equally spaced ticks: so many minutes that divide a day, a week, or a month. */
export type CronShape =
  | { readonly kind: 'minutes'; readonly minutes: number }
  | { readonly kind: 'weekly' }
  | { readonly kind: 'monthly' };

/** The shape of a cron text that ticks in equal steps, and undefined for one that does not. */
export function shapeOf(fields: CronFields): CronShape | undefined {
  const { minutes, hours, daysOfMonth, months, daysOfWeek } = fields;
  const everyDate = daysOfMonth.length === 31 && months.length === 12;
  const everyWeekday = daysOfWeek.length === 7;
  if (everyDate && everyWeekday) return withinDay(minutes, hours);
  if (minutes.length !== 1 || hours.length !== 1) return undefined;
  if (everyDate && daysOfWeek.length === 1) return { kind: 'weekly' };
  const [day] = daysOfMonth;
  // Days 29 to 31 do not exist in every month, so their ticks skip months.
  const monthly =
    everyWeekday && months.length === 12 && daysOfMonth.length === 1 && day !== undefined && day <= 28;
  return monthly ? { kind: 'monthly' } : undefined;
}

function withinDay(minutes: readonly number[], hours: readonly number[]): CronShape | undefined {
  if (hours.length === 24) {
    const step = equalStep(minutes, 60);
    return step === undefined ? undefined : { kind: 'minutes', minutes: step };
  }
  const step = equalStep(hours, 24);
  return step === undefined || minutes.length !== 1 ? undefined : { kind: 'minutes', minutes: step * 60 };
}

/** The distance between neighbours on a circle of `round`, when it is the same everywhere. */
function equalStep(values: readonly number[], round: number): number | undefined {
  const step = round / values.length;
  const first = values[0] ?? 0;
  return values.every((value, at) => value === first + at * step) ? step : undefined;
}

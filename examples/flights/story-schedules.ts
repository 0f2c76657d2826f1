import { hoursOf } from './calendar.ts';
import type { Demo } from './demo-context.ts';
import { newestRun, succeeded } from './ledger.ts';
import { tickDays, tickHours } from './schedules.ts';
import { labelOf } from './calendar.ts';

/** Lets the schedules tick through all days, except for the two hours that stories keep for themselves. */
export async function runDays({ stack, plan, ledger, view, check }: Demo): Promise<void> {
  const { days, slowHour, failingHour } = plan;
  const hours = days.flatMap(hoursOf).filter((hour) => hour !== slowHour && hour !== failingHour);
  view.say(
    `The schedules tick for ${days.length} days of January 2001: ${hours.length} hours of flights, ${days.length} days of airports.`,
  );
  await tickDays(
    stack.client,
    'airports.fetch_airports',
    days.map((day) => day.start),
  );
  await tickHours(stack.client, 'flights.fetch_flights', hours);
  const complete = days.slice(0, -2);
  await ledger.until(
    'all scheduled hours are loaded and registered, and all complete days are published',
    (snapshot) =>
      hours.every(
        (hour) =>
          succeeded(snapshot, 'flights.load_flights', labelOf(hour)) &&
          succeeded(snapshot, 'flights.register_flights', labelOf(hour)),
      ) &&
      days.every(
        ({ label }) =>
          succeeded(snapshot, 'airports.load_airports', label) &&
          succeeded(snapshot, 'airports.register_airports', label),
      ) &&
      complete.every(({ label }) => succeeded(snapshot, 'delays.publish_delays', label)) &&
      days
        .slice(-2)
        .every(({ label }) => newestRun(snapshot, 'delays.airport_delays', label)?.status === 'WAITING'),
    300,
  );
  check(
    true,
    `${complete.length === 1 ? 'the complete day is' : 'the complete days are'} summarised and published; two days with an hour missing wait`,
  );
}

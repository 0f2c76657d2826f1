import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { runId } from '../../pipeline/ids.ts';
import { dayAt, labelOf, readable } from './calendar.ts';
import type { Demo } from './demo-context.ts';
import { newestRun, succeeded } from './ledger.ts';
import { tickHours } from './schedules.ts';
import { partitionOf } from './source-data.ts';
import { waitingInputs } from './waiting-inputs.ts';

/** How long the source is kept busy, in milliseconds. */
const HELD = 4_000;

/**
 * (a) One hour's fetch is slow, because somebody at the source holds a lock on the day's partition, as a VACUUM FULL
 * would. Under fixed clock times the load would have taken what was there; here it waits, and so does the day.
 */
export async function slowFetch({ stack, plan, ledger, view, check }: Demo): Promise<void> {
  const hour = labelOf(plan.slowHour);
  const day = dayAt(plan.slowHour);
  view.say(
    `(a) A slow fetch: the source holds a lock on the flights of ${day.date} while ${readable(hour)} is fetched.`,
  );
  const source = new pg.Client({ connectionString: stack.sourceUrl });
  await source.connect();
  try {
    await source.query('begin');
    await source.query(`lock table public.${partitionOf(day.start)} in access exclusive mode`);
    await tickHours(stack.client, 'flights.fetch_flights', [plan.slowHour]);
    await ledger.until(
      `the fetch of ${readable(hour)} runs`,
      (snapshot) => newestRun(snapshot, 'flights.fetch_flights', hour)?.status === 'RUNNING',
    );
    await pause(HELD);
    const during = await ledger.now();
    check(
      newestRun(during, 'flights.fetch_flights', hour)?.status === 'RUNNING',
      'the fetch still runs, kept by the lock',
    );
    check(
      newestRun(during, 'flights.load_flights', hour) === undefined,
      'the load of that hour has not started: there is nothing to load yet',
    );
    const { have, missing } = await waitingInputs(
      stack.client,
      runId('delays.airport_delays', day.label),
      'warehouse.analytics.flights',
    );
    check(
      have === 23 && missing.length === 1 && missing[0] === hour,
      `the summary of ${day.date} waits with ${have} of 24 hours, for ${missing.map(readable).join(', ')}`,
    );
    await source.query('commit');
  } finally {
    await source.end();
  }
  view.say('    The lock is released.');
  await ledger.until(`the delays of ${day.date} are published`, (snapshot) =>
    succeeded(snapshot, 'delays.publish_delays', day.label),
  );
  const after = await ledger.now();
  check(
    newestRun(after, 'delays.publish_delays', day.label)?.revision === 1,
    `then everything followed once: loaded, summarised with 24 of 24 hours, published`,
  );
}

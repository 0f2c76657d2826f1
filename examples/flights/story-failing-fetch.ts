import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { startRun } from '../../cli/run.ts';
import { runId } from '../../pipeline/ids.ts';
import { parseTimelabel } from '../../pipeline/timelabel.ts';
import { dayAt, labelOf, readable } from './calendar.ts';
import type { Demo } from './demo-context.ts';
import { newestRun, succeeded } from './ledger.ts';
import { tickHours } from './schedules.ts';
import { READER } from './source-data.ts';
import { waitingInputs } from './waiting-inputs.ts';

const FETCH = 'flights.fetch_flights';
/** Time in which a dependent that should hold would have started, in milliseconds. */
const WATCHED = 1_500;

/**
 * (c) One fetch fails, because somebody took Reefline's right to read the table away. The customers' queue gets the
 * FAILURE event, everything that depends on the hour holds, and the repair and one repeated fetch release it.
 */
export async function failingFetch({ stack, plan, ledger, queue, view, check }: Demo): Promise<void> {
  const hour = labelOf(plan.failingHour);
  const day = dayAt(plan.failingHour);
  view.say(
    `(c) A failing fetch: ${READER} may no longer read the flights when ${readable(hour)} is fetched.`,
  );
  ledger.expectFailure(FETCH, hour);
  await atSource(stack.sourceUrl, `revoke select on public.flights from ${READER}`);
  await tickHours(stack.client, FETCH, [plan.failingHour]);
  await ledger.until(
    `the fetch of ${readable(hour)} fails`,
    (snapshot) => newestRun(snapshot, FETCH, hour)?.status === 'FAILURE',
  );
  let failure: { class: string; message: string } | null | undefined;
  const reported = await queue.until((events) => {
    const event = events.find(
      (each) =>
        each.dataset === 'lake.airline.flights' && each.timelabel === hour && each.status === 'FAILURE',
    );
    failure = event?.error;
    return event !== undefined;
  });
  check(
    reported,
    `the FAILURE event is in the customers' queue: ${failure?.class ?? ''}: ${failure?.message ?? ''}`,
  );
  await pause(WATCHED);
  const held = await ledger.now();
  check(
    newestRun(held, 'flights.load_flights', hour) === undefined &&
      newestRun(held, 'flights.register_flights', hour) === undefined,
    'its dependents hold: the hour is neither registered nor loaded',
  );
  const { have, missing } = await waitingInputs(
    stack.client,
    runId('delays.airport_delays', day.label),
    'warehouse.analytics.flights',
  );
  check(
    have === 23 && missing[0] === hour,
    `the summary of ${day.date} waits with ${String(have)} of 24 hours`,
  );
  await atSource(stack.sourceUrl, `grant select on public.flights to ${READER}`);
  view.say('    The right is given back, and the hour is fetched again.');
  const fetch = stack.stages.find((stage) => stage.id === FETCH);
  const label = parseTimelabel(hour);
  if (fetch === undefined || label === undefined) throw new Error(`The project has no stage ${FETCH}.`);
  await startRun(stack.client, fetch, label, true);
  await ledger.until(
    `the delays of ${day.date} are published`,
    (snapshot) =>
      succeeded(snapshot, 'delays.publish_delays', day.label) &&
      succeeded(snapshot, 'flights.register_flights', hour),
  );
  const after = await ledger.now();
  check(
    newestRun(after, FETCH, hour)?.revision === 2 &&
      newestRun(after, 'flights.load_flights', hour)?.revision === 1,
    'the second attempt released them: loaded, summarised with 24 of 24 hours, published',
  );
}

async function atSource(url: string, statement: string): Promise<void> {
  const source = new pg.Client({ connectionString: url });
  await source.connect();
  try {
    await source.query(statement);
  } finally {
    await source.end();
  }
}

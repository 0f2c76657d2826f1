import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { startRun } from '../../cli/run.ts';
import { parseTimelabel } from '../../pipeline/timelabel.ts';
import { dayAt, labelOf, readable } from './calendar.ts';
import type { Demo } from './demo-context.ts';
import { type RunRow, succeeded } from './ledger.ts';

/** Time in which a run that should not have started would have, in milliseconds. */
const WATCHED = 1_500;

/**
 * (b) Rows reach the source late, and their hour is fetched again at some other time of the day. No file is edited and
 * no schedule changed: revision 2 finds its own way, and nothing that does not depend on the hour runs again.
 */
export async function lateRows({ stack, plan, ledger, view, check }: Demo): Promise<void> {
  const hour = labelOf(plan.lateHour);
  const day = dayAt(plan.lateHour);
  const late = await insertLateRows(stack.sourceUrl);
  view.say(
    `(b) Late rows: ${late} more flights of ${readable(hour)} arrive at the source, and that hour is fetched again.`,
  );
  const before = (await ledger.now()).runs;
  const fetch = stack.stages.find((stage) => stage.id === 'flights.fetch_flights');
  const label = parseTimelabel(hour);
  if (fetch === undefined || label === undefined)
    throw new Error('The project has no stage flights.fetch_flights.');
  await startRun(stack.client, fetch, label, true);
  await ledger.until(
    `revision 2 of ${readable(hour)} is published`,
    (snapshot) =>
      succeeded(snapshot, 'delays.publish_delays', day.label, 2) &&
      succeeded(snapshot, 'flights.register_flights', hour, 2),
  );
  await pause(WATCHED);
  const known = new Set(before.map(nameOf));
  const added = (await ledger.now()).runs.map(nameOf).filter((run) => !known.has(run));
  const expected = [
    ...['fetch', 'register', 'load'].map((verb) => `flights.${verb}_flights ${readable(hour)} r2`),
    ...['airport', 'publish'].map((verb) => `delays.${verb}_delays ${readable(day.label)} r2`),
  ];
  const unexpected = added.filter((run) => !expected.includes(run));
  const absent = expected.filter((run) => !added.includes(run));
  check(
    absent.length === 0,
    `revision 2 went through fetch, register, load, summary and publish${list(absent, '; missing: ')}`,
  );
  check(
    unexpected.length === 0,
    `and nothing else ran again: ${added.length} of ${before.length} runs${list(unexpected, '; also: ')}`,
  );
}

/** Moves the rows from the table in which the regional system delivers them; answers how many. */
async function insertLateRows(sourceUrl: string): Promise<number> {
  const source = new pg.Client({ connectionString: sourceUrl });
  await source.connect();
  try {
    const inserted = await source.query('insert into public.flights select * from regional.flights');
    return inserted.rowCount ?? 0;
  } finally {
    await source.end();
  }
}

function nameOf(run: RunRow): string {
  return `${run.stage} ${readable(run.timelabel)} r${String(run.revision)}`;
}

function list(runs: readonly string[], before: string): string {
  return runs.length === 0 ? '' : before + runs.join(', ');
}

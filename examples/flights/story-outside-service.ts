import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { temporalCli } from '../../local/temporal-cli.ts';
import type { Day } from './calendar.ts';
import type { Demo } from './demo-context.ts';
import { newestRun, succeeded } from './ledger.ts';
import type { Stack } from './stack.ts';

const HUBS = 10;
/** Time in which a second run would have started, in milliseconds. */
const WATCHED = 1_500;

/**
 * (d) A service outside of Reefline writes a table of its own into the warehouse and says so with the plain temporal
 * command: six fields, and the stage that waited for that table starts.
 */
export async function outsideService({ stack, plan, ledger, view, check }: Demo): Promise<void> {
  const { days } = plan;
  view.say(
    '(d) A service outside: the planning service ranks the hubs of each day, and signals an event with six fields.',
  );
  const waiting = await ledger.now();
  check(
    days.every(({ label }) => newestRun(waiting, 'delays.hub_delays', label)?.status === 'WAITING'),
    'the hub delays of all days have waited for it',
  );
  for (const day of days) {
    await rankHubs(stack, day);
    await signal(stack, day);
  }
  await ledger.until('the hub delays of all days are there', (snapshot) =>
    days.every(({ label }) => succeeded(snapshot, 'delays.hub_delays', label)),
  );
  check(
    true,
    `${days.length} signals by \`temporal workflow signal --name dataEvent\`, and the hub delays of all days are there`,
  );
  const [first] = days;
  if (first === undefined) return;
  await signal(stack, first);
  await pause(WATCHED);
  const events = await stack.catalog.query<{ count: number }>(
    `select count(*)::int as count from reefline.data_event where dataset = 'warehouse.planning.hubs'`,
  );
  const again = newestRun(await ledger.now(), 'delays.hub_delays', first.label);
  check(
    events.rows[0]?.count === days.length && again?.revision === 1,
    'the same signal a second time is the same event: nothing ran twice',
  );
}

/** The table exists before the service first writes to it, because the project's SQL reads it. */
export async function createHubs(warehouseUrl: string): Promise<void> {
  await onDatabase(warehouseUrl, async (warehouse) => {
    await warehouse.query(
      `create schema planning; create table planning.hubs (flight_date date not null, iata varchar(3) not null, hub_rank integer not null)`,
    );
  });
}

/** What the service does: it counts departures in its own way, here straight from the airline's database. */
async function rankHubs(stack: Stack, day: Day): Promise<void> {
  const hubs = await onDatabase(stack.sourceUrl, async (source) => {
    const counted = await source.query<{ origin: string }>(
      `select origin from public.flights where departure >= $1::date and departure < $1::date + 1
        group by origin order by count(*) desc, origin limit ${HUBS}`,
      [day.date],
    );
    return counted.rows.map((row) => row.origin);
  });
  await onDatabase(stack.warehouseUrl, async (warehouse) => {
    await warehouse.query(
      `insert into planning.hubs select $1, iata, hub_rank from unnest($2::text[]) with ordinality hub(iata, hub_rank)`,
      [day.date, hubs],
    );
  });
}

async function signal({ cloud }: Stack, day: Day): Promise<void> {
  const event = {
    event_type: 'data',
    type: 'redshift',
    schema: 'planning',
    table: 'hubs',
    timelabel: day.label,
    status: 'SUCCESS',
  };
  await promisify(execFile)(temporalCli(), [
    ...['workflow', 'signal', '--address', cloud.temporalAddress],
    ...['--workflow-id', 'router/delays', '--name', 'dataEvent', '--input', JSON.stringify(event)],
  ]);
}

async function onDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

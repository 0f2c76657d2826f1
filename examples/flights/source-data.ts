import pg from 'pg';
import { DAY, HOUR } from './calendar.ts';
import { AIRPORTS, copySelected, FLIGHTS, timestamp, withDuck } from './vega-data.ts';

/** The role that Reefline reads the source with: it may select and nothing else. */
export const READER = 'reefline_reader';
/** Rows that reach the source late, as a regional system would bring them. */
const LATE_DESTINATION = 'ORD';

export interface SourceRows {
  readonly flights: number;
  readonly late: number;
  readonly airports: number;
}

/** Fills an empty database with the flights, one partition per day, and the airports. */
export async function loadSource(url: string, scratch: string, lateHour: number): Promise<SourceRows> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(tables());
    const late = `departure >= ${timestamp(lateHour)} and departure < ${timestamp(lateHour + HOUR)} and destination = '${LATE_DESTINATION}'`;
    return await withDuck(async (duck) => {
      const fill = (table: string, select: string): Promise<number> =>
        copySelected(duck, select, { client, table, scratch });
      return {
        flights: await fill('public.flights', `select * from ${FLIGHTS} where not (${late})`),
        late: await fill('regional.flights', `select * from ${FLIGHTS} where ${late}`),
        airports: await fill('public.airports', `select * from ${AIRPORTS}`),
      };
    });
  } finally {
    await client.end();
  }
}

/** `flights_20010101`: the partition that holds the flights of a day. */
export function partitionOf(instant: number): string {
  return `flights_${new Date(instant).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

function tables(): string {
  const first = Date.UTC(2001, 0, 1);
  // The last row of the data departs at midnight on 1 July.
  const days = Array.from({ length: 182 }, (_, at) => first + at * DAY);
  const partitions = days.map(
    (day) =>
      `create table public.${partitionOf(day)} partition of public.flights for values from (${timestamp(day)}) to (${timestamp(day + DAY)});`,
  );
  const columns =
    '(departure timestamp not null, delay integer not null, distance integer not null, origin text not null, destination text not null)';
  return `
    create table public.flights ${columns} partition by range (departure);
    ${partitions.join('\n')}
    create table public.airports (iata text primary key, name text not null, city text, state text, country text not null,
      latitude double precision not null, longitude double precision not null);
    create schema regional;
    create table regional.flights ${columns};
    grant select on public.flights, public.airports to ${READER};`;
}

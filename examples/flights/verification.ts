import pg from 'pg';
import { checksum } from './checksum.ts';
import { compareRows, type Row } from './row-differences.ts';
import { compareHours } from './verification-flights.ts';

/*
 * Compares the source with the warehouse and the serving table through connections and SQL of its own. It imports
 * nothing of Reefline on purpose: a mistake in the product must not be able to hide itself here.
 */

export interface VerifiedDatabases {
  readonly sourceUrl: string;
  readonly warehouseUrl: string;
  readonly servingUrl: string;
}

export interface Verified {
  readonly hours: number;
  readonly emptyHours: number;
  readonly days: number;
  readonly rows: number;
  readonly duplicates: number;
  readonly airports: number;
  readonly summaryRows: number;
  readonly hubRows: number;
  /** One sentence each; empty when both sides hold the same. */
  readonly differences: readonly string[];
}

const AIRPORT = ['iata', 'name', 'city', 'state', 'country', 'latitude', 'longitude'];

/** The daily summary, recomputed from the source in SQL that shares nothing with the project's. */
const SUMMARY = `
  select f.departure::date::text as flight_date, a.iata, a.name as airport, a.city, a.state, count(*)::text as flights,
         count(*) filter (where f.delay >= 16)::text as late_flights, sum(f.delay)::text as total_delay,
         max(f.delay)::text as longest_delay, round(avg(f.delay), 2)::text as mean_delay
    from public.flights f, public.airports a
   where f.origin = a.iata and f.departure::date = any($1::date[])
   group by f.departure::date, a.iata`;

const SUMMARY_COLUMNS = [
  'flight_date',
  'iata',
  'airport',
  'city',
  'state',
  'flights',
  'late_flights',
  'total_delay',
  'longest_delay',
  'mean_delay',
];

/** The ten airports with most departures of each day, with their delays, from the source alone. */
const HUBS = `
  select flight_date, hub_rank::text, iata, airport, flights, late_flights, mean_delay from (
    select s.*, row_number() over (partition by flight_date order by flights::bigint desc, iata) as hub_rank from (${SUMMARY}) s
  ) ranked where hub_rank <= 10`;

const HUB_COLUMNS = ['flight_date', 'hub_rank', 'iata', 'airport', 'flights', 'late_flights', 'mean_delay'];

/** Verifies the given days (`2001-01-01`), each of them whole. */
export async function verify(databases: VerifiedDatabases, days: readonly string[]): Promise<Verified> {
  const [source, warehouse, serving] = await Promise.all([
    connect(databases.sourceUrl),
    connect(databases.warehouseUrl),
    connect(databases.servingUrl),
  ]);
  try {
    const hours = await compareHours(source, warehouse, days);
    const airports = await compareAirports(source, warehouse);
    const summary = await source.query<Row>(SUMMARY, [days]);
    const hubs = await source.query<Row>(HUBS, [days]);
    const held = await warehouse.query<Row>(textsOf('marts.airport_delays', SUMMARY_COLUMNS));
    const served = await serving.query<Row>(textsOf('public.airport_delays', SUMMARY_COLUMNS));
    const heldHubs = await warehouse.query<Row>(textsOf('marts.hub_delays', HUB_COLUMNS));
    return {
      ...hours,
      days: days.length,
      airports: airports.rows,
      summaryRows: summary.rows.length,
      hubRows: hubs.rows.length,
      differences: [
        ...hours.differences,
        ...airports.differences,
        ...compareRows(
          'warehouse table marts.airport_delays',
          ['flight_date', 'iata'],
          summary.rows,
          held.rows,
        ),
        ...compareRows('serving table airport_delays', ['flight_date', 'iata'], summary.rows, served.rows),
        ...compareRows(
          'warehouse table marts.hub_delays',
          ['flight_date', 'hub_rank'],
          hubs.rows,
          heldHubs.rows,
        ),
      ],
    };
  } finally {
    await Promise.all([source.end(), warehouse.end(), serving.end()]);
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    options: '-c timezone=UTC -c datestyle=ISO -c extra_float_digits=1',
  });
  await client.connect();
  return client;
}

async function compareAirports(
  source: pg.Client,
  warehouse: pg.Client,
): Promise<{ rows: number; differences: readonly string[] }> {
  const query = (table: string): string =>
    `select count(*)::text as count, ${checksum(AIRPORT)} as sum from ${table}`;
  const [expected, held] = await Promise.all([
    source.query<Row>(query('public.airports')),
    warehouse.query<Row>(query('analytics.airports')),
  ]);
  const [wanted, found] = [expected.rows[0] ?? {}, held.rows[0] ?? {}];
  const same = wanted['count'] === found['count'] && wanted['sum'] === found['sum'];
  const sentence = `airports: the source has ${wanted['count'] ?? ''} rows with checksum ${wanted['sum'] ?? ''}, the warehouse ${found['count'] ?? ''} with ${found['sum'] ?? ''}`;
  return { rows: Number(wanted['count']), differences: same ? [] : [sentence] };
}

function textsOf(table: string, columns: readonly string[]): string {
  return `select ${columns.map((column) => `${column}::text as ${column}`).join(', ')} from ${table}`;
}

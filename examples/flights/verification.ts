import pg from 'pg';

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

/**
 * A checksum of a multiset of rows: the sum of 64-bit hashes of each row's text, which does not depend on their order
 * and changes when a row is missing, changed or there twice.
 */
function checksum(columns: readonly string[]): string {
  const texts = columns.map((column) => `coalesce(${column}::text, '\\N')`);
  return `coalesce(sum(pg_catalog.hashtextextended(${texts.join(` || '|' || `)}, 0)::numeric), 0)::text`;
}

const FLIGHT = ['departure', 'delay', 'distance', 'origin', 'destination'];
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

type Row = Readonly<Record<string, string | null>>;

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    options: '-c timezone=UTC -c datestyle=ISO -c extra_float_digits=1',
  });
  await client.connect();
  return client;
}

interface HourRow {
  readonly hour: string;
  readonly count: string;
  readonly sum: string;
  readonly duplicates: string;
}

interface HoursCompared {
  readonly hours: number;
  readonly emptyHours: number;
  readonly rows: number;
  readonly duplicates: number;
  readonly differences: readonly string[];
}

/** Counts and checksums of each hour and each day, and that no row lies under the label of another hour. */
async function compareHours(
  source: pg.Client,
  warehouse: pg.Client,
  days: readonly string[],
): Promise<HoursCompared> {
  const differences: string[] = [];
  const calendar = await source.query<{ hour: string }>(
    `select to_char(day + make_interval(hours => hour), 'YYYY-MM-DD HH24:00') as hour
       from unnest($1::timestamp[]) day, generate_series(0, 23) hour order by 1`,
    [days],
  );
  const expected = await hoursIn(source, 'public.flights', days);
  const held = await hoursIn(warehouse, 'analytics.flights', null);
  const none: HourRow = { hour: '', count: '0', sum: '0', duplicates: '0' };
  const hours = new Set([...calendar.rows.map((row) => row.hour), ...held.keys()]);
  for (const hour of [...hours].sort()) {
    const [wanted, found] = [expected.get(hour) ?? none, held.get(hour) ?? none];
    if (wanted.count !== found.count || wanted.sum !== found.sum) {
      differences.push(
        `flights of ${hour}: the source has ${wanted.count} rows with checksum ${wanted.sum}, the warehouse ${found.count} with ${found.sum}`,
      );
    }
  }
  differences.push(...(await compareDays(source, warehouse, days)));
  const misplaced = await warehouse.query<{ count: string }>(
    `select count(*)::text as count from analytics.flights where to_char(departure, 'YYYYMMDDHH24') || '0000' is distinct from reefline_timelabel::text`,
  );
  if (misplaced.rows[0]?.count !== '0')
    differences.push(
      `${misplaced.rows[0]?.count ?? 'unknown'} flights lie in the warehouse under the label of another hour`,
    );
  const counts = [...expected.values()];
  return {
    hours: calendar.rows.length,
    emptyHours: calendar.rows.length - expected.size,
    rows: counts.reduce((sum, row) => sum + Number(row.count), 0),
    duplicates: counts.reduce((sum, row) => sum + Number(row.duplicates), 0),
    differences,
  };
}

/** `days` null: whatever hours the table holds, so that rows of other days are found as well. */
async function hoursIn(
  client: pg.Client,
  table: string,
  days: readonly string[] | null,
): Promise<ReadonlyMap<string, HourRow>> {
  const filter = days === null ? '' : 'where departure::date = any($1::date[])';
  const found = await client.query<HourRow>(
    `select to_char(departure, 'YYYY-MM-DD HH24:00') as hour, count(*)::text as count, ${checksum(FLIGHT)} as sum,
            (count(*) - count(distinct (${FLIGHT.join(', ')})))::text as duplicates
       from ${table} ${filter} group by 1`,
    days === null ? [] : [days],
  );
  return new Map(found.rows.map((row) => [row.hour, row]));
}

async function compareDays(
  source: pg.Client,
  warehouse: pg.Client,
  days: readonly string[],
): Promise<readonly string[]> {
  const query = (table: string): string =>
    `select departure::date::text as day, count(*)::text as count, ${checksum(FLIGHT)} as sum from ${table}
      where departure::date = any($1::date[]) group by 1`;
  const [expected, held] = await Promise.all([
    source.query<Row>(query('public.flights'), [days]),
    warehouse.query<Row>(query('analytics.flights'), [days]),
  ]);
  return compareRows('warehouse table analytics.flights by day', ['day'], expected.rows, held.rows);
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

/** Compares two sets of rows by key, column by column; a key that one side has twice is a difference as well. */
export function compareRows(
  what: string,
  key: readonly string[],
  expected: readonly Row[],
  found: readonly Row[],
): readonly string[] {
  const differences: string[] = [];
  const keyOf = (row: Row): string => key.map((column) => row[column] ?? '').join(' ');
  const left = new Map(found.map((row) => [keyOf(row), row]));
  if (left.size !== found.length) differences.push(`${what}: ${found.length - left.size} rows repeat a key`);
  for (const row of expected) {
    const name = keyOf(row);
    const other = left.get(name);
    left.delete(name);
    if (other === undefined) differences.push(`${what}: the row ${name} is missing`);
    else {
      const columns = Object.keys(row).filter((column) => row[column] !== other[column]);
      for (const column of columns)
        differences.push(
          `${what}: ${column} of ${name} is ${other[column] ?? 'null'}, and must be ${row[column] ?? 'null'}`,
        );
    }
  }
  for (const name of left.keys())
    differences.push(`${what}: the row ${name} has no counterpart at the source`);
  return differences;
}

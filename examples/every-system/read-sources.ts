import { createConnection, type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import type { Row } from '../flights/row-differences.ts';
import type { SourceRows } from './expected-rows.ts';

type Environment = Readonly<Record<string, string>>;

/** Every value as a text, in PostgreSQL. */
const FLIGHT = `to_char(departure, 'YYYY-MM-DD HH24:MI:SS') as departure, delay::text, distance::text, origin, destination`;
const AIRPORT = 'iata, name, city, state, country, latitude::text, longitude::text';

/** What the sources hold of the given days. */
export async function readSources(environment: Environment, dates: readonly string[]): Promise<SourceRows> {
  const [flights, airports] = await readPostgres(environment['AIRLINE_URL'], [
    [`select ${FLIGHT} from public.flights where departure::date = any($1::date[])`, [dates]],
    [`select ${AIRPORT} from public.airports`, []],
  ]);
  const islandsUrl = environment['ISLANDS_URL'];
  return {
    flights: flights ?? [],
    airports: airports ?? [],
    islands: islandsUrl === undefined ? null : await readIslands(islandsUrl, dates),
  };
}

/** What the project has put into the serving database. */
export async function readServing(environment: Environment): Promise<ReadonlyMap<string, readonly Row[]>> {
  const labelled = `${FLIGHT}, reefline_timelabel::text as timelabel`;
  const counts = 'flights::text, total_delay::text';
  const found = await readPostgres(environment['SERVING_URL'], [
    [`select ${labelled} from airline.flights`, []],
    [
      `select report_id, flight_date::text, airport, ${counts}, longest_delay::text from public.airport_delays`,
      [],
    ],
    [`select flight_date::text, origin, destination, ${counts} from public.routes`, []],
    [`select flight_date::text, flight_hour::text, ${counts} from public.hour_delays`, []],
    ...(environment['ISLANDS_URL'] === undefined
      ? []
      : [[`select ${labelled} from islands.flights`, []] as const]),
  ]);
  const names = [
    'airline.flights',
    'public.airport_delays',
    'public.routes',
    'public.hour_delays',
    'islands.flights',
  ];
  return new Map(found.map((rows, at) => [`serving.${names[at] ?? ''}`, rows]));
}

async function readPostgres(
  url: string | undefined,
  queries: readonly (readonly [sql: string, values: readonly unknown[]])[],
): Promise<readonly (readonly Row[])[]> {
  const client = new pg.Client({ connectionString: url, options: '-c timezone=UTC -c datestyle=ISO' });
  await client.connect();
  try {
    const found: (readonly Row[])[] = [];
    for (const [sql, values] of queries) found.push((await client.query<Row>(sql, [...values])).rows);
    return found;
  } finally {
    await client.end();
  }
}

async function readIslands(url: string, dates: readonly string[]): Promise<readonly Row[]> {
  const connection = await createConnection({ uri: url, charset: 'utf8mb4' });
  try {
    const [rows] = await connection.query<(Row & RowDataPacket)[]>(
      `select date_format(departure, '%Y-%m-%d %H:%i:%s') as departure, cast(delay as char) as delay,
              cast(distance as char) as distance, origin, destination
         from flights where date(departure) in (?)`,
      [dates],
    );
    return rows;
  } finally {
    await connection.end();
  }
}

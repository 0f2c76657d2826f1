import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { DAY, HOUR } from './calendar.ts';

/*
 * The real flights: 3,000,000 departures in the United States from January to June 2001, and 3,376 airports.
 * From the npm package vega-datasets (flights-3m.parquet, airports.csv), which took them from the U.S. Bureau of
 * Transportation Statistics and from Data.gov; docs/demo.md says more about source and licence.
 */

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
  const duck = await DuckDBInstance.create(':memory:');
  const reader = await duck.connect();
  const fill = async (table: string, select: string): Promise<number> => {
    const file = join(scratch, `${table.replaceAll('.', '-')}.csv`);
    try {
      await reader.run(`copy (${select}) to ${text(file)} (format csv, header false)`);
      const copy = client.query(copyFrom(`copy ${table} from stdin (format csv)`));
      await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), copy);
      return copy.rowCount;
    } finally {
      await rm(file, { force: true });
    }
  };
  try {
    await client.query(tables());
    const flights = `select date, delay, distance, origin, destination from ${text(dataFile('flights-3m.parquet'))}`;
    const late = `date >= ${timestamp(lateHour)} and date < ${timestamp(lateHour + HOUR)} and destination = '${LATE_DESTINATION}'`;
    return {
      flights: await fill('public.flights', `${flights} where not (${late})`),
      late: await fill('regional.flights', `${flights} where ${late}`),
      airports: await fill('public.airports', `select * from ${text(dataFile('airports.csv'))}`),
    };
  } finally {
    reader.closeSync();
    duck.closeSync();
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

function dataFile(name: string): string {
  return fileURLToPath(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url));
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function timestamp(instant: number): string {
  return `timestamp '${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')}'`;
}

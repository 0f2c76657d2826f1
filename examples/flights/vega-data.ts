import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/*
 * The real flights: 3,000,000 departures in the United States from January to June 2001, and 3,376 airports.
 * From the npm package vega-datasets (flights-3m.parquet, airports.csv), which took them from the U.S. Bureau of
 * Transportation Statistics and from Data.gov; docs/demo.md says more about source and licence.
 */

/** The flights, in the columns that the sources have, and the airports: tables for DuckDB's FROM. */
export const FLIGHTS = `(select date as departure, delay, distance, origin, destination from ${dataFile('flights-3m.parquet')})`;
export const AIRPORTS = dataFile('airports.csv');

/** Hands a DuckDB in memory to `use`. */
export async function withDuck<T>(use: (duck: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:');
  const duck = await instance.connect();
  try {
    return await use(duck);
  } finally {
    duck.closeSync();
    instance.closeSync();
  }
}

/** Copies what DuckDB selects into a table of PostgreSQL, by way of a file in `scratch`, and counts the rows. */
export async function copySelected(
  duck: DuckDBConnection,
  select: string,
  to: { readonly client: pg.Client; readonly table: string; readonly scratch: string },
): Promise<number> {
  const file = join(to.scratch, `${to.table.replaceAll('.', '-')}.csv`);
  try {
    await duck.run(`copy (${select}) to ${text(file)} (format csv, header false)`);
    const copy = to.client.query(copyFrom(`copy ${to.table} from stdin (format csv)`));
    await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), copy);
    return copy.rowCount;
  } finally {
    await rm(file, { force: true });
  }
}

/** A text as SQL writes it. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** An instant as a UTC timestamp in SQL. */
export function timestamp(instant: number): string {
  return `timestamp '${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')}'`;
}

function dataFile(name: string): string {
  return text(fileURLToPath(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url)));
}

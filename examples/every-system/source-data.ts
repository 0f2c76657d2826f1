import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { AIRPORTS, copySelected, FLIGHTS, text, withDuck } from '../flights/vega-data.ts';

/** Airports of Hawaii: what departs there is in the MySQL of the islands, everything else in the airline's PostgreSQL. */
const ISLANDS = `origin in ('HNL', 'OGG', 'LIH', 'KOA', 'ITO')`;

/** Fills the sources with the flights of the given days (`2001-01-01`), and the airports. */
export async function fillSources(
  environment: Readonly<Record<string, string>>,
  scratch: string,
  dates: readonly string[],
): Promise<void> {
  const flights = `select * from ${FLIGHTS} where departure::date in (${dates.map(text).join(', ')})`;
  await withDuck(async (duck) => {
    const client = new pg.Client({ connectionString: environment['AIRLINE_URL'] });
    await client.connect();
    try {
      await copySelected(duck, `${flights} and not (${ISLANDS})`, {
        client,
        table: 'public.flights',
        scratch,
      });
      await copySelected(duck, `select * from ${AIRPORTS}`, { client, table: 'public.airports', scratch });
    } finally {
      await client.end();
    }
    const islandsUrl = environment['ISLANDS_URL'];
    if (islandsUrl === undefined) return;
    const read = await duck.runAndReadAll(
      `select departure::varchar, delay, distance, origin, destination from (${flights} and ${ISLANDS})`,
    );
    const islands = await createConnection(islandsUrl);
    try {
      await islands.query('insert into flights values ?', [read.getRows()]);
    } finally {
      await islands.end();
    }
  });
}

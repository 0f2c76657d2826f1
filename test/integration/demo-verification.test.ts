import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { verify } from '../../examples/flights/verification.ts';
import { freshDatabase, type FreshDatabase } from '../support/local-cloud.ts';

const DAYS = ['2001-01-01', '2001-01-02'];

const FLIGHTS = `(departure timestamp, delay integer, distance integer, origin text, destination text`;
const AIRPORTS =
  '(iata text primary key, name text, city text, state text, country text, latitude float8, longitude float8)';

/** Three flights on the first day, of which two are exact duplicates, and one on the second. */
const ROWS = `('2001-01-01 08:05', 20, 100, 'LAS', 'PHL'), ('2001-01-01 08:05', 20, 100, 'LAS', 'PHL'),
  ('2001-01-01 23:59', -3, 50, 'ATL', 'SAV'), ('2001-01-02 00:00', 16, 70, 'LAS', 'ATL')`;
const PLACES = `('LAS', 'McCarran', 'Las Vegas', 'NV', 'USA', 36.08, -115.15), ('ATL', 'Hartsfield', 'Atlanta', 'GA', 'USA', 33.64, -84.43)`;
const SUMMARY = `('2001-01-01', 'LAS', 'McCarran', 'Las Vegas', 'NV', 2, 2, 40, 20, 20.00),
  ('2001-01-01', 'ATL', 'Hartsfield', 'Atlanta', 'GA', 1, 0, -3, -3, -3.00),
  ('2001-01-02', 'LAS', 'McCarran', 'Las Vegas', 'NV', 1, 1, 16, 16, 16.00)`;
const HUBS = `('2001-01-01', 1, 'LAS', 'McCarran', 2, 2, 20.00), ('2001-01-01', 2, 'ATL', 'Hartsfield', 1, 0, -3.00),
  ('2001-01-02', 1, 'LAS', 'McCarran', 1, 1, 16.00)`;
const SUMMARY_TABLE =
  '(flight_date date, iata text, airport text, city text, state text, flights int, late_flights int, total_delay int, longest_delay int, mean_delay numeric(10,2))';

const SCHEMA = {
  source: `create table flights ${FLIGHTS}); create table airports ${AIRPORTS};`,
  warehouse: `create schema analytics; create schema marts;
    create table analytics.flights ${FLIGHTS}, reefline_timelabel char(14)); create table analytics.airports ${AIRPORTS};
    create table marts.airport_delays ${SUMMARY_TABLE};
    create table marts.hub_delays (flight_date date, hub_rank int, iata text, airport text, flights int, late_flights int, mean_delay numeric(10,2));`,
  serving: `create table airport_delays ${SUMMARY_TABLE};`,
};

const FILL = {
  source: `truncate flights, airports; insert into flights values ${ROWS}; insert into airports values ${PLACES};`,
  warehouse: `truncate analytics.flights, analytics.airports, marts.airport_delays, marts.hub_delays;
    insert into analytics.flights select *, to_char(departure::timestamp, 'YYYYMMDDHH24') || '0000' from
      (select departure::timestamp, delay, distance, origin, destination from (values ${ROWS}) v(departure, delay, distance, origin, destination)) f;
    insert into analytics.airports values ${PLACES};
    insert into marts.airport_delays values ${SUMMARY}; insert into marts.hub_delays values ${HUBS};`,
  serving: `truncate airport_delays; insert into airport_delays values ${SUMMARY};`,
};

type Side = keyof typeof SCHEMA;
const SIDES = ['source', 'warehouse', 'serving'] as const;

describe('the verification of the demo', () => {
  const databases = new Map<Side, { database: FreshDatabase; client: Client }>();

  beforeAll(async () => {
    for (const side of SIDES) {
      const database = await freshDatabase(`demo-${side}`);
      const client = new Client({ connectionString: database.url });
      await client.connect();
      databases.set(side, { database, client });
      await client.query(SCHEMA[side]);
    }
  });

  beforeEach(async () => {
    for (const side of SIDES) await on(side, FILL[side]);
  });

  afterAll(async () => {
    for (const { database, client } of databases.values()) {
      await client.end();
      await database.drop();
    }
  });

  async function on(side: Side, statement: string): Promise<void> {
    await databases.get(side)?.client.query(statement);
  }

  async function differences(): Promise<readonly string[]> {
    const url = (side: Side): string => databases.get(side)?.database.url ?? '';
    const urls = { sourceUrl: url('source'), warehouseUrl: url('warehouse'), servingUrl: url('serving') };
    const verified = await verify(urls, DAYS);
    expect([verified.hours, verified.days, verified.rows, verified.duplicates]).toEqual([48, 2, 4, 1]);
    expect(verified.emptyHours).toBe(45);
    return verified.differences;
  }

  test('finds none where both sides hold the same rows', async () => {
    expect(await differences()).toEqual([]);
  });

  test.each([
    ['a changed value', `update analytics.flights set delay = -4 where delay = -3`, '2001-01-01 23:00'],
    ['a missing row', `delete from analytics.flights where delay = 16`, '2001-01-02 00:00'],
    ['a lost duplicate', `delete from analytics.flights where ctid = '(0,1)'`, '2001-01-01 08:00'],
    [
      'a doubled row',
      `insert into analytics.flights select * from analytics.flights where delay = -3`,
      '2001-01-01 23:00',
    ],
    [
      'two rows that swapped a value',
      `update analytics.flights set distance = 120 - distance where origin = 'ATL' or departure = '2001-01-02'`,
      '2001-01-02 00:00',
    ],
    [
      'a row of a day that was not run',
      `insert into analytics.flights values ('2001-01-09 05:00', 1, 1, 'LAS', 'ATL', '20010109050000')`,
      '2001-01-09 05:00',
    ],
  ])('finds %s in the warehouse and names its hour', async (_what, statement, hour) => {
    await on('warehouse', statement);
    const found = await differences();
    expect(found.some((difference) => difference.startsWith(`flights of ${hour}:`))).toBe(true);
  });

  test('finds a row under the label of another hour', async () => {
    await on(
      'warehouse',
      `update analytics.flights set reefline_timelabel = '20010101070000' where delay = 20`,
    );
    expect(await differences()).toEqual(['2 flights lie in the warehouse under the label of another hour']);
  });

  test.each<[string, Side, string, string]>([
    [
      'an airport that changed',
      'warehouse',
      `update analytics.airports set latitude = 1 where iata = 'LAS'`,
      'airports:',
    ],
    [
      'a summary that is wrong',
      'warehouse',
      `update marts.airport_delays set mean_delay = 20.01 where flights = 2`,
      'warehouse table marts.airport_delays: mean_delay of 2001-01-01 LAS is 20.01, and must be 20.00',
    ],
    [
      'a served row that is missing',
      'serving',
      `delete from airport_delays where iata = 'ATL'`,
      'serving table airport_delays: the row 2001-01-01 ATL is missing',
    ],
    [
      'a served row that is too many',
      'serving',
      `insert into airport_delays (flight_date, iata) values ('2001-01-05', 'LAS')`,
      'serving table airport_delays: the row 2001-01-05 LAS has no counterpart at the source',
    ],
    [
      'a served row that is there twice',
      'serving',
      `insert into airport_delays select * from airport_delays where iata = 'ATL'`,
      'serving table airport_delays: 1 rows repeat a key',
    ],
    [
      'a hub that is wrong',
      'warehouse',
      `update marts.hub_delays set iata = 'LAS' where iata = 'ATL'`,
      'warehouse table marts.hub_delays: iata of 2001-01-01 2 is LAS, and must be ATL',
    ],
  ])('finds %s', async (_what, side, statement, sentence) => {
    await on(side, statement);
    const found = await differences();
    expect(found.filter((difference) => difference.startsWith(sentence))).toHaveLength(1);
  });
});

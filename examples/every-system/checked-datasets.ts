import type { Row } from '../flights/row-differences.ts';
import {
  airportDelays,
  arrivals,
  hourDelays,
  labelled,
  routes,
  routesOk,
  type SourceRows,
  underEachDay,
} from './expected-rows.ts';

type Source = 'airline' | 'islands';
type Expected = (sources: SourceRows, dates: readonly string[]) => readonly Row[];

/** A dataset of the project: where it is, what the project does there, and what has to be in it. */
export interface CheckedDataset {
  readonly system: string;
  readonly does: string;
  readonly dataset: string;
  readonly expected: Expected;
  /** The source that it comes from. */
  readonly source: Source;
}

const flights: Expected = (sources) => labelled(sources.flights);
const islands: Expected = (sources) => labelled(sources.islands ?? []);
const airportSnapshots: Expected = (sources, dates) => underEachDay(sources.airports, dates);
const airports: Expected = (sources) => sources.airports;

/** Every dataset that a stage of examples/every-system/project makes. */
export const CHECKED: readonly CheckedDataset[] = [
  checked('S3', 'staged as Parquet', 'lake.airline.flights', flights),
  checked('S3', 'staged as CSV', 'lake.airline.airports', airportSnapshots),
  checked('S3', 'staged as Parquet', 'lake.islands.flights', islands, 'islands'),
  checked('Glue', 'registered', 'catalog.airline.flights', flights),
  checked('Redshift', 'loaded', 'warehouse.airline.flights', flights),
  checked('Redshift', 'loaded by key', 'warehouse.airline.airports', airports),
  checked('Redshift', 'transformed', 'warehouse.marts.airport_delays', airportDelays),
  checked('Athena', 'transformed', 'lakehouse.marts.routes', routes),
  checked('Athena', 'checked', 'lakehouse.marts.routes$routes_ok', routesOk),
  checked('Athena', 'replaced', 'lakehouse.marts.arrivals', arrivals),
  checked('Snowflake', 'loaded', 'snow.airline.flights', flights),
  checked('Snowflake', 'loaded', 'snow.islands.flights', islands, 'islands'),
  checked('Snowflake', 'transformed', 'snow.marts.hour_delays', hourDelays),
  checked('PostgreSQL', 'loaded', 'serving.airline.flights', flights),
  checked('PostgreSQL', 'loaded', 'serving.islands.flights', islands, 'islands'),
  checked('PostgreSQL', 'published', 'serving.public.airport_delays', airportDelays),
  checked('PostgreSQL', 'published', 'serving.public.routes', routes),
  checked('PostgreSQL', 'published', 'serving.public.hour_delays', hourDelays),
  checked('Salesforce', 'published', 'crm.sobjects.Airport_Delay__c', airportDelays),
];

function checked(
  system: string,
  does: string,
  dataset: string,
  expected: Expected,
  source: Source = 'airline',
): CheckedDataset {
  return { system, does, dataset, expected, source };
}

import type { Row } from '../flights/row-differences.ts';

/** What the sources hold of the days that were run; null where there is no server of the source. */
export interface SourceRows {
  readonly flights: readonly Row[];
  readonly airports: readonly Row[];
  readonly islands: readonly Row[] | null;
}

/** `2001-01-01` of `2001-01-01 08:05:00`, and the label of that day. */
function dayOf(flight: Row): string {
  return (flight['departure'] ?? '').slice(0, 10);
}

/** `20010101000000` of `2001-01-01` */
export function labelOf(date: string): string {
  return `${date.replaceAll('-', '')}000000`;
}

/** Every row with the label that it has to lie under. */
export function labelled(rows: readonly Row[]): readonly Row[] {
  return rows.map((row) => ({ ...row, timelabel: labelOf(dayOf(row)) }));
}

/** A snapshot holds all rows under each label. */
export function underEachDay(rows: readonly Row[], dates: readonly string[]): readonly Row[] {
  return dates.flatMap((date) => rows.map((row) => ({ ...row, timelabel: labelOf(date) })));
}

interface Delays {
  flights: number;
  total: number;
  longest: number;
}

/** Delays by whatever `keyOf` says of a flight; a flight without a key is not counted. */
function delaysBy(
  flights: readonly Row[],
  keyOf: (flight: Row) => readonly string[],
): readonly (Delays & { readonly key: readonly string[] })[] {
  const groups = new Map<string, Delays & { readonly key: readonly string[] }>();
  for (const flight of flights) {
    const key = keyOf(flight);
    const name = key.join(' ');
    const group = groups.get(name) ?? { key, flights: 0, total: 0, longest: Number.NEGATIVE_INFINITY };
    const delay = Number(flight['delay']);
    group.flights += 1;
    group.total += delay;
    group.longest = Math.max(group.longest, delay);
    groups.set(name, group);
  }
  return [...groups.values()];
}

/** By day and airport of departure, of the airports that are known. */
export function airportDelays({ flights, airports }: SourceRows): readonly Row[] {
  const names = new Map(airports.map((airport) => [airport['iata'], airport['name']]));
  const known = flights.filter((flight) => names.has(flight['origin']));
  return delaysBy(known, (flight) => [dayOf(flight), flight['origin'] ?? '']).map(
    ({ key: [date = '', iata = ''], flights: count, total, longest }) => ({
      report_id: `${iata}-${labelOf(date)}`,
      flight_date: date,
      airport: names.get(iata) ?? null,
      flights: String(count),
      total_delay: String(total),
      longest_delay: String(longest),
    }),
  );
}

/** By day, origin and destination. */
export function routes({ flights }: SourceRows): readonly Row[] {
  const keyOf = (flight: Row): string[] => [
    dayOf(flight),
    flight['origin'] ?? '',
    flight['destination'] ?? '',
  ];
  return delaysBy(flights, keyOf).map(
    ({ key: [date = '', origin = '', destination = ''], flights: count, total }) => ({
      flight_date: date,
      origin,
      destination,
      flights: String(count),
      total_delay: String(total),
    }),
  );
}

/** By destination, of the newest day alone: each day replaces the one before it. */
export function arrivals({ flights }: SourceRows, dates: readonly string[]): readonly Row[] {
  const newest = flights.filter((flight) => dayOf(flight) === dates.at(-1));
  return delaysBy(newest, (flight) => [dayOf(flight), flight['destination'] ?? '']).map(
    ({ key: [date = '', destination = ''], flights: count, total }) => ({
      flight_date: date,
      destination,
      flights: String(count),
      total_delay: String(total),
    }),
  );
}

/** How many routes of each day violate an assertion: none is without a flight, and a mean delay of 15 minutes is late. */
export function routesOk(sources: SourceRows, dates: readonly string[]): readonly Row[] {
  const all = routes(sources);
  const violated = (
    date: string,
    assertion: string,
    severity: string,
    violates: (route: Row) => boolean,
  ): Row => ({
    timelabel: labelOf(date),
    assertion,
    severity,
    violations: String(all.filter((route) => route['flight_date'] === date && violates(route)).length),
  });
  return dates.flatMap((date) => [
    violated(date, 'counted', 'error', (route) => Number(route['flights']) < 1),
    violated(
      date,
      'punctual',
      'warn',
      (route) => Number(route['total_delay']) >= 15 * Number(route['flights']),
    ),
  ]);
}

/** By day and hour of departure. */
export function hourDelays({ flights }: SourceRows): readonly Row[] {
  const hourOf = (flight: Row): string => String(Number((flight['departure'] ?? '').slice(11, 13)));
  return delaysBy(flights, (flight) => [dayOf(flight), hourOf(flight)]).map(
    ({ key: [date = '', hour = ''], flights: count, total }) => ({
      flight_date: date,
      flight_hour: hour,
      flights: String(count),
      total_delay: String(total),
    }),
  );
}

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { readProject } from '../../config/project.ts';
import { checkResults } from '../../examples/every-system/check-results.ts';
import { CHECKED } from '../../examples/every-system/checked-datasets.ts';
import { verifiedLines } from '../../examples/every-system/report.ts';
import { type Findings, type Verified, verify } from '../../examples/every-system/verification.ts';
import type { Row } from '../../examples/flights/row-differences.ts';

const PROJECT = fileURLToPath(new URL('../../examples/every-system/project', import.meta.url));
const DATES = ['2001-01-01', '2001-01-02'];
const [FIRST, SECOND] = ['20010101000000', '20010102000000'];

/** Rows from texts, in the order of the columns. */
function rows(columns: string, ...lines: string[]): readonly Row[] {
  const names = columns.split(' ');
  return lines.map((line) => {
    const values = line.split('|');
    return Object.fromEntries(names.map((name, at) => [name, values[at] ?? null]));
  });
}

/** Two of the flights are exact duplicates, and one departs from an airport that nobody knows. */
const FLIGHTS = [
  ['2001-01-01 08:05:00|20|100|LAS|PHL', FIRST],
  ['2001-01-01 08:05:00|20|100|LAS|PHL', FIRST],
  ['2001-01-01 23:59:00|-3|50|ATL|SAV', FIRST],
  ['2001-01-02 00:00:00|16|70|LAS|ATL', SECOND],
  ['2001-01-02 00:10:00|1|70|XXX|ATL', SECOND],
] as const;
const FLIGHT = 'departure delay distance origin destination';
const ISLAND = '2001-01-02 09:00:00|-1|80|HNL|OGG';
const AIRPORTS = ['LAS|McCarran|Las Vegas|NV|USA|36.08|-115.15', 'ATL|Hartsfield|Atlanta||USA|33.64|-84.43'];
const AIRPORT = 'iata name city state country latitude longitude';

const plain = FLIGHTS.map(([line]) => line);
const sources = {
  flights: rows(FLIGHT, ...plain),
  airports: rows(AIRPORT, ...AIRPORTS),
  islands: rows(FLIGHT, ISLAND),
};

const flights = rows(`${FLIGHT} timelabel`, ...FLIGHTS.map((parts) => parts.join('|')));
const islands = rows(`${FLIGHT} timelabel`, `${ISLAND}|${SECOND}`);
const snapshots = rows(
  `${AIRPORT} timelabel`,
  ...[FIRST, SECOND].flatMap((label) => AIRPORTS.map((airport) => `${airport}|${label}`)),
);
const airportDelays = rows(
  'report_id flight_date airport flights total_delay longest_delay',
  `LAS-${FIRST}|2001-01-01|McCarran|2|40|20`,
  `ATL-${FIRST}|2001-01-01|Hartsfield|1|-3|-3`,
  `LAS-${SECOND}|2001-01-02|McCarran|1|16|16`,
);
const routes = rows(
  'flight_date origin destination flights total_delay',
  ...[
    '2001-01-01|LAS|PHL|2|40',
    '2001-01-01|ATL|SAV|1|-3',
    '2001-01-02|LAS|ATL|1|16',
    '2001-01-02|XXX|ATL|1|1',
  ],
);
const routesOk = rows(
  'timelabel assertion severity violations',
  ...[`${FIRST}|counted|error|0`, `${FIRST}|punctual|warn|1`],
  ...[`${SECOND}|counted|error|0`, `${SECOND}|punctual|warn|1`],
);
const arrivals = rows('flight_date destination flights total_delay', '2001-01-02|ATL|2|17');
const hourDelays = rows(
  'flight_date flight_hour flights total_delay',
  ...['2001-01-01|8|2|40', '2001-01-01|23|1|-3', '2001-01-02|0|2|17'],
);

const DATASETS: Readonly<Record<string, readonly Row[]>> = {
  'lake.airline.flights': flights,
  'lake.airline.airports': snapshots,
  'lake.islands.flights': islands,
  'catalog.airline.flights': flights,
  'warehouse.airline.flights': flights,
  'warehouse.airline.airports': sources.airports,
  'warehouse.marts.airport_delays': airportDelays,
  'lakehouse.marts.routes': routes,
  'lakehouse.marts.routes$routes_ok': routesOk,
  'lakehouse.marts.arrivals': arrivals,
  'snow.airline.flights': flights,
  'snow.islands.flights': islands,
  'snow.marts.hour_delays': hourDelays,
  'serving.airline.flights': flights,
  'serving.islands.flights': islands,
  'serving.public.airport_delays': airportDelays,
  'serving.public.routes': routes,
  'serving.public.hour_delays': hourDelays,
  'crm.sobjects.Airport_Delay__c': airportDelays,
};

const events = Object.keys(DATASETS).flatMap((dataset) =>
  [FIRST, SECOND].map((timelabel) => ({ event_type: 'data', dataset, timelabel, status: 'SUCCESS' })),
);

const RIGHT: Findings = { dates: DATES, sources, datasets: new Map(Object.entries(DATASETS)), events };

/** The lines that differ, by their dataset. */
function differing(verified: readonly Verified[]): readonly string[] {
  return verified.filter(({ differences }) => differences.length > 0).map(({ dataset }) => dataset);
}

describe('the verification of the demo of every system', () => {
  test('checks each dataset that the project makes, and knows the source of each', async () => {
    const read = await readProject(PROJECT);
    if ('problems' in read) throw new Error(JSON.stringify(read.problems));
    const { stages } = read.project;
    const outputs = stages.map(({ output }) => output).sort();
    expect(CHECKED.map(({ dataset }) => dataset).sort()).toEqual(outputs);
    const fromIslands = stages.filter(({ work, inputs }) =>
      JSON.stringify([work, inputs]).includes('islands.'),
    );
    expect(
      CHECKED.filter(({ source }) => source === 'islands')
        .map(({ dataset }) => dataset)
        .sort(),
    ).toEqual(fromIslands.map(({ output }) => output).sort());
  });

  test('finds no difference where everything is right, whatever the order of rows and columns', () => {
    const datasets = new Map(
      Object.entries(DATASETS).map(([dataset, found]) => [
        dataset,
        found.map((row) => Object.fromEntries(Object.entries(row).reverse())).reverse(),
      ]),
    );
    for (const findings of [RIGHT, { ...RIGHT, datasets }]) {
      const verified = verify(findings);
      expect(differing(verified)).toEqual([]);
      expect(verified).toHaveLength(3 + CHECKED.length + 1);
    }
    expect(verifiedLines(verify(RIGHT), new Map()).at(-1)).toBe(
      'verified: 23 places, 0 left out; 0 differences',
    );
  });

  test('prints the lines that docs/demo.md shows', async () => {
    const page = await readFile(new URL('../../docs/demo.md', import.meta.url), 'utf8');
    const shown = page
      .slice(page.indexOf('system      does'), page.indexOf('verified: 23 places'))
      .split('\n');
    const withoutRows = (line: string): string =>
      line.replace(/ +[\d,]+(?=  )/, ' N').replace(/ {2,}/g, '  ');
    const lines = verifiedLines(verify(RIGHT), new Map()).slice(2, -1);
    expect(shown.slice(2, -1).map(withoutRows)).toEqual(lines.map(withoutRows));
  });

  test.each<[string, (found: readonly Row[]) => readonly Row[]]>([
    ['is missing', (found) => found.slice(1)],
    ['is there twice', (found) => [...found, ...found.slice(0, 1)]],
    ...['first', 'last'].map((which): [string, (found: readonly Row[]) => readonly Row[]] => [
      `has another value in its ${which} column`,
      ([row = {}, ...rest]) => {
        const column = Object.keys(row).at(which === 'first' ? 0 : -1) ?? '';
        return [{ ...row, [column]: `${row[column] ?? ''}1` }, ...rest];
      },
    ]),
    [
      'has NULL instead of a value',
      ([row = {}, ...rest]) => [{ ...row, origin: null, airport: null }, ...rest],
    ],
    [
      'is there of a day that was not run',
      ([row = {}, ...rest]) => [row, ...rest, { ...row, flight_date: '2001-01-03' }],
    ],
    ['belongs to a table that is not there at all', () => []],
  ])('finds a row that %s, in every dataset, and in no other', (_what, damage) => {
    for (const [dataset, found] of Object.entries(DATASETS)) {
      const verified = verify({ ...RIGHT, datasets: new Map(RIGHT.datasets).set(dataset, damage(found)) });
      expect(differing(verified)).toEqual([dataset]);
      expect(verifiedLines(verified, new Map()).at(-1)).not.toContain('; 0 differences');
    }
  });

  test.each([
    ['is missing', events.slice(1)],
    ['is there twice', [...events, ...events.slice(0, 1)]],
    ['says that a run failed', [{ ...events[0], status: 'FAILURE' }, ...events.slice(1)]],
    ['is of a day that was not run', [...events, { ...events[0], timelabel: '20010103000000' }]],
  ])('finds an event that %s', (_what, received) => {
    const verified = verify({ ...RIGHT, events: received as Findings['events'] });
    expect(differing(verified)).toEqual(["the customers' queue"]);
  });

  test('takes what a check has found from its events, an assertion and label at a time', () => {
    const told = [FIRST, SECOND].map((timelabel) => ({
      ...{ event_type: 'data', dataset: 'lakehouse.marts.routes$routes_ok', timelabel, status: 'SUCCESS' },
      checks: [
        { name: 'counted', severity: 'error', violations: 0 },
        { name: 'punctual', severity: 'warn', violations: 1 },
      ],
    }));
    const found = checkResults([...events, ...told]);
    expect(found).toEqual(new Map([['lakehouse.marts.routes$routes_ok', routesOk]]));
  });

  test('leaves out what comes from a source without a server, says why, and does not call it right', () => {
    const without = {
      ...RIGHT,
      sources: { ...sources, islands: null },
      datasets: new Map([...RIGHT.datasets].filter(([dataset]) => !dataset.includes('.islands.'))),
      events: events.filter(({ dataset }) => !dataset.includes('.islands.')),
    };
    const lines = verifiedLines(verify(without), new Map([['islands', 'There is no server.']]));
    expect(lines.filter((line) => line.endsWith('left out'))).toHaveLength(4);
    expect(lines).toContain('left out: what comes from islands. There is no server.');
    expect(lines.at(-1)).toBe('verified: 19 places, 4 left out; 0 differences');
    expect(differing(verify({ ...without, events }))).toEqual(["the customers' queue"]);
  });

  test('shows nothing as right when a source is empty', () => {
    const empty = { ...RIGHT, sources: { ...sources, islands: [] }, datasets: new Map(RIGHT.datasets) };
    for (const dataset of RIGHT.datasets.keys())
      if (dataset.includes('.islands.')) empty.datasets.set(dataset, []);
    expect(differing(verify(empty))).toEqual([
      'islands.dev_islands.flights',
      'lake.islands.flights',
      'snow.islands.flights',
      'serving.islands.flights',
    ]);
  });
});

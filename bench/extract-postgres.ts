import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import type { FormatName } from '../pipeline/staged-format.ts';
import { atMost, percentile, rounded, type Figure } from './figure.ts';
import type { MoverReport } from './mysql-mover.ts';
import type { PostgresMoverRequest } from './postgres-mover.ts';
import { ROWS } from './psql-pairs.ts';
import { makeScratchFolder } from './scratch-folder.ts';
import type { Stack } from './stack.ts';

const ROUNDS = 3;
const MOVER = fileURLToPath(new URL('./postgres-mover.ts', import.meta.url));
const SCHEMA = 'bench_extract';

/** Three million flights, a third of them, and fewer rows of every type that takes some work. */
const TABLES = {
  flights: ROWS.flights('generate_series(1, 3000000)'),
  flights_third: ROWS.flights('generate_series(1, 1000000)'),
  awkward: ROWS.awkward('jsonb'),
} as const;
type Table = keyof typeof TABLES;

/**
 * Extract of a table into files, against psql reading the same table as CSV into nothing; the larger ratio of two
 * tables. And the peak memory of the mover at three million rows. No figure where psql is not installed.
 */
export async function extractPostgres(stack: Stack, say: (line: string) => void): Promise<Figure[]> {
  const psql = await promisify(execFile)('psql', ['--version']).catch(() => undefined);
  if (psql === undefined) {
    say(
      'The figures of extracts from PostgreSQL are left out. Install psql (apt-get install postgresql-client).',
    );
    return [];
  }
  const { postgresUrl: url } = stack;
  const folder = makeScratchFolder('extract');
  await fill(url);
  try {
    const parquet = await measureBoth(url, folder, 'parquet');
    const csv = await measureBoth(url, folder, 'csv.zst');
    const third = await move({
      ...at('flights_third'),
      url,
      prefix: join(folder, 'third-'),
      format: 'parquet',
    });
    const rss = Math.max(...[parquet, csv].map(({ flights: { rssMb } }) => rssMb));
    return [
      atMost('extract_parquet_ratio', worst(parquet), 1.1, parquet),
      atMost('extract_csv_ratio', worst(csv), 1.3, csv),
      atMost('extract_rss_mb', rss, 450, { rows: 3_000_000, atOneMillionRows: third.rss }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await ask(url, [`drop schema ${SCHEMA} cascade`]);
  }
}

interface TableResult {
  readonly ratio: number;
  readonly rows: number;
  readonly bytes: number;
  readonly extractMs: number;
  readonly psqlMs: number;
  readonly rssMb: number;
  readonly loadAverage: number;
}
type Results = Readonly<Record<'flights' | 'awkward', TableResult>>;

function worst(results: Results): number {
  return Math.max(results.flights.ratio, results.awkward.ratio);
}

async function measureBoth(url: string, folder: string, format: FormatName): Promise<Results> {
  const flightsResult = await measure(url, 'flights', folder, format);
  return { flights: flightsResult, awkward: await measure(url, 'awkward', folder, format) };
}

/** The median of the ratios of alternate rounds; one of each before they count warms the server's memory. */
async function measure(url: string, table: Table, folder: string, format: FormatName): Promise<TableResult> {
  const psql: number[] = [];
  const mover: MoverReport[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const milliseconds = await readWithPsql(url, table);
    const report = await move({ ...at(table), url, prefix: join(folder, `${table}-`), format });
    if (round === 0) continue;
    psql.push(milliseconds);
    mover.push(report);
  }
  const ratios = mover.map(({ milliseconds }, round) => milliseconds / (psql[round] ?? Number.NaN));
  const times = mover.map(({ milliseconds }) => milliseconds);
  return {
    ratio: rounded(percentile(ratios, 0.5)),
    rows: mover[0]?.rows ?? 0,
    bytes: mover[0]?.bytes ?? 0,
    extractMs: Math.round(percentile(times, 0.5)),
    psqlMs: Math.round(percentile(psql, 0.5)),
    rssMb: Math.max(...mover.map(({ rss }) => rss)),
    loadAverage: rounded(loadavg()[0] ?? 0),
  };
}

function at(table: Table): { readonly schema: string; readonly table: string } {
  return { schema: SCHEMA, table };
}

async function fill(url: string): Promise<void> {
  const tables = Object.entries(TABLES).map(
    ([name, select]) => `create table ${SCHEMA}.${name} as ${select}`,
  );
  await ask(url, [
    `drop schema if exists ${SCHEMA} cascade`,
    `create schema ${SCHEMA}`,
    ...tables,
    'checkpoint',
  ]);
}

async function ask(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

async function readWithPsql(url: string, table: Table): Promise<number> {
  const statement = `copy ${SCHEMA}.${table} to stdout (format csv)`;
  const begun = performance.now();
  await promisify(execFile)('sh', ['-c', 'psql -X -q -c "$1" "$2" > /dev/null', 'sh', statement, url]);
  return performance.now() - begun;
}

async function move(request: PostgresMoverRequest): Promise<MoverReport> {
  const { stdout } = await promisify(execFile)(process.execPath, [MOVER, JSON.stringify(request)]);
  return JSON.parse(stdout) as MoverReport;
}

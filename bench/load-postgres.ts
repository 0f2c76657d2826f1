import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { atMost, percentile, rounded, type Figure } from './figure.ts';
import type { LoadMoverReport, LoadMoverRequest, Staged } from './load-mover.ts';
import type { Stack } from './stack.ts';

const ROUNDS = 3;
const MOVER = fileURLToPath(new URL('./load-mover.ts', import.meta.url));
const SCHEMA = 'bench_load';
const LABELS = ['20010101000000', '20010102000000'] as const;

/** Three million flights, one per cent of them again, and fewer rows of every type that takes some work. */
const TABLES = {
  flights: flights('generate_series(1, 3000000)'),
  changes: flights('generate_series(100, 3000000, 100)'),
  flights_third: flights('generate_series(1, 1000000)'),
  awkward: `
    select g::int8 * 1000000007 as big, (g / 7.0)::numeric(12,4) as amount, (g / 3.0)::numeric(38,10) as wide,
      g / 3.0::float8 as ratio, g % 2 = 0 as yes, case when g % 3 > 0 then md5(g::text) end as note,
      repeat('größe 😀 "', g % 9) as words, decode(md5(g::text), 'hex') as body, date '2001-01-01' + g % 9000 as day,
      timestamptz '2001-01-01' + g * interval '1 microsecond' as at, json_build_object('id', g) as doc,
      md5(g::text)::uuid as ref
    from generate_series(1, 400000) g`,
} as const;
type Table = keyof typeof TABLES;

function flights(ids: string): string {
  return `
    select g::int8 as id, timestamp '2001-01-01' + g * interval '1 second' as departed_at, g % 600 - 60 as delay,
      g % 3000 as distance, chr(65 + g % 26) || 'AB' as origin, 'X' || chr(65 + g % 17) || 'Z' as destination
    from ${ids} g`;
}

/**
 * What a load of staged files costs against psql: `\copy` from a text file; `psql | psql` for an extract and a load;
 * and the same upsert of one per cent of the rows. No figure where psql is not installed.
 */
export async function loadPostgres(stack: Stack, say: (line: string) => void): Promise<Figure[]> {
  if ((await promisify(execFile)('psql', ['--version']).catch(() => undefined)) === undefined) {
    say(
      'The figures of loads into PostgreSQL are left out. Install psql (apt-get install postgresql-client).',
    );
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'reefline-bench-load-'));
  const bench = new LoadBench(stack.postgresUrl, folder);
  try {
    await bench.fill();
    const copies = { flights: await bench.copy('flights'), awkward: await bench.copy('awkward') };
    const third = await bench.load(await bench.staged('flights_third'), 'loaded_third');
    const moved = { flights: await bench.endToEnd('flights'), awkward: await bench.endToEnd('awkward') };
    const merged = await bench.merge();
    const worst = (results: Readonly<Record<string, Compared>>): number =>
      Math.max(...Object.values(results).map(({ ratio }) => ratio));
    return [
      atMost('load_copy_ratio', worst(copies), 1.1, copies),
      atMost('load_rss_mb', Math.max(copies.flights.rssMb, copies.awkward.rssMb), 450, {
        rows: 3_000_000,
        atOneMillionRows: third.rss,
      }),
      atMost('pg_to_pg_ratio', worst(moved), 1.25, moved),
      atMost('merge_ratio', merged.ratio, 1.4, { ...merged }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await bench.ask(`drop schema ${SCHEMA} cascade`);
  }
}

interface Compared {
  readonly ratio: number;
  readonly reeflineMs: number;
  readonly psqlMs: number;
  readonly rssMb: number;
  readonly loadAverage: number;
}

class LoadBench {
  readonly #url: string;
  readonly #folder: string;
  readonly #staged = new Map<Table, Staged>();

  constructor(url: string, folder: string) {
    this.#url = url;
    this.#folder = folder;
  }

  async fill(): Promise<void> {
    await this.ask(`drop schema if exists ${SCHEMA} cascade`, `create schema ${SCHEMA}`);
    for (const [name, select] of Object.entries(TABLES))
      await this.ask(`create table ${SCHEMA}.${name} as ${select}`);
    await this.ask('checkpoint');
  }

  async staged(table: Table): Promise<Staged> {
    const known = this.#staged.get(table);
    if (known !== undefined) return known;
    const { staged } = await this.#move({ from: table, prefix: join(this.#folder, `${table}-`) });
    this.#staged.set(table, staged);
    return staged;
  }

  /** Loads into a table that is not there yet. */
  async load(staged: Staged, table: string): Promise<LoadMoverReport> {
    await this.ask(`drop table if exists ${SCHEMA}.${table}`);
    return this.#move({ staged, into: { table, timelabel: LABELS[0], mode: 'append', key: [] } });
  }

  async copy(table: Table): Promise<Compared> {
    const staged = await this.staged(table);
    const text = join(this.#folder, `${table}.txt`);
    await this.#psql(`\\copy ${SCHEMA}.${table} to '${text}'`);
    return this.#compare(
      () => this.load(staged, 'loaded'),
      async () => {
        await this.#emptyLike(table);
        return this.#psql(`\\copy ${SCHEMA}.copied from '${text}'`);
      },
    );
  }

  async endToEnd(table: Table): Promise<Compared> {
    return this.#compare(
      async () => {
        await this.ask(`drop table if exists ${SCHEMA}.loaded`);
        return this.#move({
          from: table,
          prefix: join(this.#folder, 'moved-'),
          into: { table: 'loaded', timelabel: LABELS[0], mode: 'append', key: [] },
        });
      },
      async () => {
        await this.#emptyLike(table);
        const out = `copy ${SCHEMA}.${table} to stdout`;
        return timed('sh', [
          '-c',
          'psql -X -q -c "$1" "$3" | psql -X -q -c "$2" "$3"',
          'sh',
          out,
          `copy ${SCHEMA}.copied from stdin`,
          this.#url,
        ]);
      },
    );
  }

  /** Both tables have all flights and a unique index on the id. */
  async merge(): Promise<Compared> {
    const [all, changes] = [await this.staged('flights'), await this.staged('changes')];
    const text = join(this.#folder, 'changes.txt');
    await this.#psql(`\\copy ${SCHEMA}.changes to '${text}'`);
    const names = all.columns.map(({ name }) => name);
    const sets = names.slice(1).map((name) => `${name} = excluded.${name}`);
    return this.#compare(
      async () => {
        await this.ask(`drop table if exists ${SCHEMA}.loaded`);
        await this.#move({
          staged: all,
          into: { table: 'loaded', timelabel: LABELS[0], mode: 'merge', key: ['id'] },
        });
        await this.ask('checkpoint');
        return this.#move({
          staged: changes,
          into: { table: 'loaded', timelabel: LABELS[1], mode: 'merge', key: ['id'] },
        });
      },
      async () => {
        await this.#emptyLike('flights');
        await this.ask(
          `create unique index on ${SCHEMA}.copied (id)`,
          `insert into ${SCHEMA}.copied select * from ${SCHEMA}.flights`,
          'checkpoint',
        );
        return this.#psql(
          'begin',
          `create temp table batch (like ${SCHEMA}.copied)`,
          `\\copy batch from '${text}'`,
          `insert into ${SCHEMA}.copied select * from batch on conflict (id) do update set ${sets.join(', ')}`,
          'commit',
        );
      },
    );
  }

  async ask(...statements: readonly string[]): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }

  /** The median of the ratios of alternate rounds; one of each before they count warms the server's memory. */
  async #compare(reefline: () => Promise<LoadMoverReport>, psql: () => Promise<number>): Promise<Compared> {
    const pairs: { ours: number; theirs: number; rss: number }[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const theirs = await psql();
      await this.ask('checkpoint');
      const { milliseconds: ours, rss } = await reefline();
      await this.ask('checkpoint');
      if (round > 0) pairs.push({ ours, theirs, rss });
    }
    const median = (of: (pair: (typeof pairs)[number]) => number): number => percentile(pairs.map(of), 0.5);
    return {
      ratio: rounded(median(({ ours, theirs }) => ours / theirs)),
      reeflineMs: Math.round(median(({ ours }) => ours)),
      psqlMs: Math.round(median(({ theirs }) => theirs)),
      rssMb: Math.max(...pairs.map(({ rss }) => rss)),
      loadAverage: rounded(loadavg()[0] ?? 0),
    };
  }

  async #emptyLike(table: Table): Promise<void> {
    await this.ask(
      `drop table if exists ${SCHEMA}.copied`,
      `create table ${SCHEMA}.copied (like ${SCHEMA}.${table})`,
    );
  }

  #psql(...commands: readonly string[]): Promise<number> {
    return timed('psql', [
      '-X',
      '-q',
      '-v',
      'ON_ERROR_STOP=1',
      ...commands.flatMap((command) => ['-c', command]),
      this.#url,
    ]);
  }

  async #move(request: Omit<LoadMoverRequest, 'url' | 'schema'>): Promise<LoadMoverReport> {
    const whole: LoadMoverRequest = { ...request, url: this.#url, schema: SCHEMA };
    const { stdout } = await promisify(execFile)(process.execPath, [MOVER, JSON.stringify(whole)]);
    return JSON.parse(stdout) as LoadMoverReport;
  }
}

/** Milliseconds. */
async function timed(program: string, args: readonly string[]): Promise<number> {
  const begun = performance.now();
  await promisify(execFile)(program, args);
  return performance.now() - begun;
}

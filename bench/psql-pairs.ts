import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { percentile, rounded, type Figure } from './figure.ts';
import { makeScratchFolder } from './scratch-folder.ts';
import type { Stack } from './stack.ts';

const ROUNDS = 5;
/** In which everything lies that is measured. */
export const SCHEMA = 'bench_load';

/** Rows by the SELECT that makes them. */
export const ROWS = {
  /** `ids` is what stands in FROM. */
  flights: (ids: string) => `
    select g::int8 as id, timestamp '2001-01-01' + g * interval '1 second' as departed_at, g % 600 - 60 as delay,
      g % 3000 as distance, chr(65 + g % 26) || 'AB' as origin, 'X' || chr(65 + g % 17) || 'Z' as destination
    from ${ids} g`,
  /** Of every type that takes some work, with documents of one of two types. */
  awkward: (documents: 'json' | 'jsonb') => `
    select g::int8 * 1000000007 as big, (g / 7.0)::numeric(12,4) as amount, (g / 3.0)::numeric(38,10) as wide,
      g / 3.0::float8 as ratio, g % 2 = 0 as yes, case when g % 3 > 0 then md5(g::text) end as note,
      repeat('größe 😀 "', g % 9) as words, decode(md5(g::text), 'hex') as body, date '2001-01-01' + g % 9000 as day,
      timestamptz '2001-01-01' + g * interval '1 microsecond' as at, ${documents}_build_object('id', g) as doc,
      md5(g::text)::uuid as ref
    from generate_series(1, 400000) g`,
} as const;

/** One round of Reefline, and of psql: milliseconds each. */
export interface Compared {
  readonly ratio: number;
  readonly reeflineMs: number;
  readonly psqlMs: number;
  readonly rssMb: number;
  readonly loadAverage: number;
}

/** What a process that moves data says of itself. */
interface Report {
  readonly milliseconds: number;
  readonly rss: number;
}

/** A schema of the server and a folder, in which Reefline and psql do the same in turn. */
export class PsqlPairs {
  readonly #url: string;
  readonly folder: string;

  constructor(url: string, folder: string) {
    this.#url = url;
    this.folder = folder;
  }

  /** Calls `measure` with the tables made by their SELECTs, and removes everything. No figure where psql is not installed. */
  static async measure(
    { postgresUrl }: Stack,
    say: (line: string) => void,
    tables: Readonly<Record<string, string>>,
    measure: (pairs: PsqlPairs) => Promise<Figure[]>,
  ): Promise<Figure[]> {
    if ((await promisify(execFile)('psql', ['--version']).catch(() => undefined)) === undefined) {
      say('Figures against psql are left out. Install psql (apt-get install postgresql-client).');
      return [];
    }
    const folder = makeScratchFolder('load');
    const pairs = new PsqlPairs(postgresUrl, folder);
    try {
      await pairs.ask(`drop schema if exists ${SCHEMA} cascade`, `create schema ${SCHEMA}`);
      for (const [name, select] of Object.entries(tables))
        await pairs.ask(`create table ${SCHEMA}.${name} as ${select}`);
      await pairs.ask('checkpoint');
      return await measure(pairs);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await pairs.ask(`drop schema if exists ${SCHEMA} cascade`);
    }
  }

  /** The median of the ratios of alternate rounds; one of each before they count warms the server's memory. */
  async compare(reefline: () => Promise<Report>, psql: () => Promise<number>): Promise<Compared> {
    const rounds: { ours: number; theirs: number; rss: number }[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const theirs = await psql();
      await this.ask('checkpoint');
      const { milliseconds: ours, rss } = await reefline();
      await this.ask('checkpoint');
      if (round > 0) rounds.push({ ours, theirs, rss });
    }
    const median = (of: (round: (typeof rounds)[number]) => number): number =>
      percentile(rounds.map(of), 0.5);
    return {
      ratio: rounded(median(({ ours, theirs }) => ours / theirs)),
      reeflineMs: Math.round(median(({ ours }) => ours)),
      psqlMs: Math.round(median(({ theirs }) => theirs)),
      rssMb: Math.max(...rounds.map(({ rss }) => rss)),
      loadAverage: rounded(loadavg()[0] ?? 0),
    };
  }

  /** One of the movers beside this file, in a process of its own. */
  async move<Request extends { readonly url: string; readonly schema: string }, Told extends Report>(
    mover: string,
    request: Omit<Request, 'url' | 'schema'>,
  ): Promise<Told> {
    const file = fileURLToPath(new URL(mover, import.meta.url));
    const whole = JSON.stringify({ ...request, url: this.#url, schema: SCHEMA });
    const { stdout } = await promisify(execFile)(process.execPath, [file, whole]);
    return JSON.parse(stdout) as Told;
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

  /** Makes `copied` anew, an empty table like another. */
  async emptyLike(table: string): Promise<void> {
    await this.ask(
      `drop table if exists ${SCHEMA}.copied`,
      `create table ${SCHEMA}.copied (like ${SCHEMA}.${table})`,
    );
  }

  /** Milliseconds of one call of psql. */
  psql(...commands: readonly string[]): Promise<number> {
    const given = commands.flatMap((command) => ['-c', command]);
    return timed('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...given, this.#url]);
  }

  /** Milliseconds of two psql: what the first one writes, the second one reads in a transaction. */
  piped(out: string, ...into: readonly string[]): Promise<number> {
    const commands = into.map((_, at) => `-c "$${String(at + 3)}"`).join(' ');
    const line = `psql -X -q -c "$2" "$1" | psql -X -q -1 -v ON_ERROR_STOP=1 ${commands} "$1"`;
    return timed('sh', ['-c', line, 'sh', this.#url, out, ...into]);
  }
}

async function timed(program: string, args: readonly string[]): Promise<number> {
  const begun = performance.now();
  await promisify(execFile)(program, args);
  return performance.now() - begun;
}

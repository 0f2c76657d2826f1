import { join } from 'node:path';
import { atMost, type Figure } from './figure.ts';
import type { LoadMoverReport, LoadMoverRequest, Staged } from './load-mover.ts';
import { PsqlPairs, ROWS, SCHEMA as S, type Compared } from './psql-pairs.ts';
import type { Stack } from './stack.ts';

type Say = (line: string) => void;

const LABEL = '20010101000000';
const FLIGHTS = ROWS.flights('generate_series(1, 3000000)');

/** What a load of staged files costs against `\copy` of psql from a text file, and its memory. */
export async function loadCopies(stack: Stack, say: Say): Promise<Figure[]> {
  const tables = {
    flights: FLIGHTS,
    flights_third: ROWS.flights('generate_series(1, 1000000)'),
    awkward: ROWS.awkward('json'),
  };
  return PsqlPairs.measure(stack, say, tables, async (pairs) => {
    const copies = { flights: await copy(pairs, 'flights'), awkward: await copy(pairs, 'awkward') };
    const third = await load(pairs, await stage(pairs, 'flights_third'));
    return [
      atMost('load_copy_ratio', worst(copies), 1.1, copies),
      atMost('load_rss_mb', Math.max(copies.flights.rssMb, copies.awkward.rssMb), 450, {
        rows: 3_000_000,
        atOneMillionRows: third.rss,
      }),
    ];
  });
}

/** An extract and a load of its files, one after the other, against `psql | psql`. */
export async function pgToPg(stack: Stack, say: Say): Promise<Figure[]> {
  const tables = { flights: FLIGHTS, awkward: ROWS.awkward('json') };
  return PsqlPairs.measure(stack, say, tables, async (pairs) => {
    const moved = { flights: await endToEnd(pairs, 'flights'), awkward: await endToEnd(pairs, 'awkward') };
    return [atMost('pg_to_pg_ratio', worst(moved), 1.25, moved)];
  });
}

/**
 * The upsert of one per cent of the flights into all of them, by key, against the same by psql. Both tables are made once, and
 * have the same history: each round writes the same rows again, Reefline with the next label.
 */
export async function merge(stack: Stack, say: Say): Promise<Figure[]> {
  const tables = { flights: FLIGHTS, changes: ROWS.flights('generate_series(100, 3000000, 100)') };
  return PsqlPairs.measure(stack, say, tables, async (pairs) => {
    const all = await stage(pairs, 'flights');
    const changes = await stage(pairs, 'changes');
    const text = join(pairs.folder, 'changes.txt');
    await pairs.psql(`\\copy ${S}.changes to '${text}'`);
    const sets = all.columns.slice(1).map(({ name }) => `${name} = excluded.${name}`);
    const mergeInto = (staged: Staged, timelabel: string): Promise<LoadMoverReport> =>
      move(pairs, { staged, into: { table: 'loaded', timelabel, mode: 'merge', key: ['id'] } });
    await mergeInto(all, LABEL);
    await pairs.emptyLike('flights');
    await pairs.ask(
      `create unique index on ${S}.copied (id)`,
      `insert into ${S}.copied select * from ${S}.flights order by id`,
      'checkpoint',
    );
    let day = 1;
    const compared = await pairs.compare(
      () => mergeInto(changes, `200101${String((day += 1)).padStart(2, '0')}000000`),
      () =>
        pairs.psql(
          'begin',
          `create temp table batch (like ${S}.copied)`,
          `\\copy batch from '${text}'`,
          `insert into ${S}.copied select * from batch on conflict (id) do update set ${sets.join(', ')}`,
          'commit',
        ),
    );
    return [atMost('merge_ratio', compared.ratio, 1.4, { ...compared })];
  });
}

function worst(results: Readonly<Record<string, Compared>>): number {
  return Math.max(...Object.values(results).map(({ ratio }) => ratio));
}

async function copy(pairs: PsqlPairs, table: string): Promise<Compared> {
  const staged = await stage(pairs, table);
  const text = join(pairs.folder, `${table}.txt`);
  await pairs.psql(`\\copy ${S}.${table} to '${text}'`);
  return pairs.compare(
    () => load(pairs, staged),
    async () => {
      await pairs.emptyLike(table);
      return pairs.psql(`\\copy ${S}.copied from '${text}'`);
    },
  );
}

async function endToEnd(pairs: PsqlPairs, table: string): Promise<Compared> {
  return pairs.compare(
    async () => {
      await pairs.ask(`drop table if exists ${S}.loaded`);
      return move(pairs, { from: table, prefix: join(pairs.folder, 'moved-'), into: NEW });
    },
    async () => {
      await pairs.emptyLike(table);
      return pairs.piped(`copy ${S}.${table} to stdout`, `copy ${S}.copied from stdin`);
    },
  );
}

const NEW = { table: 'loaded', timelabel: LABEL, mode: 'append', key: [] } as const;

/** Loads into a table that is not there yet. */
async function load(pairs: PsqlPairs, staged: Staged): Promise<LoadMoverReport> {
  await pairs.ask(`drop table if exists ${S}.loaded`);
  return move(pairs, { staged, into: NEW });
}

async function stage(pairs: PsqlPairs, table: string): Promise<Staged> {
  const { staged } = await move(pairs, { from: table, prefix: join(pairs.folder, `${table}-`) });
  return staged;
}

function move(pairs: PsqlPairs, request: Omit<LoadMoverRequest, 'url' | 'schema'>): Promise<LoadMoverReport> {
  return pairs.move<LoadMoverRequest, LoadMoverReport>('./load-mover.ts', request);
}

import { join } from 'node:path';
import { atMost, type Figure } from './figure.ts';
import type { KeysMoverReport, KeysMoverRequest } from './keys-mover.ts';
import { PsqlPairs, ROWS, SCHEMA as S, type Compared } from './psql-pairs.ts';
import type { Stack } from './stack.ts';

/** Keys in the order of the table, and in none; one in a hundred is deleted after it was seen. */
const TABLES = {
  flights: ROWS.flights('generate_series(1, 3000000)'),
  shuffled: 'select md5(g::text)::uuid as id, g as place from generate_series(1, 1000000) g',
};
const GONE = { flights: 'id % 100 = 0', shuffled: 'place % 100 = 0' } as const;
const DELETED = { flights: 30_000, shuffled: 10_000 } as const;

/**
 * The keys of a table read, remembered and compared with those of before, against psql: `COPY (SELECT key)` into a table beside those
 * of before, and an anti-join of the two; the larger ratio of two tables.
 */
export async function findDeletes(stack: Stack, say: (line: string) => void): Promise<Figure[]> {
  return PsqlPairs.measure(stack, say, TABLES, async (pairs) => {
    const found = { flights: await compare(pairs, 'flights'), shuffled: await compare(pairs, 'shuffled') };
    const ratio = Math.max(found.flights.ratio, found.shuffled.ratio);
    return [atMost('find_deletes_ratio', ratio, 2.5, found)];
  });
}

async function compare(pairs: PsqlPairs, table: keyof typeof TABLES): Promise<Compared> {
  const call = (name: string, before: KeysMoverReport['runs']): Promise<KeysMoverReport> => {
    const prefix = join(pairs.folder, `${table}-${name}-`);
    return pairs.move<KeysMoverRequest, KeysMoverReport>('./keys-mover.ts', {
      table,
      key: 'id',
      prefix,
      before,
    });
  };
  const { runs: before } = await call('before', []);
  await pairs.ask(
    `drop table if exists ${S}.before`,
    `create table ${S}.before as select id from ${S}.${table}`,
    `analyze ${S}.before`,
    `delete from ${S}.${table} where ${GONE[table]}`,
  );
  return pairs.compare(
    async () => {
      const report = await call('now', before);
      if (report.gone === DELETED[table]) return report;
      throw new Error(`${String(report.gone)} keys were found to be gone, not ${String(DELETED[table])}.`);
    },
    async () => {
      await pairs.ask(`drop table if exists ${S}.now, ${S}.gone`);
      return pairs.piped(
        `copy (select id from ${S}.${table}) to stdout`,
        `create table ${S}.now (like ${S}.before)`,
        `copy ${S}.now from stdin`,
        `analyze ${S}.now`,
        `create table ${S}.gone as select id from ${S}.before b where not exists (select from ${S}.now n where n.id = b.id)`,
      );
    },
  );
}

import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { WORKER_WRITES } from '../../catalog/roles.ts';
import { reachable } from '../support/reachable.ts';

const MIGRATIONS = fileURLToPath(new URL('../../catalog/migrations', import.meta.url));

/** Tables of the catalog; `reefline` is also the schema of markers in warehouses. */
const TABLES = new Set(
  readdirSync(MIGRATIONS)
    .flatMap((file) => [
      ...readFileSync(`${MIGRATIONS}/${file}`, 'utf8').matchAll(/create table reefline\.(\w+)/gu),
    ])
    .map(([, table]) => table),
);

/** What statements need to write, by table. An insert that gives way to an update needs both rights. */
function writesIn(texts: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const writes = new Map<string, Set<string>>();
  const add = (table: string, right: string): void => {
    if (TABLES.has(table)) writes.set(table, (writes.get(table) ?? new Set()).add(right));
  };
  for (const text of texts)
    for (const statement of text.split(/(?=\b(?:insert into|delete from|update) reefline\.)/iu)) {
      const [, verb = '', table = ''] =
        /^(insert into|delete from|update) reefline\.(\w+)/iu.exec(statement) ?? [];
      if (table === '') continue;
      add(table, verb.toLowerCase().split(' ')[0] ?? '');
      if (/\bdo update\b/iu.test(statement)) add(table, 'update');
    }
  return Object.fromEntries([...writes].map(([table, rights]) => [table, [...rights].sort()]));
}

test('a worker may write exactly what the statements of its activities write', () => {
  const { texts } = reachable('workers/main.ts#main');
  const rights = Object.entries(WORKER_WRITES).map(([table, granted]) => [table, [...granted].sort()]);
  expect(TABLES.size).toBeGreaterThan(15);
  expect(writesIn(texts)).toEqual(Object.fromEntries(rights));
});

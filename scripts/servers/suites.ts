import type { KnownServer } from './known.ts';

/** What is run against a server, by the word in the table: programs of this project with their arguments. */
export type Suites = Readonly<Record<string, readonly string[]>>;

const JEST = ['--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js', '--runTestsByPath'];

/** The suites of sources and, of PostgreSQL, of targets. */
export const SUITES: Readonly<Record<KnownServer['kind'], Suites>> = {
  postgres: {
    contract: ['scripts/test-contract.mjs', 'postgres', 'postgres-publish'],
    fidelity: suites('fidelity', 'snowflake-fidelity'),
    extract: suites('extract', 'extract-csv', 'extract-deletes', 'extract-interrupted', 'extract-refused'),
    load: suites('load-postgres', 'load-postgres-interrupted', 'load-new-table'),
    sync: suites('sync', 'sync-deletes'),
  },
  mysql: {
    contract: ['scripts/test-contract.mjs', 'mysql'],
    fidelity: suites('mysql-fidelity'),
    extract: suites('mysql-extract', 'mysql-refused', 'mysql-interrupted', 'mysql-memory', 'mysql-pipeline'),
    sync: suites('mysql-sync'),
  },
};

function suites(...names: readonly string[]): readonly string[] {
  return [...JEST, ...names.map((name) => `test/integration/${name}.test.ts`)];
}

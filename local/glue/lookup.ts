import { GlueFault } from './fault.ts';
import type { Database, Table } from './model.ts';
import type { Store } from './store.ts';

/** Databases of the one catalog have no parent. */
export const ROOT = '';

/** Parent of a table's versions and partitions in the store. Neither name can hold a line break. */
export function childrenOf(table: { readonly DatabaseName: string; readonly Name: string }): string {
  return `${table.DatabaseName}\n${table.Name}`;
}

/** The database, or EntityNotFoundException. */
export function findDatabase(store: Store, name: string): Database {
  const database = store.get('database', ROOT, name);
  if (database === undefined) throw new GlueFault('EntityNotFoundException', `Database ${name} not found.`);
  return database as Database;
}

/** The table, or EntityNotFoundException that names what is missing: the database or the table. */
export function findTable(store: Store, database: string, name: string): Table {
  findDatabase(store, database);
  const table = store.get('table', database, name);
  if (table === undefined) throw new GlueFault('EntityNotFoundException', `Table ${name} not found.`);
  return table as Table;
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS entity (
    kind TEXT NOT NULL, parent TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, parent, name)
  ) WITHOUT ROWID;
`;

/** `version` holds the archived and the current versions of a table, named by zero-padded number. */
export type EntityKind = 'database' | 'table' | 'version' | 'partition';

/** The catalog's state in one SQLite file: JSON bodies under (kind, parent, name), read in the order of the names. */
export interface Store {
  get(kind: EntityKind, parent: string, name: string): unknown;
  put(kind: EntityKind, parent: string, name: string, body: unknown): void;
  /** False when there was nothing to delete. */
  delete(kind: EntityKind, parent: string, name: string): boolean;
  deleteAll(kind: EntityKind, parent: string): void;
  /** Entities in the order of their names, those after `after` only. Read lazily: stop early for a page. */
  scan(kind: EntityKind, parent: string, after?: string): Iterable<Entity>;
  /** Names in descending order. */
  scanBack(kind: EntityKind, parent: string, before?: string): Iterable<Entity>;
  /** All or nothing; a throw rolls back. */
  transaction<T>(work: () => T): T;
  close(): void;
}

export interface Entity {
  readonly name: string;
  readonly body: unknown;
}

/** Opens (and, when new, makes) `<dir>/glue.sqlite`. */
export function openStore(dir: string): Store {
  mkdirSync(dir, { recursive: true });
  const db = new DatabaseSync(join(dir, 'glue.sqlite'));
  db.exec(SCHEMA);
  const sql = {
    get: db.prepare('SELECT body FROM entity WHERE kind = ? AND parent = ? AND name = ?'),
    put: db.prepare('INSERT INTO entity VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body'),
    delete: db.prepare('DELETE FROM entity WHERE kind = ? AND parent = ? AND name = ?'),
    deleteAll: db.prepare('DELETE FROM entity WHERE kind = ? AND parent = ?'),
  };
  const forward = 'SELECT name, body FROM entity WHERE kind = ? AND parent = ? AND name > ? ORDER BY name';
  const all = 'SELECT name, body FROM entity WHERE kind = ? AND parent = ? ORDER BY name DESC';
  const back = 'SELECT name, body FROM entity WHERE kind = ? AND parent = ? AND name < ? ORDER BY name DESC';
  return {
    get(kind, parent, name) {
      const row = sql.get.get(kind, parent, name);
      return row === undefined ? undefined : (JSON.parse(String(row['body'])) as unknown);
    },
    put(kind, parent, name, body) {
      sql.put.run(kind, parent, name, JSON.stringify(body));
    },
    delete: (kind, parent, name) => Number(sql.delete.run(kind, parent, name).changes) > 0,
    deleteAll(kind, parent) {
      sql.deleteAll.run(kind, parent);
    },
    // A statement of its own for each scan: two scans may be open at once.
    scan: (kind, parent, after = '') => entities(db.prepare(forward).iterate(kind, parent, after)),
    scanBack: (kind, parent, before) =>
      entities(
        before === undefined
          ? db.prepare(all).iterate(kind, parent)
          : db.prepare(back).iterate(kind, parent, before),
      ),
    transaction(work) {
      db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        db.exec('ROLLBACK');
        throw error;
      }
    },
    close() {
      db.close();
    },
  };
}

function* entities(rows: Iterable<Record<string, unknown>>): Generator<Entity> {
  for (const row of rows)
    yield { name: String(row['name']), body: JSON.parse(String(row['body'])) as unknown };
}

import { DatabaseSync } from 'node:sqlite';

export type State = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

export interface QueryRequest {
  readonly sql: string;
  readonly workgroup: string;
  readonly database: string | undefined;
  readonly catalog: string | undefined;
  /** Folder for results, `s3://…/`. */
  readonly output: string;
  readonly scanLimit: number | undefined;
  readonly enforced: boolean;
}

/** A query with its progress; times in epoch ms. */
export interface QueryRecord extends QueryRequest {
  readonly id: string;
  readonly state: State;
  readonly reason?: string;
  readonly error?: { readonly category: number; readonly type: number; readonly retryable: boolean };
  readonly statement: 'SELECT' | 'CREATE_TABLE_AS_SELECT' | 'UNLOAD';
  readonly submitted: number;
  readonly completed?: number;
  readonly scanned: number;
  /** Rows of a CREATE TABLE AS. */
  readonly written?: number;
  readonly columns: readonly ResultColumn[];
  readonly resultUri?: string;
  readonly manifestUri?: string;
}

export interface ResultColumn {
  readonly name: string;
  readonly type: string;
  readonly precision: number;
  readonly scale: number;
}

export interface WorkgroupRecord {
  readonly name: string;
  readonly enabled: boolean;
  readonly enforced: boolean;
  readonly output: string | undefined;
  readonly scanLimit: number | undefined;
  readonly created: number;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS query (id TEXT PRIMARY KEY, token TEXT UNIQUE, fingerprint TEXT NOT NULL, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS result_row (id TEXT NOT NULL, at INTEGER NOT NULL, cells TEXT NOT NULL, PRIMARY KEY (id, at));
  CREATE TABLE IF NOT EXISTS workgroup (name TEXT PRIMARY KEY, body TEXT NOT NULL);`;

/** Queries, their results and the workgroups in one SQLite file, so that ids and tokens outlive the process. */
export class QueryStore {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec(SCHEMA);
  }

  close(): void {
    this.#db.close();
  }

  /** Queries that a dead process left open can no longer end by themselves; called once at start. */
  failInterrupted(now: number): void {
    for (const { body } of this.#db.prepare('SELECT body FROM query').all()) {
      const record = JSON.parse(String(body)) as QueryRecord;
      if (record.state !== 'QUEUED' && record.state !== 'RUNNING') continue;
      const error = { category: 1, type: 100, retryable: true };
      const reason = 'INTERNAL_ERROR_QUERY_ENGINE: The local Athena stopped while the query was running.';
      this.save({ ...record, state: 'FAILED', reason, error, completed: now });
    }
  }

  findByToken(token: string): { id: string; fingerprint: string } | undefined {
    const row = this.#db.prepare('SELECT id, fingerprint FROM query WHERE token = ?').get(token);
    return row && { id: String(row['id']), fingerprint: String(row['fingerprint']) };
  }

  insert(record: QueryRecord, token: string, fingerprint: string): void {
    this.#db
      .prepare('INSERT INTO query (id, token, fingerprint, body) VALUES (?, ?, ?, ?)')
      .run(record.id, token, fingerprint, JSON.stringify(record));
  }

  save(record: QueryRecord): void {
    this.#db.prepare('UPDATE query SET body = ? WHERE id = ?').run(JSON.stringify(record), record.id);
  }

  find(id: string): QueryRecord | undefined {
    const row = this.#db.prepare('SELECT body FROM query WHERE id = ?').get(id);
    return row && (JSON.parse(String(row['body'])) as QueryRecord);
  }

  saveRows(id: string, rows: readonly (readonly (string | null)[])[]): void {
    const insert = this.#db.prepare('INSERT OR REPLACE INTO result_row (id, at, cells) VALUES (?, ?, ?)');
    this.#db.exec('BEGIN');
    for (const [at, row] of rows.entries()) insert.run(id, at, JSON.stringify(row));
    this.#db.exec('COMMIT');
  }

  /** Rows from the one at `from` on, at most so many. */
  rows(id: string, from: number, limit: number): (string | null)[][] {
    return this.#db
      .prepare('SELECT cells FROM result_row WHERE id = ? AND at >= ? ORDER BY at LIMIT ?')
      .all(id, from, limit)
      .map(({ cells }) => JSON.parse(String(cells)) as (string | null)[]);
  }

  workgroup(name: string): WorkgroupRecord | undefined {
    const row = this.#db.prepare('SELECT body FROM workgroup WHERE name = ?').get(name);
    return row && (JSON.parse(String(row['body'])) as WorkgroupRecord);
  }

  saveWorkgroup(record: WorkgroupRecord): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO workgroup (name, body) VALUES (?, ?)')
      .run(record.name, JSON.stringify(record));
  }
}

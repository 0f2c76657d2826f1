import { DatabaseSync } from 'node:sqlite';

export type StatementStatus = 'SUBMITTED' | 'PICKED' | 'STARTED' | 'FINISHED' | 'FAILED' | 'ABORTED';

export interface Parameter {
  readonly name: string;
  readonly value: string;
}

/** What the caller asked for; kept word by word, because DescribeStatement and ListStatements repeat it. */
export interface StatementRequest {
  readonly sqls: readonly string[];
  readonly batch: boolean;
  readonly executionMode: 'TRANSACTION' | 'AUTO_COMMIT';
  readonly database: string;
  readonly clusterIdentifier: string | undefined;
  readonly workgroupName: string | undefined;
  readonly secretArn: string | undefined;
  readonly dbUser: string | undefined;
  readonly statementName: string | undefined;
  readonly parameters: readonly Parameter[];
}

/** State of a statement or, under `<id>:<n>`, of one statement of a batch. Durations in nanoseconds, times in epoch ms. */
export interface Progress {
  readonly id: string;
  readonly status: StatementStatus;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly duration: number;
  readonly error: string | undefined;
  readonly pid: number;
  readonly queryId: number;
  readonly resultRows: number;
  readonly resultSize: number;
  readonly hasResultSet: boolean;
}

export interface StatementRecord extends Progress {
  readonly request: StatementRequest;
  readonly subStatements: readonly Progress[];
}

export interface ListFilter {
  readonly status: StatementStatus | 'ALL' | undefined;
  readonly namePrefix: string | undefined;
  readonly database: string | undefined;
  readonly target: string | undefined;
  readonly before: number | undefined;
  readonly limit: number;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS statement (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, client_token TEXT UNIQUE, fingerprint TEXT NOT NULL,
    status TEXT NOT NULL, name TEXT, db TEXT NOT NULL, target TEXT NOT NULL, created_at INTEGER NOT NULL, request TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS progress (
    id TEXT PRIMARY KEY, parent TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS progress_parent ON progress (parent, position);
  CREATE TABLE IF NOT EXISTS result_columns (id TEXT PRIMARY KEY, columns TEXT NOT NULL, total INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS result_page (id TEXT NOT NULL, page INTEGER NOT NULL, records TEXT NOT NULL, PRIMARY KEY (id, page));`;

const ACTIVE = `('SUBMITTED', 'PICKED', 'STARTED')`;
/** The service keeps statements and their results for 24 hours. */
const RETENTION_MS = 24 * 3600 * 1000;

/** Statements, their progress and their results in one SQLite file, so that ids outlive the process. */
export class StatementStore {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec(SCHEMA);
  }

  close(): void {
    this.#db.close();
  }

  /** Statements that a dead process left open can no longer end by themselves; called once at start. */
  failInterrupted(now: number): void {
    const open = this.#db.prepare(`SELECT id FROM statement WHERE status IN ${ACTIVE}`).all();
    for (const row of open) {
      for (const progress of this.#family(String(row['id']))) {
        if (['FINISHED', 'FAILED', 'ABORTED'].includes(progress.status)) continue;
        const error = 'The Redshift Data API stopped while the statement was running.';
        this.save({ ...progress, status: 'FAILED', updatedAt: now, error });
      }
    }
    this.#forget(now - RETENTION_MS);
  }

  #forget(before: number): void {
    const old = 'SELECT id FROM statement WHERE created_at < ?';
    for (const table of ['result_page', 'result_columns', 'progress']) {
      const key = table === 'progress' ? 'parent' : `substr(id, 1, 36)`;
      this.#db.prepare(`DELETE FROM ${table} WHERE ${key} IN (${old})`).run(before);
    }
    this.#db.prepare('DELETE FROM statement WHERE created_at < ?').run(before);
  }

  activeCount(): number {
    return Number(
      this.#db.prepare(`SELECT count(*) AS n FROM statement WHERE status IN ${ACTIVE}`).get()?.['n'] ?? 0,
    );
  }

  findByToken(token: string): { id: string; fingerprint: string } | undefined {
    const row = this.#db.prepare('SELECT id, fingerprint FROM statement WHERE client_token = ?').get(token);
    return row && { id: String(row['id']), fingerprint: String(row['fingerprint']) };
  }

  insert(
    id: string,
    request: StatementRequest,
    token: string | undefined,
    fingerprint: string,
    now: number,
  ): void {
    const target = request.clusterIdentifier ?? request.workgroupName ?? '';
    this.#db.exec('BEGIN');
    try {
      this.#db
        .prepare(
          `INSERT INTO statement (id, client_token, fingerprint, status, name, db, target, created_at, request)
           VALUES (?, ?, ?, 'SUBMITTED', ?, ?, ?, ?, ?)`,
        )
        .run(
          id,
          token ?? null,
          fingerprint,
          request.statementName ?? null,
          request.database,
          target,
          now,
          JSON.stringify(request),
        );
      this.save(fresh(id, now));
      if (request.batch)
        request.sqls.forEach((_, at) => {
          this.save(fresh(`${id}:${at + 1}`, now));
        });
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  save(progress: Progress): void {
    const [parent = '', position = '0'] = progress.id.split(':');
    this.#db
      .prepare(
        `INSERT INTO progress (id, parent, position, body) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
      )
      .run(progress.id, parent, Number(position), JSON.stringify(progress));
    if (position === '0') {
      this.#db.prepare('UPDATE statement SET status = ? WHERE id = ?').run(progress.status, progress.id);
    }
  }

  progress(id: string): Progress | undefined {
    const row = this.#db.prepare('SELECT body FROM progress WHERE id = ?').get(id);
    return row && (JSON.parse(String(row['body'])) as Progress);
  }

  #family(id: string): Progress[] {
    const rows = this.#db.prepare('SELECT body FROM progress WHERE parent = ? ORDER BY position').all(id);
    return rows.map((row) => JSON.parse(String(row['body'])) as Progress);
  }

  /** The record of a statement; of a batch too when `id` carries a suffix `:n`. */
  find(id: string): StatementRecord | undefined {
    const parent = id.split(':')[0] ?? id;
    const row = this.#db.prepare('SELECT request FROM statement WHERE id = ?').get(parent);
    const own = this.progress(id);
    if (row === undefined || own === undefined) return undefined;
    const request = JSON.parse(String(row['request'])) as StatementRequest;
    return {
      ...own,
      request,
      subStatements: id === parent ? this.#family(id).filter((p) => p.id !== id) : [],
    };
  }

  /** Newest first. `next` is the `before` of the following page. */
  list(filter: ListFilter): { records: StatementRecord[]; next: number | undefined } {
    const conditions = ['seq < :before'];
    const values: Record<string, string | number> = {
      before: filter.before ?? Number.MAX_SAFE_INTEGER,
      limit: filter.limit + 1,
    };
    const add = (condition: string, name: string, value: string | undefined): void => {
      if (value === undefined) return;
      conditions.push(condition);
      values[name] = value;
    };
    add('status = :status', 'status', filter.status === 'ALL' ? undefined : filter.status);
    add('substr(name, 1, length(:name)) = :name', 'name', filter.namePrefix);
    add('db = :db', 'db', filter.database);
    add('target = :target', 'target', filter.target);
    const rows = this.#db
      .prepare(
        `SELECT seq, id FROM statement WHERE ${conditions.join(' AND ')} ORDER BY seq DESC LIMIT :limit`,
      )
      .all(values);
    const page = rows.slice(0, filter.limit);
    const records = page.map((row) => this.find(String(row['id']))).filter((record) => record !== undefined);
    return { records, next: rows.length > page.length ? Number(page.at(-1)?.['seq']) : undefined };
  }

  /** Replaces a page of an unfinished result; `records` is the JSON text of an array of rows. */
  savePage(id: string, page: number, records: string): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO result_page (id, page, records) VALUES (?, ?, ?)')
      .run(id, page, records);
  }

  saveColumns(id: string, columns: string, total: number): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO result_columns (id, columns, total) VALUES (?, ?, ?)')
      .run(id, columns, total);
  }

  dropResult(id: string): void {
    this.#db.prepare('DELETE FROM result_page WHERE id = ?').run(id);
    this.#db.prepare('DELETE FROM result_columns WHERE id = ?').run(id);
  }

  /** JSON texts as they were saved; undefined when the statement has no such page. */
  page(
    id: string,
    page: number,
  ): { columns: string; total: number; records: string; last: boolean } | undefined {
    const head = this.#db.prepare('SELECT columns, total FROM result_columns WHERE id = ?').get(id);
    if (head === undefined) return undefined;
    const read = this.#db.prepare('SELECT records FROM result_page WHERE id = ? AND page = ?');
    const row = read.get(id, page);
    if (row === undefined && page > 0) return undefined;
    const last =
      this.#db.prepare('SELECT 1 AS x FROM result_page WHERE id = ? AND page = ?').get(id, page + 1) ===
      undefined;
    return {
      columns: String(head['columns']),
      total: Number(head['total']),
      records: row ? String(row['records']) : '[]',
      last,
    };
  }
}

function fresh(id: string, now: number): Progress {
  return {
    id,
    status: 'SUBMITTED',
    createdAt: now,
    updatedAt: now,
    duration: -1,
    error: undefined,
    pid: 0,
    queryId: 0,
    resultRows: -1,
    resultSize: -1,
    hasResultSet: false,
  };
}

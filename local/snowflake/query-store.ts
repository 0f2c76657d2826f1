import type { DatabaseSync } from 'node:sqlite';

export type QueryStatus = 'RUNNING' | 'SUCCESS' | 'FAILED_WITH_ERROR' | 'ABORTED' | 'FAILED_WITH_INCIDENT';

/** A column of a result, as the protocol describes it. */
export interface RowType {
  readonly name: string;
  /** `fixed`, `text`, `real`, `timestamp_ltz` … */
  readonly type: string;
  readonly precision: number | null;
  readonly scale: number | null;
  readonly length: number | null;
  readonly byteLength: number | null;
  readonly nullable: boolean;
}

export interface QueryRecord {
  readonly id: string;
  readonly user: string;
  readonly sql: string;
  readonly status: QueryStatus;
  readonly code: string;
  readonly message: string;
  readonly sqlState: string;
  readonly startedAt: number;
  readonly rowType: readonly RowType[];
  readonly rows: number;
  readonly statementType: number;
}

const TABLES = `
CREATE TABLE IF NOT EXISTS query (
  id TEXT PRIMARY KEY, request TEXT UNIQUE, user TEXT NOT NULL, sql TEXT NOT NULL, status TEXT NOT NULL, code TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL DEFAULT '', sql_state TEXT NOT NULL DEFAULT '', started_at INTEGER NOT NULL, row_type TEXT NOT NULL DEFAULT '[]',
  rows INTEGER NOT NULL DEFAULT 0, statement_type INTEGER NOT NULL DEFAULT 4096) STRICT;
CREATE TABLE IF NOT EXISTS part (query TEXT, at INTEGER, rows INTEGER NOT NULL, content TEXT NOT NULL, PRIMARY KEY (query, at)) STRICT;
`;

/** Queries and their results, in a file: ids stay good when the server starts again. */
export class QueryStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(TABLES);
  }

  /** Ends what an earlier process left running. */
  failInterrupted(): void {
    this.#db.exec(
      "UPDATE query SET status = 'FAILED_WITH_INCIDENT', code = '000603', message = 'The service was restarted.' WHERE status = 'RUNNING'",
    );
  }

  /** The query that a request has started already, if there is one. */
  ofRequest(request: string): QueryRecord | undefined {
    return readRecord(this.#db.prepare('SELECT * FROM query WHERE request = ?').get(request));
  }

  find(id: string): QueryRecord | undefined {
    return readRecord(this.#db.prepare('SELECT * FROM query WHERE id = ?').get(id));
  }

  add(id: string, request: string | null, user: string, sql: string, startedAt: number): void {
    this.#db
      .prepare(
        "INSERT INTO query (id, request, user, sql, status, started_at) VALUES (?, ?, ?, ?, 'RUNNING', ?)",
      )
      .run(id, request, user, sql, startedAt);
  }

  succeed(id: string, rowType: readonly RowType[], rows: number, statementType: number): void {
    this.#db
      .prepare("UPDATE query SET status = 'SUCCESS', row_type = ?, rows = ?, statement_type = ? WHERE id = ?")
      .run(JSON.stringify(rowType), rows, statementType, id);
  }

  fail(id: string, status: QueryStatus, error: { code: string; message: string; sqlState: string }): void {
    this.#db.prepare('DELETE FROM part WHERE query = ?').run(id);
    this.#db
      .prepare('UPDATE query SET status = ?, code = ?, message = ?, sql_state = ? WHERE id = ?')
      .run(status, error.code, error.message, error.sqlState, id);
  }

  addPart(query: string, at: number, rows: number, content: string): void {
    this.#db.prepare('INSERT INTO part VALUES (?, ?, ?, ?)').run(query, at, rows, content);
  }

  /** Rows of the result as JSON arrays between commas. */
  part(query: string, at: number): string | undefined {
    const row = this.#db.prepare('SELECT content FROM part WHERE query = ? AND at = ?').get(query, at);
    return row === undefined ? undefined : String(row['content']);
  }

  partRows(query: string): readonly number[] {
    const rows = this.#db.prepare('SELECT rows FROM part WHERE query = ? ORDER BY at').all(query);
    return rows.map((row) => Number(row['rows']));
  }
}

function readRecord(row: Record<string, unknown> | undefined): QueryRecord | undefined {
  if (row === undefined) return undefined;
  return {
    id: String(row['id']),
    user: String(row['user']),
    sql: String(row['sql']),
    status: String(row['status']) as QueryStatus,
    code: String(row['code']),
    message: String(row['message']),
    sqlState: String(row['sql_state']),
    startedAt: Number(row['started_at']),
    rowType: JSON.parse(String(row['row_type'])) as RowType[],
    rows: Number(row['rows']),
    statementType: Number(row['statement_type']),
  };
}

import { DatabaseSync } from 'node:sqlite';
import type { Processed } from './process-job.ts';

export type JobState = 'Open' | 'UploadComplete' | 'InProgress' | 'JobComplete' | 'Failed' | 'Aborted';

/** A job as it outlives the process; object and key by their names. */
export interface StoredJob {
  readonly id: string;
  readonly object: string;
  readonly key: string;
  readonly lineEnding: 'LF' | 'CRLF';
  readonly createdDate: string;
  readonly state: JobState;
  readonly csv?: string | undefined;
  readonly processed?: Processed | undefined;
  readonly errorMessage?: string | undefined;
}

/** The ingest jobs of the org, in an SQLite database. No id is given twice. */
export class JobStore {
  readonly #db: DatabaseSync;

  /** `:memory:`, or a file that may be there already. */
  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(
      'CREATE TABLE IF NOT EXISTS "ingest job" (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, body TEXT)',
    );
  }

  close(): void {
    this.#db.close();
  }

  /** An id that no job has had. */
  newId(): string {
    const { lastInsertRowid } = this.#db.prepare('INSERT INTO "ingest job" DEFAULT VALUES').run();
    const number = Number(lastInsertRowid);
    const id = `750${number.toString(36).toUpperCase().padStart(12, '0')}AAA`;
    this.#db.prepare('UPDATE "ingest job" SET id = ? WHERE number = ?').run(id, number);
    return id;
  }

  save(job: StoredJob): void {
    this.#db.prepare('UPDATE "ingest job" SET body = ? WHERE id = ?').run(JSON.stringify(job), job.id);
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM "ingest job" WHERE id = ?').run(id);
  }

  /** In the order in which they were created. */
  all(): readonly StoredJob[] {
    const rows = this.#db
      .prepare('SELECT body FROM "ingest job" WHERE body IS NOT NULL ORDER BY number')
      .all() as { body: string }[];
    return rows.map(({ body }) => JSON.parse(body) as StoredJob);
  }
}

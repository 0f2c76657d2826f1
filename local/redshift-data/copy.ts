import type pg from 'pg';
import { parseCopy } from './copy-command.ts';
import { CopyFiles } from './copy-files.ts';
import { ParquetLoader } from './copy-parquet.ts';
import { loadCsv } from './copy-csv.ts';
import { readTarget } from './copy-target.ts';

/** Runs `COPY … FROM 's3://…'` inside the transaction of `client`. */
export class Copy {
  readonly #files: CopyFiles;
  readonly #parquet: ParquetLoader;

  constructor(s3Endpoint: string, dir: string) {
    this.#files = new CopyFiles(s3Endpoint);
    this.#parquet = new ParquetLoader(this.#files, dir);
  }

  async prepare(): Promise<void> {
    await this.#parquet.prepare();
  }

  async stop(): Promise<void> {
    await this.#parquet.stop();
    this.#files.stop();
  }

  /** The number of rows loaded. @throws StatementError | LoadFailure | pg.DatabaseError */
  async run(
    client: pg.ClientBase,
    sql: string,
    session: { query: number; session: number },
    signal: AbortSignal,
  ): Promise<number> {
    const command = parseCopy(sql);
    const target = await readTarget(client, command);
    const files = await this.#files.resolve(command, signal);
    if (command.format === 'parquet') return this.#parquet.load(client, command, target, files, signal);
    const identity = { ...session, table: target.oid };
    return loadCsv(this.#files, client, command, target, files, identity, signal);
  }
}

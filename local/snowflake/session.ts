import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { Fault, missing } from './fault.ts';
import { otherCase } from './letters.ts';

/** What a session is in: all names as Snowflake stores them. */
export interface SessionPlace {
  readonly user: string;
  role: string | undefined;
  warehouse: string | undefined;
  database: string | undefined;
  schema: string | undefined;
}

/** Hours that an idle session stays, as CLIENT_SESSION_KEEP_ALIVE is off. */
const IDLE_MS = 4 * 3_600_000;

/** One session: a connection to PostgreSQL of its own, with its transaction and temporary tables. */
export class Session {
  readonly token = randomBytes(24).toString('base64url');
  readonly masterToken = randomBytes(24).toString('base64url');
  readonly id = String(Date.now() * 1000 + Math.floor(Math.random() * 1000));
  readonly place: SessionPlace;
  readonly parameters = new Map<string, string>([
    ['TIMEZONE', 'UTC'],
    ['AUTOCOMMIT', 'true'],
    ['BINARY_OUTPUT_FORMAT', 'HEX'],
    ['DATE_OUTPUT_FORMAT', 'YYYY-MM-DD'],
    ['TIME_OUTPUT_FORMAT', 'HH24:MI:SS'],
    ['TIMESTAMP_OUTPUT_FORMAT', 'YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM'],
    ['TIMESTAMP_NTZ_OUTPUT_FORMAT', 'YYYY-MM-DD HH24:MI:SS.FF3'],
    ['CLIENT_SESSION_KEEP_ALIVE', 'false'],
  ]);
  /** Temporary tables of qualified names: PostgreSQL keeps them in a schema of its own. */
  readonly temporary = new Map<string, string>();
  inTransaction = false;
  usedAt = Date.now();
  readonly #connect: (database: string) => Promise<pg.Client>;
  #client: { readonly database: string; readonly client: Promise<pg.Client> } | undefined;

  constructor(place: SessionPlace, connect: (database: string) => Promise<pg.Client>) {
    this.place = place;
    this.#connect = connect;
  }

  isIdle(now: number): boolean {
    return now - this.usedAt > IDLE_MS;
  }

  /** @throws Fault when the session is in no database. */
  async client(): Promise<pg.Client> {
    const { database } = this.place;
    if (database === undefined)
      throw new Fault(
        '090105',
        "Cannot perform operation. This session does not have a current database. Call 'USE DATABASE', or use a qualified name.",
        '22000',
      );
    if (this.#client?.database !== database) {
      await this.close();
      this.#client = { database, client: this.#connect(database) };
    }
    return this.#client.client;
  }

  requireWarehouse(): void {
    if (this.place.warehouse !== undefined) return;
    throw new Fault(
      '000606',
      "No active warehouse selected in the current session.  Select an active warehouse with the 'use warehouse' command.",
      '57P03',
    );
  }

  /** The schema in which names without one are looked for. */
  async useSchema(schema: string): Promise<void> {
    const client = await this.client();
    const found = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [otherCase(schema)]);
    if (found.rowCount === 0) throw missing('Schema', schema);
    this.place.schema = schema;
    await client.query(`SELECT set_config('search_path', $1, false)`, [
      `"${otherCase(schema).replaceAll('"', '""')}", snowflake_shim, pg_catalog`,
    ]);
  }

  async close(): Promise<void> {
    const open = this.#client;
    this.#client = undefined;
    this.temporary.clear();
    this.inTransaction = false;
    const client = await open?.client.catch(() => undefined);
    await client?.end().catch(() => undefined);
  }
}

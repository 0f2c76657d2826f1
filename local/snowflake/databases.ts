import { createHash } from 'node:crypto';
import pg from 'pg';
import { cancelBackend } from '../cancel-backend.ts';
import { createDatabase } from '../database.ts';
import { otherCase } from './letters.ts';
import { SHIMS } from './shims.ts';

/** Snowflake reads what is committed before each statement; its times are UTC here, because sessions say so. */
const SESSION =
  '-c default_transaction_isolation=read\\ committed -c timezone=UTC -c datestyle=ISO,MDY -c client_min_messages=warning ' +
  '-c extra_float_digits=3 -c search_path=public,snowflake_shim,pg_catalog';

/** The PostgreSQL databases that play databases of Snowflake. */
export class Databases {
  readonly #url: string;
  readonly #application: string;

  constructor(postgresUrl: string, owner: string) {
    this.#url = postgresUrl;
    this.#application = `snowflake-${createHash('sha256').update(owner).digest('hex').slice(0, 16)}`;
  }

  /** Ends what an earlier process of the same folder left running. */
  async prepare(): Promise<void> {
    await this.#asOwner((client) =>
      client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
        this.#application,
      ]),
    );
  }

  async create(database: string): Promise<void> {
    const url = await createDatabase(this.#url, physicalName(database));
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(SHIMS);
    } finally {
      await client.end();
    }
  }

  async drop(database: string): Promise<void> {
    await this.#asOwner((client) =>
      client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(physicalName(database))} WITH (FORCE)`),
    );
  }

  async connect(database: string): Promise<pg.Client> {
    const url = new URL(this.#url);
    url.pathname = `/${encodeURIComponent(physicalName(database))}`;
    const client = new pg.Client({
      connectionString: url.href,
      application_name: this.#application,
      options: SESSION,
    });
    // A connection that the server closes fails its next statement; nothing else to do here.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async cancelBackend(pid: number): Promise<void> {
    await cancelBackend(this.#url, pid);
  }

  async #asOwner(use: (client: pg.Client) => Promise<unknown>): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url });
    await client.connect();
    try {
      await use(client);
    } finally {
      await client.end();
    }
  }
}

function physicalName(database: string): string {
  return `snowflake_${otherCase(database)}`;
}

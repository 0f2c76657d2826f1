import { createHash } from 'node:crypto';
import pg from 'pg';
import { cancelBackend } from '../cancel-backend.ts';
import { SHIMS } from './shims.ts';

/** More statements than this wait in state SUBMITTED, as in a Redshift queue. */
const CONNECTIONS_PER_DATABASE = 8;

/**
 * Snapshot isolation is Redshift's default for new databases; literals read backslashes as escapes; time is UTC.
 * Set at connect, so that a RESET ALL goes back to them.
 */
const SESSION =
  '-c default_transaction_isolation=repeatable\\ read -c standard_conforming_strings=off -c escape_string_warning=off ' +
  '-c backslash_quote=on -c timezone=UTC -c datestyle=ISO,MDY -c intervalstyle=postgres -c client_min_messages=notice';

/** The PostgreSQL databases that play Redshift databases; one pool each, prepared with the shims at first use. */
export class Databases {
  readonly #url: string;
  readonly #application: string;
  readonly #pools = new Map<string, Promise<pg.Pool>>();

  constructor(postgresUrl: string, owner: string) {
    this.#url = postgresUrl;
    this.#application = `redshift-data-${createHash('sha256').update(owner).digest('hex').slice(0, 16)}`;
  }

  /** Creates `dev` when it is absent, and ends what an earlier process of the same folder left running. */
  async prepare(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url });
    await client.connect();
    try {
      await client.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1',
        [this.#application],
      );
      const found = await client.query("SELECT 1 FROM pg_database WHERE datname = 'dev'");
      if (found.rowCount === 0) await client.query("CREATE DATABASE dev ENCODING 'UTF8' TEMPLATE template0");
    } finally {
      await client.end();
    }
    await this.pool('dev');
  }

  /** @throws pg.DatabaseError with code 3D000 when there is no such database. */
  async pool(database: string): Promise<pg.Pool> {
    let pool = this.#pools.get(database);
    if (pool === undefined) {
      pool = this.#open(database);
      this.#pools.set(database, pool);
      pool.catch(() => this.#pools.delete(database));
    }
    return pool;
  }

  async cancelBackend(pid: number): Promise<void> {
    await cancelBackend(this.#url, pid);
  }

  async #open(database: string): Promise<pg.Pool> {
    const url = new URL(this.#url);
    url.pathname = `/${encodeURIComponent(database)}`;
    const pool = new pg.Pool({
      connectionString: url.href,
      max: CONNECTIONS_PER_DATABASE,
      application_name: this.#application,
      options: SESSION,
    });
    // An idle connection that the server closes is replaced at the next checkout; nothing else to do here.
    pool.on('error', () => undefined);
    try {
      await installShims(pool);
    } catch (error) {
      await pool.end();
      throw error;
    }
    return pool;
  }

  async stop(): Promise<void> {
    const pools = await Promise.allSettled(this.#pools.values());
    await Promise.all(pools.flatMap((pool) => (pool.status === 'fulfilled' ? [pool.value.end()] : [])));
    this.#pools.clear();
  }
}

async function installShims(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    // One transaction under a lock: two servers may open the same database at the same time.
    await client.query(
      `BEGIN; SET LOCAL standard_conforming_strings = on; SET LOCAL allow_system_table_mods = on;
       SET LOCAL client_min_messages = warning; SELECT pg_advisory_xact_lock(7113300); ${SHIMS} COMMIT;`,
    );
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

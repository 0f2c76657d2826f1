import pg from 'pg';

/**
 * A pool on the catalog. `size` must not be below the number of activities that use it at once, or they wait for
 * each other until they time out.
 */
export function connectCatalog(url: string, size: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: 'reefline',
    // Statements that nobody waits for one by one travel together (`together`).
    pipeline: true,
  });
  // A connection that breaks while idle, or in a transaction between two statements, fails its next use; without a
  // listener it would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Runs `work` in one transaction; whatever it throws rolls everything back. */
export function inTransaction<T>(pool: pg.Pool, work: Work<T>): Promise<T> {
  return begunWith('begin', pool, work);
}

/**
 * Runs a transaction that decides openings. The configuration and the pauses by which it decides stay in force until it
 * ends. One message with `begin`, so that this costs no visit.
 *
 * Its statements look up what they are given lists of, always by the same indexes (test/integration/catalog-plans.test.ts). PostgreSQL would
 * plan some of them anew for each list, which took longer than their work, and for a long list it may choose to read a whole table.
 */
export function inDecision<T>(pool: pg.Pool, work: Work<T>): Promise<T> {
  return begunWith(DECISION, pool, work);
}

/** The same for a decision by the configuration in force, the question for which travels with `begin`. */
export function inDecisionBy<Table, T>(
  pool: pg.Pool,
  configs: { current(client: pg.PoolClient): Promise<Table> },
  work: (client: pg.PoolClient, table: Table) => Promise<T>,
): Promise<T> {
  return onClient(pool, async (client) => {
    const [, table] = await together(client.query(DECISION), configs.current(client));
    return work(client, table);
  });
}

const DECISION =
  'begin; set local plan_cache_mode = force_generic_plan; select pg_advisory_xact_lock_shared(1, 0)';

/**
 * Two things to do on one connection that need not know of each other: their statements travel together, and the server takes them up in the
 * order in which they were sent. Ends when both have, also when one fails: a statement that came after its transaction was rolled back
 * would stand on its own. Each of the two may write only within the transaction.
 */
export async function together<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}

/**
 * Runs a transaction that changes what openings are decided by: after all decisions that are under way, and before all
 * others. Without this, one that was made by what is no longer in force would be overlooked by who changed it.
 */
export function betweenDecisions<T>(pool: pg.Pool, work: Work<T>): Promise<T> {
  return begunWith('begin; select pg_advisory_xact_lock(1, 0)', pool, work);
}

/**
 * Runs a transaction that reads in the order of an index. Where statistics say that few rows match, the planner would read all that do
 * and sort them, and a backlog can grow to a million rows before statistics say so.
 */
export function withoutSorting<T>(pool: pg.Pool, work: Work<T>): Promise<T> {
  return begunWith('begin; set local enable_sort = off', pool, work);
}

type Work<T> = (client: pg.PoolClient) => Promise<T>;

function begunWith<T>(begin: string, pool: pg.Pool, work: Work<T>): Promise<T> {
  return onClient(pool, async (client) => {
    await client.query(begin);
    return work(client);
  });
}

/** Commits what was begun, or rolls it back. */
async function onClient<T>(pool: pg.Pool, transaction: Work<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const result = await transaction(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((rollback: unknown) => {
      broken = rollback instanceof Error ? rollback : new Error('rollback failed');
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

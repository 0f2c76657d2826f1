import pg from 'pg';
import { connectCatalog, inTransaction } from './connect.ts';

/** Runs the activities of workers: it writes what happens, and cannot change a configuration, a pause or the schema. */
export const WORKER_ROLE = 'reefline_worker';
/** Answers questions, such as `reefline why` and `reefline status`, and writes nothing. */
export const READER_ROLE = 'reefline_reader';

/** What workers write, table by table; they read everything. Exactly what their statements need (test/unit/catalog-roles.test.ts). */
export const WORKER_WRITES: Readonly<Record<string, readonly ('insert' | 'update' | 'delete')[]>> = {
  backfill: ['insert', 'update'],
  backfill_item: ['insert', 'update'],
  data_event: ['insert', 'delete'],
  dataset_schema: ['insert'],
  delivery: ['insert', 'update', 'delete'],
  endpoint_health: ['insert', 'update'],
  held_run: ['insert', 'update', 'delete'],
  inbound_source: ['insert', 'update'],
  mending: ['insert', 'update', 'delete'],
  rejected_event: ['insert', 'update', 'delete'],
  run_input: ['insert'],
  run_note: ['insert'],
  stage_run: ['insert', 'update'],
  sweep_mark: ['insert', 'update'],
  verdict: ['insert', 'delete'],
};

/** SQLSTATE of a statement that the user has no right to (PostgreSQL, "Error Codes"). */
const INSUFFICIENT_PRIVILEGE = '42501';

/** True when the roles are there and were given rights in this catalog before. */
export async function hasRoles(url: string): Promise<boolean> {
  return withCatalog(url, async (db) => {
    const { rows } = await db.query<{ granted: boolean }>(
      `select count(*) = 2 as granted from pg_roles
        where rolname in ('${WORKER_ROLE}', '${READER_ROLE}') and has_schema_privilege(oid, 'reefline', 'usage')`,
    );
    return rows[0]?.granted === true;
  });
}

/**
 * Creates the roles when they are missing, and gives them exactly their rights: all or nothing, safe to repeat and from several
 * places at once. Nobody can sign in as a role itself; users become its members.
 * @throws Error that says what to do when the user of the URL may not create roles.
 */
export async function grantRoles(url: string): Promise<void> {
  const granted = withCatalog(url, (db) =>
    inTransaction(db, async (client) => {
      await client.query(`select pg_advisory_xact_lock(hashtextextended('reefline roles', 0))`);
      for (const role of [WORKER_ROLE, READER_ROLE]) await client.query(creationOf(role));
      await client.query(grants());
    }),
  );
  await granted.catch((error: unknown) => {
    if (!(error instanceof pg.DatabaseError) || error.code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new Error(
      `The user of the catalog may not create roles or grant rights (${error.message}). Have an administrator run ` +
        `"create role ${WORKER_ROLE}; create role ${READER_ROLE}", use the owner of the schema, and repeat this.`,
      { cause: error },
    );
  });
}

/** Roles belong to the whole server: another catalog of it may create them at the same time. */
function creationOf(role: string): string {
  return `do $$ begin
    if not exists (select from pg_roles where rolname = '${role}') then create role ${role} nologin; end if;
  exception when duplicate_object or unique_violation then null; end $$`;
}

function grants(): string {
  const writes = Object.entries(WORKER_WRITES).map(
    ([table, rights]) => `grant ${rights.join(', ')} on reefline.${table} to ${WORKER_ROLE}`,
  );
  return [
    `revoke all on all tables in schema reefline from ${WORKER_ROLE}, ${READER_ROLE}`,
    `grant usage on schema reefline to ${WORKER_ROLE}, ${READER_ROLE}`,
    `grant select on all tables in schema reefline to ${WORKER_ROLE}, ${READER_ROLE}`,
    ...writes,
  ].join('; ');
}

async function withCatalog<T>(url: string, work: (db: pg.Pool) => Promise<T>): Promise<T> {
  const db = connectCatalog(url, 1);
  try {
    return await work(db);
  } finally {
    await db.end();
  }
}

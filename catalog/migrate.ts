import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import type pg from 'pg';

/** Schema version that this build needs: the number of migrations in `migrations/`. */
const NEEDED = 7;

/** Brings the catalog to the newest schema. Safe to call from several processes at once: one migrates, the rest wait. */
export async function migrateCatalog(url: string): Promise<void> {
  await runner({
    databaseUrl: url,
    dir: fileURLToPath(new URL('migrations', import.meta.url)),
    direction: 'up',
    migrationsTable: 'migration',
    migrationsSchema: 'reefline',
    schema: 'reefline',
    createSchema: true,
    createMigrationsSchema: true,
    advisoryLockMode: 'wait',
    log: () => undefined,
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  });
}

/** The version of the catalog's schema: the number of migrations that were applied, 0 when there is no catalog yet. */
export async function readCatalogSchema(pool: pg.Pool): Promise<number> {
  const exists = await pool.query<{ found: boolean }>(
    `select to_regclass('reefline.migration') is not null as found`,
  );
  if (exists.rows[0]?.found !== true) return 0;
  const applied = await pool.query<{ count: number }>(
    'select count(*)::int as count from reefline.migration',
  );
  return applied.rows[0]?.count ?? 0;
}

/** @throws Error when the catalog's schema is older than this build needs, with the command that mends it. */
export function requireCatalogSchema(version: number): void {
  if (version < NEEDED) {
    throw new Error(
      `The catalog's schema is at version ${String(version)} and this build needs ${String(NEEDED)}. Run "reefline catalog migrate" once, then start again.`,
    );
  }
}

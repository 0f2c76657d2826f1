import type pg from 'pg';

/**
 * The time in SQL, in milliseconds since the Unix epoch. Whatever is decided by the time is decided by this clock: the clocks of
 * workers are many, and each may be wrong.
 */
export const CATALOG_TIME = 'floor(extract(epoch from clock_timestamp()) * 1000)::float8';

/** The time by the clock of the catalog, for who asks it nothing else. Milliseconds since the Unix epoch. */
export async function readTime(db: pg.Pool | pg.PoolClient): Promise<number> {
  const { rows } = await db.query<{ now: number }>({
    name: 'read-time',
    text: `select ${CATALOG_TIME} as now`,
  });
  const [row] = rows;
  if (row === undefined) throw new Error('The catalog did not tell the time.');
  return row.now;
}

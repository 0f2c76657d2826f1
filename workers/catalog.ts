import pg from 'pg';
import { connectCatalog } from '../catalog/connect.ts';
import { readCatalogSchema, requireCatalogSchema } from '../catalog/migrate.ts';
import { untilReachable, type Say } from './until-reachable.ts';

/**
 * The catalog that REEFLINE_CATALOG_URL names, once it has told its schema: however often it is lost until then, it is asked again.
 * @throws when the variable is missing, or the schema is older than this build needs.
 */
export async function openCatalog(
  environment: NodeJS.ProcessEnv,
  size: number,
  say: Say,
  signal?: AbortSignal,
): Promise<pg.Pool> {
  const url = catalogUrl(environment);
  const pool = connectCatalog(url, size);
  const { hostname, port, pathname } = new URL(url);
  const what = `The catalog at ${hostname}:${port || '5432'}${pathname}`;
  try {
    const schema = await untilReachable(what, () => answerOf(readCatalogSchema(pool)), say, signal);
    if (schema instanceof Error) throw schema;
    requireCatalogSchema(schema);
    return pool;
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** A refusal is an answer, too: SQLSTATE class 42 (PostgreSQL, "Error Codes"), such as a user who may not read the catalog. */
async function answerOf<T>(question: Promise<T>): Promise<T | pg.DatabaseError> {
  return question.catch((error: unknown) => {
    if (error instanceof pg.DatabaseError && error.code?.startsWith('42') === true) return error;
    throw error;
  });
}

export function catalogUrl(environment: NodeJS.ProcessEnv): string {
  const url = environment['REEFLINE_CATALOG_URL'];
  if (url === undefined || url === '') {
    throw new Error(
      'REEFLINE_CATALOG_URL is not set. It names the PostgreSQL database of the catalog, e.g. postgres://user:password@host/reefline.',
    );
  }
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol))
    throw new Error('REEFLINE_CATALOG_URL is not a postgres:// URL.');
  return url;
}

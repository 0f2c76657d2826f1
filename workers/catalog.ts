import type pg from 'pg';
import { connectCatalog } from '../catalog/connect.ts';
import { untilReachable, type Say } from './until-reachable.ts';

/** The catalog that REEFLINE_CATALOG_URL names, once it answers. Throws when the variable is missing. */
export async function openCatalog(
  environment: NodeJS.ProcessEnv,
  size: number,
  say: Say,
  signal?: AbortSignal,
): Promise<pg.Pool> {
  const url = catalogUrl(environment);
  const pool = connectCatalog(url, size);
  const { hostname, port, pathname } = new URL(url);
  await untilReachable(
    `The catalog at ${hostname}:${port || '5432'}${pathname}`,
    () => pool.query('select 1'),
    say,
    signal,
  );
  return pool;
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

import pg from 'pg';
import type { PostgresConnection } from '../../../pipeline/connection.ts';
import { wireDatabase } from '../faults/database-connections.ts';
import { POSTGRES } from '../faults/database-protocols.ts';
import type { Scraps } from './scraps.ts';

/** A schema of a suite's own in the database that the variables of the run name. */
export interface PostgresEndpoint {
  readonly connection: PostgresConnection;
  readonly schema: string;
  /** Rows of a statement by a client of the test's own, as text. */
  query(sql: string, values?: readonly (string | number)[]): Promise<string[][]>;
}

export async function openPostgres(scraps: Scraps): Promise<PostgresEndpoint> {
  const url = process.env['REEFLINE_CONTRACT_POSTGRES_URL'] ?? '';
  const { host, port } = new pg.Client({ connectionString: url });
  wireDatabase(host, port, POSTGRES);
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  scraps.remove('the connections to PostgreSQL', () => pool.end());
  const schema = scraps.prefix;
  const query: PostgresEndpoint['query'] = async (text, values = []) => {
    const { rows } = await pool.query<(string | number | null)[]>({
      text,
      values: [...values],
      rowMode: 'array',
    });
    return rows.map((row) => row.map((value) => (value === null ? 'NULL' : String(value))));
  };
  scraps.remove(`schema ${schema}`, () => query(`drop schema if exists ${schema} cascade`));
  await query(`create schema ${schema}`);
  return { connection: { kind: 'postgres', url }, schema, query };
}

/** Rows of a table of the suite's own in the order of `id`; none when there is no such table. */
export async function rowsOf(
  { schema, query }: PostgresEndpoint,
  table: string,
  columns: readonly string[],
): Promise<string[][]> {
  const at = `${quoted(schema)}.${quoted(table)}`;
  const there = await query('select 1 where to_regclass($1) is not null', [at]);
  return there.length === 0 ? [] : query(`select ${columns.map(quoted).join(', ')} from ${at} order by "id"`);
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

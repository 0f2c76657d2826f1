import { createConnection } from 'mysql2/promise';
import type { MysqlConnection } from '../../../pipeline/connection.ts';
import { wireDatabase } from '../faults/database-connections.ts';
import { MYSQL } from '../faults/database-protocols.ts';
import type { Scraps } from './scraps.ts';

/** A database of a suite's own on the server that the variables of the run name. */
export interface MysqlEndpoint {
  readonly connection: MysqlConnection;
  readonly database: string;
  /** Runs a statement by a client of the test's own. */
  query(sql: string, values?: readonly (string | number)[]): Promise<void>;
}

const PORT = 3306;

export async function openMysql(scraps: Scraps): Promise<MysqlEndpoint> {
  const url = new URL(process.env['REEFLINE_CONTRACT_MYSQL_URL'] ?? '');
  const encrypted = /^(required|verify_ca|verify_identity)$/iu.exec(url.searchParams.get('ssl-mode') ?? '');
  const client = await createConnection({
    host: url.hostname,
    port: url.port === '' ? PORT : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    charset: 'utf8mb4',
    ...(encrypted === null ? {} : { ssl: { rejectUnauthorized: false } }),
  });
  wireDatabase(url.hostname, url.port === '' ? PORT : Number(url.port), MYSQL);
  scraps.remove('the connection to MySQL', () => client.end());
  const database = scraps.prefix;
  const query: MysqlEndpoint['query'] = async (sql, values = []) => {
    await client.query(sql, [...values]);
  };
  scraps.remove(`database ${database}`, () => query(`drop database if exists ${database}`));
  await query(`create database ${database} character set utf8mb4`);
  return { connection: { kind: 'mysql', url: url.href }, database, query };
}

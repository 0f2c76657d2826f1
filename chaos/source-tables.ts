import type { Pool } from 'mysql2/promise';
import type pg from 'pg';

/** A row that appears at a source. */
export interface SourceRow {
  readonly id: number;
  /** UTC, such as `2020-03-01T10:20:30.400`. */
  readonly at: string;
  readonly amount: number;
  readonly note: string | null;
}

/** The tables of one system that rows are fetched from. */
export interface SourceTables {
  create(table: string): Promise<void>;
  /** Rows that are there already stay as they are. */
  insert(table: string, rows: readonly SourceRow[]): Promise<void>;
}

export function postgresTables(pool: pg.Pool): SourceTables {
  return {
    async create(table) {
      await pool.query(
        `create table public.${table} (id bigint primary key, at timestamp not null, amount integer not null, note text)`,
      );
    },
    async insert(table, rows) {
      await pool.query(
        `insert into public.${table} select * from jsonb_to_recordset($1) r(id bigint, at timestamp, amount integer, note text) on conflict do nothing`,
        [JSON.stringify(rows)],
      );
    },
  };
}

export function mysqlTables(pool: Pool): SourceTables {
  return {
    async create(table) {
      await pool.query(
        `create table ${table} (id bigint primary key, at datetime(3) not null, amount int not null, note text)`,
      );
    },
    async insert(table, rows) {
      if (rows.length === 0) return;
      const values = rows.map(({ id, at, amount, note }) => [id, at, amount, note]);
      await pool.query(`insert ignore into ${table} (id, at, amount, note) values ?`, [values]);
    },
  };
}

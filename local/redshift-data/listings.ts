import pg from 'pg';
import type { Databases } from './databases.ts';
import type { Operation } from './operations.ts';
import { type Body, requiredText, target, text, whole } from './request.ts';
import { invalid, ServiceError } from './service-error.ts';

const HIDDEN = `('pg_toast', 'redshift_shim')`;

const SCHEMAS = `
  SELECT nspname AS name FROM pg_namespace
  WHERE nspname NOT IN ${HIDDEN} AND nspname NOT LIKE 'pg\\_temp%' AND nspname NOT LIKE 'pg\\_toast%'
    AND ($1::text IS NULL OR nspname LIKE $1) ORDER BY 1 LIMIT $2 OFFSET $3`;

const TABLES = `
  SELECT c.relname AS name, n.nspname AS schema,
    CASE WHEN n.nspname IN ('pg_catalog', 'information_schema') THEN 'SYSTEM TABLE'
      WHEN c.relkind IN ('v', 'm') THEN 'VIEW' ELSE 'TABLE' END AS type
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'v', 'm') AND n.nspname NOT IN ${HIDDEN} AND n.nspname NOT LIKE 'pg\\_temp%'
    AND ($1::text IS NULL OR n.nspname LIKE $1) AND ($4::text IS NULL OR c.relname LIKE $4)
  ORDER BY 2, 1 LIMIT $2 OFFSET $3`;

const COLUMNS = `
  SELECT a.attname AS name, a.attname AS label, n.nspname AS "schemaName", c.relname AS "tableName",
    t.typname AS "typeName", (CASE WHEN a.attnotnull THEN 0 ELSE 1 END) AS nullable,
    pg_get_expr(d.adbin, d.adrelid) AS "columnDefault", coalesce(information_schema._pg_char_max_length(a.atttypid, a.atttypmod), 0)::int AS length,
    coalesce(information_schema._pg_numeric_precision(a.atttypid, a.atttypmod), 0)::int AS precision,
    coalesce(information_schema._pg_numeric_scale(a.atttypid, a.atttypmod), 0)::int AS scale
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm') AND n.nspname NOT IN ${HIDDEN}
    AND ($1::text IS NULL OR n.nspname = $1) AND c.relname = $4
  ORDER BY n.nspname, a.attnum LIMIT $2 OFFSET $3`;

type Row = Record<string, string | number | null>;

/** The operations that look at databases, schemas, tables and columns. */
export function listingOperations(databases: Databases): Record<string, Operation> {
  return {
    ListDatabases: async (body) => {
      const { rows, next } = await page(
        databases,
        body,
        'SELECT datname AS name FROM pg_database WHERE NOT datistemplate AND $1::text IS NULL ORDER BY 1 LIMIT $2 OFFSET $3',
        [null],
      );
      return JSON.stringify({ Databases: rows.map(({ name }) => name), NextToken: next });
    },
    ListSchemas: async (body) => {
      const { rows, next } = await page(databases, body, SCHEMAS, [text(body, 'SchemaPattern') ?? null]);
      return JSON.stringify({ Schemas: rows.map(({ name }) => name), NextToken: next });
    },
    ListTables: async (body) => {
      const { rows, next } = await page(databases, body, TABLES, [
        text(body, 'SchemaPattern') ?? null,
        text(body, 'TablePattern') ?? null,
      ]);
      return JSON.stringify({ Tables: rows, NextToken: next });
    },
    DescribeTable: async (body) => {
      const table = requiredText(body, 'Table');
      const { rows, next } = await page(databases, body, COLUMNS, [text(body, 'Schema') ?? null, table]);
      const columns = rows.map((row) =>
        Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
      );
      return JSON.stringify({ TableName: table, ColumnList: columns, NextToken: next });
    },
  };
}

/** `$1` and `$4` are the filters, `$2` and `$3` the page. The token is the number of rows before the page. */
async function page(
  databases: Databases,
  body: Body,
  sql: string,
  [first, ...rest]: (string | null)[],
): Promise<{ rows: Row[]; next: string | undefined }> {
  const { database } = target(body);
  const limit = whole(body, 'MaxResults', 1, 1000) ?? 1000;
  const token = text(body, 'NextToken') ?? '0';
  if (!/^\d{1,9}$/.test(token)) throw invalid('NextToken is not valid.');
  const pool = await connect(databases, text(body, 'ConnectedDatabase') ?? database);
  const { rows } = await pool.query<Row>(sql, [first, limit + 1, Number(token), ...rest]);
  const next = rows.length > limit ? String(Number(token) + limit) : undefined;
  return { rows: rows.slice(0, limit), next };
}

async function connect(databases: Databases, database: string): Promise<pg.Pool> {
  try {
    return await databases.pool(database);
  } catch (error) {
    if (error instanceof pg.DatabaseError) throw invalid(`${error.severity ?? 'FATAL'}: ${error.message}`);
    throw new ServiceError(
      'DatabaseConnectionException',
      error instanceof Error ? error.message : String(error),
    );
  }
}

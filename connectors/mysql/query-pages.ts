import type { MysqlSession } from './connection.ts';

/** A row as texts; every column of the statement must be one. */
export type TextRow = readonly (string | null)[];

const PAGE = 10_000;

/**
 * The rows of a prepared statement, in pages. Rows wait in the server while the consumer takes its time. Throws what mysql2 throws.
 * Read to the end before the next statement: a connection runs one at a time.
 */
export async function* queryPages(
  { connection }: MysqlSession,
  sql: string,
  values: readonly string[],
): AsyncGenerator<readonly TextRow[]> {
  const rows = connection
    .execute({ sql, rowsAsArray: true, values: [...values] })
    .stream({ highWaterMark: 1_000 });
  // mysql2 tells the connection, and not the statement, that it was lost.
  const lost = (error: unknown): void => {
    rows.destroy(error as Error);
  };
  connection.once('error', lost);
  try {
    let page: TextRow[] = [];
    for await (const row of rows) {
      page.push(row as TextRow);
      if (page.length < PAGE) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  } finally {
    connection.off('error', lost);
  }
}

/** All rows of a statement that gives few. */
export async function queryRows(
  session: MysqlSession,
  sql: string,
  values: readonly string[] = [],
): Promise<readonly TextRow[]> {
  const rows: TextRow[] = [];
  for await (const page of queryPages(session, sql, values)) rows.push(...page);
  return rows;
}

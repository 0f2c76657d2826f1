import pg from 'pg';
import { ResultPages } from './result-pages.ts';
import type { StatementStore } from './statement-store.ts';

/** Values stay in PostgreSQL's text format. */
const TEXT: pg.CustomTypesConfig = { getTypeParser: () => (value: string) => value };

/**
 * Runs one statement and stores its result page by page as the rows arrive, so that memory holds one page.
 * `rows` counts what was returned or changed.
 */
export async function runQuery(
  client: pg.ClientBase,
  store: StatementStore,
  id: string,
  sql: string,
  values: string[],
): Promise<{ rows: number; bytes: number; hasResultSet: boolean }> {
  const pages = new ResultPages(store, id);
  let refused: Error | undefined;
  const query = new pg.Query<(string | null)[]>({
    text: sql,
    values,
    rowMode: 'array',
    types: TEXT,
    queryMode: 'extended',
  } as pg.QueryArrayConfig);
  query.on('row', (row, result) => {
    if (refused !== undefined) return;
    try {
      pages.add(row, result?.fields ?? []);
    } catch (error) {
      refused = error instanceof Error ? error : new Error(String(error));
    }
  });
  const result = await new Promise<pg.ResultBuilder>((resolve, reject) => {
    query.on('end', resolve);
    query.on('error', reject);
    client.query(query);
  });
  if (refused !== undefined) throw refused;
  const hasResultSet = result.fields.length > 0;
  if (hasResultSet) pages.finish(result.fields);
  return { rows: hasResultSet ? pages.total : (result.rowCount ?? 0), bytes: pages.bytes, hasResultSet };
}

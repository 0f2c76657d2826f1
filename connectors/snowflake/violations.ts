import {
  assertionFailure,
  SAMPLE_ROWS,
  sampleText,
  unshownSample,
  type AssertionQuery,
  type Violations,
} from '../../pipeline/assertion-query.ts';
import { isRetryable, StageFailure } from '../../pipeline/failure.ts';
import type { Warehouse } from './client.ts';
import type { Watch } from './progress.ts';
import { derivedTable } from './query-columns.ts';
import { describeQuery, readRows } from './query.ts';

/**
 * Counts the rows of all queries in one statement, so that they see the same data, then reads a few rows of those that have any.
 * It only reads, so an attempt simply begins again. Throws StageFailure with the name and the file of the query that Snowflake refuses.
 */
export async function findViolations(
  warehouse: Warehouse,
  dataset: string,
  queries: readonly AssertionQuery[],
  watch: Watch,
): Promise<readonly Violations[]> {
  const counts = queries.map(
    ({ select }, at) => `SELECT ${String(at)} AS "AT", COUNT(*) AS "N" FROM ${derivedTable(select)}`,
  );
  const sql = `${counts.join('\nUNION ALL\n')}\nORDER BY "AT"`;
  const doing = `count the violations for ${dataset}`;
  const rows = await readRows(warehouse, sql, doing, watch).catch(async (error: unknown) => {
    throw await namingQuery(warehouse, queries, error, watch);
  });
  const found: Violations[] = [];
  for (const [at, query] of queries.entries()) {
    const count = Number(rows[at]?.[1] ?? 0);
    found.push({ count, sample: count === 0 ? [] : await readSample(warehouse, query, watch) });
  }
  return found;
}

/** The failure of the one statement does not say whose it is; each SELECT alone does. */
async function namingQuery(
  warehouse: Warehouse,
  queries: readonly AssertionQuery[],
  error: unknown,
  watch: Watch,
): Promise<unknown> {
  if (!(error instanceof StageFailure) || isRetryable(error.failureClass)) return error;
  for (const query of queries) {
    try {
      await readRows(
        warehouse,
        `SELECT COUNT(*) FROM ${derivedTable(query.select)}`,
        `count the violations of ${query.name}`,
        watch,
      );
    } catch (own) {
      watch.signal.throwIfAborted();
      if (!(own instanceof StageFailure)) return own;
      return assertionFailure(query, own);
    }
  }
  return error;
}

async function readSample(
  warehouse: Warehouse,
  { name, select }: AssertionQuery,
  watch: Watch,
): Promise<readonly string[]> {
  const sql = `SELECT * FROM ${derivedTable(select)} LIMIT ${String(SAMPLE_ROWS)}`;
  const doing = `read rows that violate ${name}`;
  try {
    const columns = await describeQuery(warehouse, sql, doing, watch);
    const rows = await readRows(warehouse, sql, doing, watch);
    return rows.map((row) =>
      sampleText(
        columns.map((column) => column.getName()),
        row,
      ),
    );
  } catch (error) {
    if (!(error instanceof StageFailure) || isRetryable(error.failureClass)) throw error;
    return unshownSample(error);
  }
}

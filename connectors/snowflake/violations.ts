import { isRetryable, StageFailure } from '../../pipeline/failure.ts';
import { storableText } from '../../pipeline/storable.ts';
import type { Warehouse } from './client.ts';
import type { Watch } from './progress.ts';
import { derivedTable } from './query-columns.ts';
import { describeQuery, readRows } from './query.ts';

/** A SELECT of the rows that should not be there. */
export interface AssertionQuery {
  readonly name: string;
  readonly select: string;
  /** Where the SELECT stands, for messages. */
  readonly file: string;
}

export interface Violations {
  readonly count: number;
  /** At most five of the rows, as text for people. */
  readonly sample: readonly string[];
}

const SAMPLE_ROWS = 5;
/** UTF-16 units of one row of a sample. */
const SAMPLE_TEXT = 300;

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
  for (const { name, select, file } of queries) {
    try {
      await readRows(
        warehouse,
        `SELECT COUNT(*) FROM ${derivedTable(select)}`,
        `count the violations of ${name}`,
        watch,
      );
    } catch (own) {
      watch.signal.throwIfAborted();
      if (!(own instanceof StageFailure)) return own;
      const message = `The SQL of assertion ${name} (${file}) failed. ${own.message}`;
      return new StageFailure(own.failureClass, message, {
        cause: own,
        facts: { ...own.facts, assertion: name, file },
      });
    }
  }
  return error;
}

/** The rows are for people only: where they cannot be read, the count has to do. */
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
      rowText(
        columns.map((column) => column.getName()),
        row,
      ),
    );
  } catch (error) {
    if (!(error instanceof StageFailure) || isRetryable(error.failureClass)) throw error;
    return [storableText(`(cannot be shown: ${error.message})`, SAMPLE_TEXT)];
  }
}

function rowText(names: readonly string[], row: readonly (string | null)[]): string {
  const text = row.map((value, at) => `${names[at] ?? ''} = ${value ?? 'NULL'}`).join(', ');
  return text.length <= SAMPLE_TEXT ? text : `${storableText(text, SAMPLE_TEXT)}…`;
}

import { randomUUID } from 'node:crypto';
import {
  assertionFailure,
  SAMPLE_ROWS,
  sampleText,
  unshownSample,
  type AssertionQuery,
  type Violations,
} from '../../pipeline/assertion-query.ts';
import { isRetryable, StageFailure } from '../../pipeline/failure.ts';
import type { Athena } from './client.ts';
import { withoutSemicolon } from './create-table-as.ts';
import { queryFailure, type Place } from './failures.ts';
import type { Progress, Watch } from './progress.ts';
import { follow, submit } from './query.ts';
import { runResumable, type Marker } from './resumable.ts';
import { firstRows, resultPages } from './results.ts';

/** The queries of one revision of a check. */
export interface ViolationRequest {
  readonly marker: Marker;
  readonly queries: readonly AssertionQuery[];
  readonly attempt: number;
}

/**
 * Counts the rows of all queries in one query, so that they see the same state of the catalog, then reads a few rows of those that have
 * any. An attempt attaches to the counting of an earlier one. Throws StageFailure with the name and the file of the query
 * that Athena refuses.
 */
export async function findViolations(
  athena: Athena,
  { marker, queries, attempt }: ViolationRequest,
  progress: Progress,
  watch: Watch,
): Promise<readonly Violations[]> {
  const sql = `${queries.map(countSelect).join('\nUNION ALL\n')}\nORDER BY 1`;
  const doing = `count the violations for ${marker.dataset} and label ${marker.timelabel}`;
  // Its lines are those of many files.
  const place = { doing, file: marker.dataset, linesBefore: sql.length, scanLimit: undefined };
  const request = { marker, attempt, place, sql: () => sql };
  const { query } = await runResumable(athena, request, progress, watch).catch(async (error: unknown) => {
    throw await namingQuery(athena, queries, error, watch);
  });
  const counts: number[] = [];
  for await (const page of resultPages(athena, query.QueryExecutionId ?? '', watch))
    counts.push(...page.map(([, count]) => Number(count)));
  const found: Violations[] = [];
  for (const [at, assertion] of queries.entries()) {
    const count = counts[at] ?? 0;
    found.push({ count, sample: count === 0 ? [] : await readSample(athena, assertion, watch) });
  }
  return found;
}

function countSelect({ select }: AssertionQuery, at: number): string {
  return `SELECT ${String(at)} AS assertion, count(*) AS violations FROM ${derivedTable(select)}`;
}

/** The SELECT keeps its own lines: it may end in a comment, and a position in a message can be told in the author's file. */
function derivedTable(select: string): string {
  return `(\n${withoutSemicolon(select)}\n) AS reefline_query`;
}

/** The failure of the one query does not say whose it is; each SELECT alone does. */
async function namingQuery(
  athena: Athena,
  queries: readonly AssertionQuery[],
  error: unknown,
  watch: Watch,
): Promise<unknown> {
  if (!(error instanceof StageFailure) || isRetryable(error.failureClass)) return error;
  for (const [at, query] of queries.entries()) {
    try {
      await run(athena, countSelect(query, at), `count the violations of ${query.name}`, query.file, watch);
    } catch (own) {
      watch.signal.throwIfAborted();
      if (!(own instanceof StageFailure)) return own;
      return assertionFailure(query, own);
    }
  }
  return error;
}

async function readSample(
  athena: Athena,
  { name, select, file }: AssertionQuery,
  watch: Watch,
): Promise<readonly string[]> {
  const sql = `SELECT * FROM ${derivedTable(select)} LIMIT ${String(SAMPLE_ROWS)}`;
  try {
    const id = await run(athena, sql, `read rows that violate ${name}`, file, watch);
    const [names = [], ...rows] = await firstRows(athena, id, watch);
    return rows.map((row) => sampleText(names, row));
  } catch (error) {
    if (!(error instanceof StageFailure) || isRetryable(error.failureClass)) throw error;
    return unshownSample(error);
  }
}

/** Runs a query that only reads, so that its token may be new each time. */
async function run(athena: Athena, sql: string, doing: string, file: string, watch: Watch): Promise<string> {
  const place: Place = { doing, file, linesBefore: 1, scanLimit: undefined };
  const id = await submit(athena, sql, randomUUID(), place, watch.signal);
  const query = await follow(athena, id, watch);
  if (query.Status?.State !== 'SUCCEEDED') throw queryFailure(query, place);
  return id;
}

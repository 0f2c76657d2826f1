import type { Field } from '@aws-sdk/client-redshift-data';
import {
  assertionFailure,
  SAMPLE_ROWS,
  sampleText,
  unshownSample,
  type AssertionQuery,
  type Violations,
} from '../../pipeline/assertion-query.ts';
import { isRetryable, StageFailure } from '../../pipeline/failure.ts';
import type { Marker } from './apply-statements.ts';
import type { Warehouse } from './client.ts';
import type { Progress } from './progress.ts';
import { derivedTable } from './query-columns.ts';
import { exactText, readRows, resultPages } from './results.ts';
import { runResumable } from './resumable.ts';
import { runBatch } from './run-batch.ts';
import type { Watch } from './statement.ts';

/** The queries of one revision of a check. */
export interface ViolationRequest {
  readonly marker: Marker;
  readonly queries: readonly AssertionQuery[];
  readonly attempt: number;
}

/**
 * Counts the rows of each query, all in one transaction, so that they see the same data, then reads a few rows of those that have any.
 * An attempt attaches to the counting of an earlier one. Throws StageFailure with the name and the file of
 * the query that Redshift refuses.
 */
export async function findViolations(
  warehouse: Warehouse,
  { marker, queries, attempt }: ViolationRequest,
  progress: Progress,
  watch: Watch,
): Promise<readonly Violations[]> {
  const sqls = queries.map(({ select }) => `SELECT count(*) FROM ${derivedTable(select)}`);
  const doing = `count the violations for ${marker.dataset} and label ${marker.timelabel}`;
  const { state } = await runResumable(warehouse, { marker, sqls, doing, attempt }, progress, watch).catch(
    (error: unknown) => {
      throw namingQuery(error, queries);
    },
  );
  const found: Violations[] = [];
  for (const [at, query] of queries.entries()) {
    const [row] = await readRows(warehouse, state, at, watch);
    const count = Number(row?.[0] ?? 0);
    found.push({ count, sample: count === 0 ? [] : await readSample(warehouse, query, watch) });
  }
  return found;
}

/** Statements of a batch are numbered from 1, and their ids end in the number: `5b3e…:2`. */
function namingQuery(error: unknown, queries: readonly AssertionQuery[]): unknown {
  if (!(error instanceof StageFailure)) return error;
  const number = /:(\d+)$/.exec(String(error.facts['statement'] ?? ''))?.[1];
  const query = queries[Number(number ?? 0) - 1];
  return query === undefined ? error : assertionFailure(query, error);
}

async function readSample(
  warehouse: Warehouse,
  { name, select }: AssertionQuery,
  watch: Watch,
): Promise<readonly string[]> {
  const sql = `SELECT * FROM ${derivedTable(select)} LIMIT ${String(SAMPLE_ROWS)}`;
  const sample: string[] = [];
  try {
    const state = await runBatch(warehouse, [sql], `read rows that violate ${name}`, watch);
    for await (const { columns, rows } of resultPages(warehouse, state, 0, watch, shownText)) {
      const names = columns.map((column, at) => column.label ?? column.name ?? String(at + 1));
      sample.push(...rows.map((row) => sampleText(names, row)));
    }
  } catch (error) {
    if (!(error instanceof StageFailure) || isRetryable(error.failureClass)) throw error;
    return unshownSample(error);
  }
  return sample;
}

/** A whole number that JSON has already rounded is good enough to be looked at. */
function shownText(field: Field): string | null {
  return field.longValue === undefined ? exactText(field) : String(field.longValue);
}

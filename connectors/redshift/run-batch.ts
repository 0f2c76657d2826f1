import type { DescribeStatementResponse } from '@aws-sdk/client-redshift-data';
import type { Warehouse } from './client.ts';
import { loadFailure } from './load-errors.ts';
import { follow, submit, type Watch } from './statement.ts';

/** Submits, follows, and throws the failure of a batch that did not finish. For reads and repeatable DDL: no token. */
export async function runBatch(
  warehouse: Warehouse,
  sqls: readonly string[],
  doing: string,
  watch: Watch,
): Promise<DescribeStatementResponse> {
  const { id } = await submit(warehouse, sqls, undefined, watch.signal);
  return finished(warehouse, await follow(warehouse, id, watch), doing, watch);
}

/** The description of a statement that finished; throws the StageFailure of one that failed or was aborted. */
export async function finished(
  warehouse: Warehouse,
  state: DescribeStatementResponse,
  doing: string,
  watch: Watch,
): Promise<DescribeStatementResponse> {
  if (state.Status === 'FINISHED') return state;
  throw await loadFailure(warehouse, state, doing, watch);
}

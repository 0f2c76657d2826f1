import { StageFailure } from '../../pipeline/failure.ts';
import type { Chunk } from './chunks.ts';
import { toSalesforceFailure } from './failures.ts';
import type { Org } from './session.ts';

/** Salesforce cuts the data of a job into batches of so many rows, each of which counts (Bulk API 2.0 limits). */
const BATCH_ROWS = 10_000;
/** Requests of one job when it is done soon: create, upload, close, a few looks, failed results. */
const JOB_REQUESTS = 10;

/**
 * Refuses to begin what the org's allocation for 24 hours does not cover, so that a publish does not stop half-way and does not
 * take the last requests from everybody else. @throws StageFailure `throttled`, which is tried again.
 */
export async function checkAllocation(org: Org, chunks: readonly Chunk[]): Promise<void> {
  const limits = await org.api.limits().catch((error: unknown) => {
    throw toSalesforceFailure(error, org.where, 'read the limits of the org');
  });
  const batches = chunks.reduce((sum, { rows }) => sum + Math.ceil(rows / BATCH_ROWS), 0);
  refuseShortage(org, 'DailyBulkApiBatches', limits['DailyBulkApiBatches'], batches);
  refuseShortage(org, 'DailyApiRequests', limits['DailyApiRequests'], chunks.length * JOB_REQUESTS);
}

/** The same for one more job, by the usage that Salesforce reports with each answer (header `Sforce-Limit-Info`). */
export function checkUsage(org: Org): void {
  const usage = org.api.limitInfo.apiUsage;
  if (usage === undefined) return;
  refuseShortage(
    org,
    'DailyApiRequests',
    { Max: usage.limit, Remaining: usage.limit - usage.used },
    JOB_REQUESTS,
  );
}

function refuseShortage(
  { where }: Org,
  name: string,
  limit: { readonly Max: number; readonly Remaining: number } | undefined,
  needed: number,
): void {
  if (limit === undefined || limit.Remaining >= needed) return;
  throw new StageFailure(
    'throttled',
    `Salesforce ${where} has ${String(limit.Remaining)} of ${String(limit.Max)} ${name} left, and this publish needs ${String(needed)}. ` +
      'The allocation covers the last 24 hours and comes back by itself; ask Salesforce for more, or publish less often.',
    { facts: { limit: name, remaining: limit.Remaining, needed } },
  );
}

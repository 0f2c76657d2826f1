import { proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from './activity-types.ts';

/**
 * Short catalog transactions of runs and ticks as local activities: no visit to the server. Not for a router: a local
 * activity keeps the workflow task open, and when more than 100 signals arrive meanwhile the server fails that task,
 * after which the SDK records a history that cannot be replayed (docs/testing.md, "What a burst does"). When the catalog is away, retries beyond the threshold become timers instead of a stuck task.
 */
export const shortActivities = proxyLocalActivities<Activities>({
  startToCloseTimeout: '20s',
  localRetryThreshold: '5s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

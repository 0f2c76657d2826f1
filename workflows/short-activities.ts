import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from './activity-types.ts';

/**
 * Short catalog transactions run as local activities: no visit to the server, so an event reaches its dependent a
 * quarter faster. When the catalog is away, retries beyond the threshold become timers instead of a stuck task.
 */
export const shortActivities = proxyLocalActivities<Activities>({
  startToCloseTimeout: '20s',
  localRetryThreshold: '5s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/**
 * The same transactions as regular activities, for a router whose queue is long. A local activity keeps the workflow
 * task open, and a task during which more than 100 signals arrive is failed by the server, over and over in a burst.
 */
export const queuedActivities = proxyActivities<Activities>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

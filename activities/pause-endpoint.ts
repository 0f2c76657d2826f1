import { inDecision } from '../catalog/connect.ts';
import { pauseEndpoint, resumeEndpoint, type EndpointPause } from '../catalog/endpoint-pauses.ts';
import { changeHealth, type HealthTools } from './endpoint-health.ts';

/** Pauses an endpoint and reports it, both or nothing; see `pauseEndpoint`. Asking again reports nothing. */
export async function pauseAndReport(
  { db, configs, wake }: HealthTools,
  endpoint: string,
  by: string,
  reason: string,
): Promise<{ readonly pause: EndpointPause; readonly already: boolean }> {
  const { paused, changed } = await inDecision(db, async (client) => ({
    paused: await pauseEndpoint(client, endpoint, by, reason),
    changed: await changeHealth(client, configs, endpoint),
  }));
  await Promise.allSettled(changed.owed.map(wake));
  return paused;
}

/** Ends a pause and reports it, both or nothing; false when there was none. */
export async function resumeAndReport(
  { db, configs, wake }: HealthTools,
  endpoint: string,
): Promise<boolean> {
  const { resumed, changed } = await inDecision(db, async (client) => ({
    resumed: await resumeEndpoint(client, endpoint),
    changed: await changeHealth(client, configs, endpoint),
  }));
  await Promise.allSettled(changed.owed.map(wake));
  return resumed;
}

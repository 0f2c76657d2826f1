import type pg from 'pg';
import { inDecision } from '../catalog/connect.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import {
  lockEndpointHealth,
  readEndpointState,
  writeEndpointHealth,
  type EndpointState,
} from '../catalog/endpoint-health.ts';
import { appendEvents } from '../catalog/event-log.ts';
import type { EndpointEvent } from '../pipeline/data-event.ts';
import { healthEvent } from '../pipeline/health-event.ts';
import { healthOf, secondsUntilQuiet } from '../pipeline/endpoint-health.ts';
import { publisherId } from '../pipeline/ids.ts';
import { withEndpoints } from './owed-endpoints.ts';
import { NO_TRACER, type Tracer } from './tracer.ts';

/** What judging health needs. */
export interface HealthTools {
  readonly db: pg.Pool;
  readonly configs: ConfigStore;
  /** Has the publisher of an endpoint look at what is owed. */
  readonly wake: (endpoint: string) => Promise<void>;
  /** Absent, nothing is traced. */
  readonly tracer?: Tracer;
}

/**
 * Decides how an endpoint fares. The health follows from what the catalog says, so whoever dies before the change is
 * written leaves it to the next call. Returns the seconds after which to look again although nothing is sent; null when
 * time alone changes nothing.
 */
export async function judgeHealth(
  { db, configs, wake, tracer = NO_TRACER }: HealthTools,
  endpoint: string,
): Promise<number | null> {
  const state = await readEndpointState(db, endpoint);
  if (state === undefined) return null;
  const { health } = healthOf(state.health, state.facts, state.limits);
  if (health !== state.health) {
    const from = Date.now();
    const { owed, event } = await inDecision(db, (client) => changeHealth(client, configs, endpoint));
    if (event !== undefined) tracer.record({ kind: 'reported', event, causes: [], from, to: Date.now() });
    // Of a publisher that was not woken, the sweep finds what is due.
    await Promise.allSettled(owed.map(wake));
  }
  return secondsUntilQuiet(health, state.facts, state.limits);
}

/**
 * Writes the health that an endpoint has now together with the event of the change, for everybody but itself: both or nothing,
 * once for each change. Returns the event, where there is one, and the endpoints that are owed it.
 */
export async function changeHealth(
  client: pg.PoolClient,
  configs: ConfigStore,
  endpoint: string,
): Promise<HealthChange> {
  await lockEndpointHealth(client, endpoint);
  const state = await readEndpointState(client, endpoint);
  if (state === undefined) return NO_CHANGE;
  const verdict = healthOf(state.health, state.facts, state.limits);
  if (verdict.health === state.health) return NO_CHANGE;
  const change = state.changes + 1;
  await writeEndpointHealth(client, endpoint, verdict.health, change);
  const { now } = state;
  const event = healthEvent({ endpoint, change, previous: state.health, now, ...verdict, ...told(state) });
  const table = await configs.current(client);
  const owed = await appendEvents(client, withEndpoints(table, [event], now), [], publisherId(endpoint));
  return { owed, event };
}

interface HealthChange {
  readonly owed: readonly string[];
  readonly event?: EndpointEvent;
}

const NO_CHANGE: HealthChange = { owed: [] };

function told({ facts, lastError, errorClass }: EndpointState): {
  readonly error: { readonly class: string; readonly message: string } | null;
  readonly oldestSeconds: number | null;
} {
  const { failedCalls, oldestSeconds } = facts;
  const error =
    failedCalls === 0 || lastError === null
      ? null
      : { class: errorClass ?? 'unexpected', message: lastError };
  return { error, oldestSeconds };
}

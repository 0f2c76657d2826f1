import { eventTime, MAX_ERROR_TEXT, type EndpointEvent } from './data-event.ts';
import type { EndpointHealth } from './endpoint-health.ts';
import { healthEventId } from './ids.ts';
import { storableText } from './storable.ts';

/** A change of an endpoint's health, as it was decided. */
export interface HealthChange {
  readonly endpoint: string;
  /** 1, 2, 3 … the n-th change of this endpoint. */
  readonly change: number;
  readonly health: EndpointHealth;
  readonly previous: EndpointHealth;
  readonly reason: string;
  /** Why it takes nothing; null when it does. Without secrets. */
  readonly error: { readonly class: string; readonly message: string } | null;
  readonly oldestSeconds: number | null;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** The event of a change; errors are told while the endpoint is ill by its calls. */
export function healthEvent(change: HealthChange): EndpointEvent {
  const { endpoint, health, previous, now, oldestSeconds } = change;
  const ill = health === 'degraded' || health === 'failing';
  const error = ill ? change.error : null;
  return {
    event_type: 'endpoint',
    endpoint,
    health,
    previous,
    reason: storableText(change.reason, MAX_ERROR_TEXT),
    time: eventTime(now),
    error:
      error === null
        ? null
        : { class: error.class, message: storableText(error.message, MAX_ERROR_TEXT), facts: {} },
    oldestUnsentSeconds: oldestSeconds === null ? null : Math.floor(oldestSeconds),
    eventId: healthEventId(endpoint, change.change),
    dataset: `reefline.endpoint.${endpoint}`,
    timelabel: `${new Date(now).toISOString().slice(0, 16).replaceAll(/[-T:]/g, '')}00`,
    revision: change.change,
    pipeline: null,
    stage: null,
  };
}

import type pg from 'pg';
import { CATALOG_TIME } from './clock.ts';
import type { EndpointFacts, EndpointHealth, HealthLimits } from '../pipeline/endpoint-health.ts';

/** How an endpoint fares by the catalog, and what that is decided by. */
export interface EndpointState {
  readonly health: EndpointHealth;
  /** How often it has changed. */
  readonly changes: number;
  readonly facts: EndpointFacts;
  /** Those that the endpoint sets for itself. */
  readonly limits: Partial<HealthLimits>;
  readonly lastError: string | null;
  readonly errorClass: string | null;
  /** By the clock of the catalog, in milliseconds since the Unix epoch. */
  readonly now: number;
}

/** Seconds since a time in the column, on the clock of the database. */
const SINCE = (column: string): string => `extract(epoch from clock_timestamp() - ${column})::float8`;

const OLDEST = `(select ${SINCE('d.owed_at')} from reefline.delivery d
                  where d.endpoint = e.name and d.status = 'owed' order by d.seq limit 1)`;

/** Reads the state of an endpoint, or undefined when there is none of this name. */
export async function readEndpointState(
  db: pg.Pool | pg.PoolClient,
  endpoint: string,
): Promise<EndpointState | undefined> {
  const found = await db.query<EndpointState>({
    name: 'read-endpoint-state',
    text: `select coalesce(h.health, 'healthy') as health, coalesce(h.changes, 0) as changes, h.last_error as "lastError", h.error_class as "errorClass",
                  ${CATALOG_TIME} as now,
                  coalesce(e.definition->'health', '{}') as limits,
                  jsonb_build_object(
                    'pause', case when e.paused_at is not null then jsonb_build_object('by', coalesce(e.paused_by, 'somebody'), 'reason', coalesce(e.pause_reason, 'no reason given')) end,
                    'failedCalls', coalesce(h.failed_calls, 0), 'failingSeconds', coalesce(${SINCE('h.failing_since')}, 0),
                    'quietSeconds', ${SINCE('h.last_failure_at')}, 'oldestSeconds', ${OLDEST}) as facts
             from reefline.endpoint e left join reefline.endpoint_health h on h.endpoint = e.name where e.name = $1`,
    values: [endpoint],
  });
  return found.rows[0];
}

/** Whoever changes the health of an endpoint holds this until its transaction ends; others wait. */
export async function lockEndpointHealth(client: pg.PoolClient, endpoint: string): Promise<void> {
  await client.query({
    name: 'create-endpoint-health',
    text: 'insert into reefline.endpoint_health (endpoint) values ($1) on conflict do nothing',
    values: [endpoint],
  });
  await client.query({
    name: 'lock-endpoint-health',
    text: 'select 1 from reefline.endpoint_health where endpoint = $1 for update',
    values: [endpoint],
  });
}

/** Keeps another health as the endpoint's n-th. A pause ends the count of failed calls: what follows it is judged anew. */
export async function writeEndpointHealth(
  client: pg.PoolClient,
  endpoint: string,
  health: EndpointHealth,
  change: number,
): Promise<void> {
  await client.query({
    name: 'write-endpoint-health',
    text: `update reefline.endpoint_health
              set health = $2, since = clock_timestamp(), changes = $3,
                  failed_calls = case $2 when 'paused' then 0 else failed_calls end,
                  failing_since = case $2 when 'paused' then null else failing_since end
            where endpoint = $1`,
    values: [endpoint, health, change],
  });
}

/** An endpoint, for people. */
export interface EndpointView {
  readonly name: string;
  readonly kind: string;
  /** False when the configuration in force lacks it. */
  readonly active: boolean;
  readonly health: EndpointHealth;
  /** Since when; null when it was never anything but healthy. */
  readonly since: Date | null;
  /** Counted up to a hundred thousand. */
  readonly owed: number;
  readonly dead: number;
  readonly oldestSeconds: number | null;
  readonly lastSuccessAt: Date | null;
  readonly lastFailureAt: Date | null;
  readonly errorClass: string | null;
  readonly lastError: string | null;
  readonly pausedBy: string | null;
  readonly pauseReason: string | null;
}

/** Nothing may count a backlog of millions for a table. */
const COUNTED = 100_000;

/** Endpoints in force, and others that still have messages to get or to be decided about; by name. */
export async function readEndpointViews(db: pg.Pool): Promise<readonly EndpointView[]> {
  const counted = (status: string): string =>
    `(select count(*)::int from (select 1 from reefline.delivery d where d.endpoint = e.name and d.status = '${status}' limit ${String(COUNTED)}) o)`;
  const found = await db.query<EndpointView>({
    name: 'read-endpoint-views',
    text: `select * from (
             select e.name, e.definition->>'kind' as kind, e.active, h.since, ${counted('owed')} as owed, ${counted('dead')} as dead,
                    case when e.paused_at is not null then 'paused' else coalesce(h.health, 'healthy') end as health,
                    ${OLDEST} as "oldestSeconds", h.last_success_at as "lastSuccessAt", h.last_failure_at as "lastFailureAt",
                    h.error_class as "errorClass", h.last_error as "lastError", e.paused_by as "pausedBy", e.pause_reason as "pauseReason"
               from reefline.endpoint e left join reefline.endpoint_health h on h.endpoint = e.name) v
            where active or owed > 0 or dead > 0 order by name`,
  });
  return found.rows;
}

import type pg from 'pg';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import { pairKey, type LabelPair, type LoggedState } from '../pipeline/number-events.ts';
import type { Verdict } from '../pipeline/verdict.ts';
import { CATALOG_TIME } from './clock.ts';

/**
 * Reads what is needed to number and deduplicate arriving events, and the time by the clock of the catalog. The caller holds the
 * labels' locks.
 */
export async function readLogged(
  client: pg.PoolClient,
  ids: readonly string[],
  pairs: readonly LabelPair[],
): Promise<LoggedState & { readonly readAt: number }> {
  const found = await client.query<{
    event_id: string | null;
    dataset: string | null;
    timelabel: string | null;
    logged: number | null;
    highest: number | null;
    read_at: number | null;
  }>({
    name: 'read-logged',
    text: `select event_id, null as dataset, null as timelabel, null::int as logged, null::int as highest, null::float8 as read_at
             from reefline.data_event where event_id = any($1::text[])
           union all
           select null, p.dataset, p.timelabel, e.revision, greatest(e.revision, r.revision), null
             from unnest($2::text[], $3::text[]) p(dataset, timelabel)
             left join lateral (select revision from reefline.data_event
               where dataset = p.dataset and timelabel = p.timelabel and event_type = 'data' order by revision desc limit 1) e on true
             left join lateral (select revision from reefline.stage_run
               where dataset = p.dataset and timelabel = p.timelabel order by revision desc limit 1) r on true
           union all
           select null, null, null, null, null, ${CATALOG_TIME}`,
    values: [ids, pairs.map((pair) => pair.dataset), pairs.map((pair) => pair.timelabel)],
  });
  const known = new Set<string>();
  const highest = new Map<string, number>();
  const logged = new Map<string, number>();
  let readAt = 0;
  for (const row of found.rows) {
    if (row.read_at !== null) readAt = row.read_at;
    if (row.event_id !== null) known.add(row.event_id);
    if (row.dataset === null || row.timelabel === null) continue;
    const key = pairKey({ dataset: row.dataset, timelabel: row.timelabel });
    if (row.highest !== null) highest.set(key, row.highest);
    if (row.logged !== null) logged.set(key, row.logged);
  }
  return { known, highest, logged, readAt };
}

/** An event, and the names of the endpoints that are to receive it. */
export interface OwedEvent {
  readonly event: ReeflineEvent;
  readonly endpoints: readonly string[];
}

/**
 * Appends events and the deliveries that their endpoints are owed: one statement, all or nothing. Returns
 * the endpoints that are owed one of them, or still one of the `repeated` events, whose first call may have ended
 * before anybody woke a publisher.
 */
export async function appendEvents(
  client: pg.PoolClient,
  events: readonly OwedEvent[],
  repeated: readonly string[],
  router: string,
): Promise<readonly string[]> {
  if (events.length === 0 && repeated.length === 0) return [];
  const found = await client.query<{ endpoint: string }>({
    name: 'append-events',
    text: `with arrived as (
             select e, position from jsonb_array_elements($1::jsonb) with ordinality a(e, position)),
           logged as (
             insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, status, outcome, propagates, stage, router, body)
             select e->>'eventId', e->>'event_type', e->>'dataset', e->>'timelabel', (e->>'revision')::int, e->>'status',
                    e->>'outcome', coalesce((e->>'propagates')::boolean, true), e->>'stage', $2, e
               from arrived order by position
             on conflict do nothing
             returning event_id, seq, dataset),
           owed as (
             insert into reefline.delivery (endpoint, seq, event_id, dataset)
             select endpoint, seq, event_id, dataset from logged
               join jsonb_to_recordset($4::jsonb) as o(event_id text, endpoint text) using (event_id)
             returning endpoint)
           select endpoint from owed
           union
           select e.name from reefline.endpoint e
            where exists (select 1 from reefline.delivery d
                           where d.endpoint = e.name and d.event_id = any($3::text[]) and d.status = 'owed')`,
    values: [
      JSON.stringify(events.map(({ event }) => event)),
      router,
      repeated,
      JSON.stringify(
        events.flatMap(({ event, endpoints }) =>
          endpoints.map((endpoint) => ({ event_id: event.eventId, endpoint })),
        ),
      ),
    ],
  });
  return found.rows.map((row) => row.endpoint);
}

export interface RejectedMessage {
  readonly fingerprint: string;
  readonly field: string;
  readonly reason: string;
  readonly raw: string;
}

/** Keeps what could not be taken as an event. The same message again is the same row. */
export async function appendRejections(
  client: pg.PoolClient,
  rejections: readonly RejectedMessage[],
  router: string,
): Promise<void> {
  if (rejections.length === 0) return;
  // Sorted, or two routers that reject the same messages in another order would block each other.
  const unique = [
    ...new Map(rejections.map((rejection) => [rejection.fingerprint, rejection])).values(),
  ].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
  await client.query({
    name: 'append-rejections',
    text: `insert into reefline.rejected_event (fingerprint, router, field, reason, raw)
           select r->>'fingerprint', $2, r->>'field', r->>'reason', r->>'raw' from jsonb_array_elements($1::jsonb) r
           on conflict (fingerprint) do update set last_received_at = clock_timestamp(), reason = excluded.reason, field = excluded.field`,
    values: [JSON.stringify(unique), router],
  });
}

export interface VerdictRow {
  readonly eventId: string;
  readonly stage: string;
  readonly timelabel: string;
  readonly verdict: Verdict;
  readonly reason: string;
}

/** The first verdict of an (event, dependent) pair stands; deciding again does not rewrite history. */
export async function appendVerdicts(
  client: pg.PoolClient,
  verdicts: readonly VerdictRow[],
  configVersion: number,
): Promise<void> {
  if (verdicts.length === 0) return;
  await client.query({
    name: 'append-verdicts',
    text: `insert into reefline.verdict (event_id, stage, timelabel, verdict, reason, config_version)
           select v->>'eventId', v->>'stage', v->>'timelabel', v->>'verdict', v->>'reason', $2 from jsonb_array_elements($1::jsonb) v
           on conflict do nothing`,
    values: [JSON.stringify(verdicts), configVersion],
  });
}

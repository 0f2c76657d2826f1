import type pg from 'pg';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import type { EventKind } from '../pipeline/endpoint.ts';

/** One line of the event log. */
export interface EventView {
  /** Position in the log. */
  readonly seq: number;
  readonly eventId: string;
  readonly eventType: EventKind;
  readonly dataset: string;
  readonly timelabel: string;
  readonly revision: number;
  readonly status: string | null;
  readonly outcome: string | null;
  /** Null when a service outside reported it. */
  readonly stage: string | null;
  /** False when it starts no dependents. */
  readonly propagates: boolean;
  readonly receivedAt: Date;
  readonly body: ReeflineEvent;
}

const EVENT_COLUMNS = `e.seq::float8 as seq, e.event_id as "eventId", e.event_type as "eventType", e.dataset, e.timelabel, e.revision, e.status,
  coalesce(e.outcome, e.status) as outcome, e.stage, e.propagates, e.received_at as "receivedAt", e.body`;

export interface EventFilter {
  readonly dataset?: string;
  readonly stage?: string;
  readonly label?: string;
  /** First label, inclusive, and last label, exclusive. */
  readonly from?: string;
  readonly to?: string;
  readonly outcome?: string;
  /** `data`, `metadata`, `endpoint`, or the `type` field of an event, such as `redshift`. */
  readonly type?: string;
  /** Part of the event's JSON, in any case. */
  readonly text?: string;
  /** Only events after this position in the log. */
  readonly after?: number;
}

/** The newest events that fit, the last one received first. */
export async function searchEvents(
  db: pg.Pool,
  filter: EventFilter,
  limit: number,
): Promise<readonly EventView[]> {
  const found = await db.query<EventView>({
    name: 'search-events',
    text: `select ${EVENT_COLUMNS} from reefline.data_event e
            where ($1::text is null or e.dataset = $1) and ($2::text is null or e.stage = $2)
              and ($3::text is null or e.timelabel = $3)
              and ($4::text is null or e.timelabel >= $4) and ($5::text is null or e.timelabel < $5)
              and ($6::text is null or $6 in (e.outcome, e.status)) and ($7::text is null or $7 in (e.event_type, e.body->>'type'))
              and ($8::text is null or position(lower($8) in lower(e.body::text)) > 0)
              and ($9::bigint is null or e.seq > $9)
            order by e.seq desc limit $10`,
    values: [
      filter.dataset ?? null,
      filter.stage ?? null,
      filter.label ?? null,
      filter.from ?? null,
      filter.to ?? null,
      filter.outcome ?? null,
      filter.type ?? null,
      filter.text ?? null,
      filter.after ?? null,
      limit,
    ],
  });
  return found.rows;
}

/** What routing decided about an event for one dependent. */
export interface VerdictView {
  readonly stage: string;
  readonly timelabel: string;
  readonly verdict: string;
  readonly reason: string;
  readonly configVersion: number;
  readonly decidedAt: Date;
}

/** What became of an event on its way to one endpoint. */
export interface DeliveryView {
  readonly endpoint: string;
  readonly status: 'owed' | 'delivered' | 'dead' | 'discarded';
  readonly attempts: number;
  readonly nextAttemptAt: Date;
  readonly deliveredAt: Date | null;
  readonly messageId: string | null;
  readonly lastError: string | null;
}

/** An event that led to this one, so many steps before it. */
export interface CauseView {
  readonly eventId: string;
  readonly steps: number;
  readonly dataset: string;
  readonly timelabel: string;
  readonly revision: number;
  readonly outcome: string | null;
  /** What opened the run that reported it: event, schedule, manual, backfill; null for an outside service. */
  readonly trigger: string | null;
  readonly receivedAt: Date;
}

/** A run that took this event, or something made of it, as an input, so many steps after it. */
export interface CausedRunView {
  readonly stage: string;
  readonly timelabel: string;
  readonly revision: number;
  readonly steps: number;
  readonly status: string;
  readonly outcome: string | null;
}

export interface EventDetail extends EventView {
  readonly verdicts: readonly VerdictView[];
  readonly deliveries: readonly DeliveryView[];
  readonly causes: readonly CauseView[];
  readonly runs: readonly CausedRunView[];
}

/** Rows of a chain that are read at most: a daily stage of minutes has thousands of causes. */
const CHAIN = 200;
/** Steps that a chain is followed at most; the stages of a project are fewer. */
const DEPTH = 50;

/** One event with everything that is known about it, or undefined when the log has no such event. */
export async function readEvent(db: pg.Pool, eventId: string): Promise<EventDetail | undefined> {
  const found = await db.query<EventView>({
    name: 'read-event',
    text: `select ${EVENT_COLUMNS} from reefline.data_event e where e.event_id = $1`,
    values: [eventId],
  });
  const [event] = found.rows;
  if (event === undefined) return undefined;
  const [verdicts, deliveries, causes, runs] = await Promise.all([
    readVerdicts(db, eventId),
    readDeliveries(db, eventId),
    readCauses(db, eventId),
    readCausedRuns(db, eventId),
  ]);
  return { ...event, verdicts, deliveries, causes, runs };
}

async function readVerdicts(db: pg.Pool, eventId: string): Promise<readonly VerdictView[]> {
  const found = await db.query<VerdictView>({
    name: 'read-verdicts',
    text: `select stage, timelabel, verdict, reason, config_version as "configVersion", decided_at as "decidedAt"
             from reefline.verdict where event_id = $1 order by stage, timelabel`,
    values: [eventId],
  });
  return found.rows;
}

async function readDeliveries(db: pg.Pool, eventId: string): Promise<readonly DeliveryView[]> {
  const found = await db.query<DeliveryView>({
    name: 'read-deliveries-of-event',
    text: `select endpoint, status, attempts, next_attempt_at as "nextAttemptAt", delivered_at as "deliveredAt",
                  message_id as "messageId", last_error as "lastError"
             from reefline.delivery where event_id = $1 order by endpoint`,
    values: [eventId],
  });
  return found.rows;
}

async function readCauses(db: pg.Pool, eventId: string): Promise<readonly CauseView[]> {
  const found = await db.query<CauseView>({
    name: 'read-causes',
    text: `with recursive chain(event_id, steps) as (
             select $1::text, 0
             union
             select cause, c.steps + 1
               from chain c join reefline.data_event e on e.event_id = c.event_id
              cross join lateral jsonb_array_elements_text(coalesce(e.body->'causedBy', '[]')) cause
              where c.steps < $2),
           nearest as (select event_id, min(steps) as steps from chain where steps > 0 group by event_id)
           select e.event_id as "eventId", n.steps, e.dataset, e.timelabel, e.revision, coalesce(e.outcome, e.status) as outcome,
                  r.trigger, e.received_at as "receivedAt"
             from nearest n join reefline.data_event e using (event_id)
             left join reefline.stage_run r on r.stage = e.stage and r.timelabel = e.timelabel and r.revision = e.revision
            order by n.steps, e.seq limit $3`,
    values: [eventId, DEPTH, CHAIN],
  });
  return found.rows;
}

async function readCausedRuns(db: pg.Pool, eventId: string): Promise<readonly CausedRunView[]> {
  const found = await db.query<CausedRunView>({
    name: 'read-caused-runs',
    text: `with recursive chain(event_id, stage, timelabel, revision, steps) as (
             select $1::text, null::text, null::text, null::int, 0
             union
             select e.event_id, i.stage, i.timelabel, i.revision, c.steps + 1
               from chain c join reefline.run_input i on i.event_id = c.event_id
               left join reefline.data_event e on e.event_type = 'data' and e.stage = i.stage
                 and e.dataset = (select dataset from reefline.stage_run r where r.stage = i.stage and r.timelabel = i.timelabel and r.revision = i.revision)
                 and e.timelabel = i.timelabel and e.revision = i.revision
              where c.steps < $2),
           nearest as (
             select stage, timelabel, revision, min(steps) as steps from chain where steps > 0 group by stage, timelabel, revision)
           select stage, timelabel, revision, n.steps, r.status, coalesce(r.outcome, r.status) as outcome
             from nearest n join reefline.stage_run r using (stage, timelabel, revision)
            order by n.steps, stage, timelabel, revision limit $3`,
    values: [eventId, DEPTH, CHAIN],
  });
  return found.rows;
}

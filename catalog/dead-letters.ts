import type pg from 'pg';

/** A message on its way to an endpoint, or what became of it. Times are null until they come. */
export interface DeliveryView {
  readonly endpoint: string;
  readonly eventId: string;
  readonly dataset: string;
  readonly status: 'owed' | 'delivered' | 'dead' | 'discarded';
  readonly attempts: number;
  readonly owedAt: Date;
  readonly firstAttemptAt: Date | null;
  readonly lastAttemptAt: Date | null;
  readonly nextAttemptAt: Date;
  readonly errorClass: string | null;
  readonly lastError: string | null;
  readonly decidedBy: string | null;
}

export interface DeliveryFilter {
  readonly endpoint?: string;
  readonly status?: DeliveryView['status'];
}

/** A delivery with what is known of its event and its endpoint. */
export interface DeliveryDetail extends DeliveryView {
  readonly timelabel: string;
  /** Null of a schema change. */
  readonly outcome: string | null;
  readonly deliveredAt: Date | null;
  /** The receiver's own id of the message. */
  readonly messageId: string | null;
  /** What a person last decided about it as a dead letter, and when. */
  readonly decision: 'redrive' | 'discard' | null;
  readonly decidedAt: Date | null;
  /** The replay that owed it once more, and who asked for that. */
  readonly replay: string | null;
  readonly replayedBy: string | null;
  /** True while nothing is sent to its endpoint. */
  readonly paused: boolean;
}

/** The delivery of an event to an endpoint, or undefined when the endpoint was never owed it. */
export async function readDelivery(
  db: pg.Pool,
  endpoint: string,
  eventId: string,
): Promise<DeliveryDetail | undefined> {
  const found = await db.query<DeliveryDetail>({
    name: 'read-delivery',
    text: `select d.endpoint, d.event_id as "eventId", d.dataset, d.status, d.attempts, d.owed_at as "owedAt", d.first_attempt_at as "firstAttemptAt",
                  d.last_attempt_at as "lastAttemptAt", d.next_attempt_at as "nextAttemptAt", d.error_class as "errorClass",
                  d.last_error as "lastError", d.decided_by as "decidedBy", d.decision, d.decided_at as "decidedAt",
                  d.delivered_at as "deliveredAt", d.message_id as "messageId", e.timelabel, coalesce(e.outcome, e.status) as outcome,
                  d.replay, r.asked_by as "replayedBy", p.paused_at is not null as paused
             from reefline.delivery d join reefline.data_event e using (event_id) join reefline.endpoint p on p.name = d.endpoint
             left join reefline.replay r on r.id = d.replay
            where d.endpoint = $1 and d.event_id = $2`,
    values: [endpoint, eventId],
  });
  return found.rows[0];
}

/** The newest deliveries that fit, the last one logged first. */
export async function readDeliveries(
  db: pg.Pool,
  { endpoint, status }: DeliveryFilter,
  limit: number,
): Promise<readonly DeliveryView[]> {
  const found = await db.query<DeliveryView>({
    name: 'read-deliveries',
    text: `select endpoint, event_id as "eventId", dataset, status, attempts, owed_at as "owedAt", first_attempt_at as "firstAttemptAt",
                  last_attempt_at as "lastAttemptAt", next_attempt_at as "nextAttemptAt", error_class as "errorClass",
                  last_error as "lastError", decided_by as "decidedBy"
             from reefline.delivery
            where ($1::text is null or endpoint = $1) and ($2::text is null or status = $2)
            order by seq desc, endpoint limit $3`,
    values: [endpoint ?? null, status ?? null, limit],
  });
  return found.rows;
}

/** Dead letters of an endpoint: all of them, or those of the named events. */
export interface DeadLetters {
  readonly endpoint: string;
  readonly eventIds: readonly string[] | 'all';
}

/**
 * Decides about dead letters, and says who did: `redrive` owes them again, with as long a time as new ones have; `discard`
 * gives them up for good. Returns the ids of those that were dead; asking again changes nothing.
 */
export async function decideDeadLetters(
  db: pg.Pool,
  { endpoint, eventIds }: DeadLetters,
  decision: 'redrive' | 'discard',
  actor: string,
): Promise<readonly string[]> {
  const found = await db.query<{ eventId: string }>({
    name: 'decide-dead-letters',
    text: `update reefline.delivery
              set status = case $3 when 'redrive' then 'owed' else 'discarded' end, decision = $3, decided_by = $4, decided_at = clock_timestamp(),
                  owed_at = case $3 when 'redrive' then clock_timestamp() else owed_at end, next_attempt_at = clock_timestamp()
            where endpoint = $1 and status = 'dead' and ($2::text[] is null or event_id = any($2))
            returning event_id as "eventId"`,
    values: [endpoint, eventIds === 'all' ? null : eventIds, decision, actor],
  });
  return found.rows.map(({ eventId }) => eventId).sort();
}

/** Names of all endpoints that were ever configured. */
export async function readEndpointNames(db: pg.Pool): Promise<readonly string[]> {
  const found = await db.query<{ name: string }>('select name from reefline.endpoint order by name');
  return found.rows.map(({ name }) => name);
}

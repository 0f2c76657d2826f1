import type pg from 'pg';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import { inDecision } from './connect.ts';

/** Which events of the log an endpoint is to be owed once more. Times of arrival: from the first, before the last. */
export interface ReplayRequest {
  readonly from: Date;
  readonly to: Date;
  readonly pipeline?: string;
  readonly dataset?: string;
}

/** A replay and how far it has come. */
export interface Replay {
  readonly id: string;
  readonly endpoint: string;
  readonly askedBy: string;
  readonly askedAt: Date;
  /** Events that the endpoint's filter let pass. */
  readonly passed: number;
  /** Those of them that are owed because of it: not those that were owed anyway or that a person gave up. */
  readonly owed: number;
  /** Null until all events of the range were looked at. */
  readonly endedAt: Date | null;
}

export interface ArrivedEvent {
  readonly seq: number;
  readonly eventId: string;
  readonly body: ReeflineEvent;
  readonly outcome: string | null;
  readonly receivedAt: Date;
}

/** Events of one transaction: short, and even of the longest events no more than memory holds. */
const STEP = 1_000;

const COLUMNS = `id, endpoint, asked_by as "askedBy", asked_at as "askedAt", passed, owed, ended_at as "endedAt"`;

/**
 * Begins a replay, or finds the one that has this id. `same` is false when that one is of another endpoint or of other
 * events. What arrives after it began is owed by its arrival.
 */
export async function openReplay(
  db: pg.Pool,
  id: string,
  endpoint: string,
  request: ReplayRequest,
  actor: string,
): Promise<{ readonly replay: Replay; readonly same: boolean }> {
  const written = JSON.stringify(request);
  await db.query({
    name: 'open-replay',
    text: `insert into reefline.replay (id, endpoint, request, asked_by, after_seq, last_seq)
           select $1, $2, $3::jsonb, $4, coalesce(min(seq), 1) - 1, coalesce(max(seq), 0) from reefline.data_event
            where received_at >= $5 and received_at < $6
           on conflict do nothing`,
    values: [id, endpoint, written, actor, request.from, request.to],
  });
  const found = await db.query<Replay & { same: boolean }>({
    name: 'read-replay',
    text: `select ${COLUMNS}, endpoint = $2 and request = $3::jsonb as same from reefline.replay where id = $1`,
    values: [id, endpoint, written],
  });
  const [row] = found.rows;
  if (row === undefined) throw new Error(`The catalog has lost the replay ${id}.`);
  const { same, ...replay } = row;
  return { replay, same };
}

/**
 * Owes the next events of a replay, in one transaction with how far it has come: a command that dies anywhere is run again and
 * goes on there, and two at once take turns. The retention of the log removes none of the events meanwhile. `passes` is the filter of the endpoint.
 */
export function replayStep(
  db: pg.Pool,
  id: string,
  request: ReplayRequest,
  passes: (event: ArrivedEvent) => boolean,
): Promise<Replay> {
  return inDecision(db, async (client) => {
    const locked = await client.query<Replay & { after: string; last: string }>(
      `select ${COLUMNS}, after_seq as after, last_seq as last from reefline.replay where id = $1 for update`,
      [id],
    );
    const [row] = locked.rows;
    if (row === undefined) throw new Error(`The catalog has lost the replay ${id}.`);
    const { after, last, ...replay } = row;
    if (replay.endedAt !== null) return replay;
    const events = await readArrived(client, request, after, last);
    const passed = events.filter(passes).map(({ eventId }) => eventId);
    const owed = await oweAgain(client, replay, passed);
    const moved = await client.query<Replay>(
      `update reefline.replay
          set after_seq = coalesce($2, last_seq), passed = passed + $3, owed = owed + $4,
              ended_at = case when $5 then clock_timestamp() end
        where id = $1 returning ${COLUMNS}`,
      [id, events.at(-1)?.seq ?? null, passed.length, owed, events.length < STEP],
    );
    return moved.rows[0] ?? replay;
  });
}

/** How many events of the log a replay would look at, and how many of them the endpoint's filter lets pass. */
export async function countReplay(
  db: pg.Pool,
  request: ReplayRequest,
  passes: (event: ArrivedEvent) => boolean,
): Promise<{ readonly events: number; readonly passed: number }> {
  const bounds = await db.query<{ after: string; last: string }>({
    name: 'read-replay-bounds',
    text: `select coalesce(min(seq), 1) - 1 as after, coalesce(max(seq), 0) as last from reefline.data_event
            where received_at >= $1 and received_at < $2`,
    values: [request.from, request.to],
  });
  const { after: first = '0', last = '0' } = bounds.rows[0] ?? {};
  let after = first;
  let events = 0;
  let passed = 0;
  for (;;) {
    const page = await readArrived(db, request, after, last);
    events += page.length;
    passed += page.filter(passes).length;
    if (page.length < STEP) return { events, passed };
    after = String(page.at(-1)?.seq ?? last);
  }
}

async function readArrived(
  db: pg.Pool | pg.PoolClient,
  { from, to, pipeline, dataset }: ReplayRequest,
  after: string,
  last: string,
): Promise<readonly ArrivedEvent[]> {
  const found = await db.query<ArrivedEvent>({
    name: 'read-arrived',
    text: `select seq::float8 as seq, event_id as "eventId", body, coalesce(outcome, status) as outcome, received_at as "receivedAt"
             from reefline.data_event
            where seq > $1 and seq <= $2 and received_at >= $3 and received_at < $4
              and ($5::text is null or body->>'pipeline' = $5) and ($6::text is null or dataset = $6)
            order by seq limit $7`,
    values: [after, last, from, to, pipeline ?? null, dataset ?? null, STEP],
  });
  return found.rows;
}

/**
 * Owes events as if for the first time. What is owed already comes anyway, and what a person gave up stays given up. Rows that a
 * publisher holds are owed ones, so neither waits for the other.
 */
async function oweAgain(
  client: pg.PoolClient,
  { id, endpoint }: Replay,
  eventIds: readonly string[],
): Promise<number> {
  if (eventIds.length === 0) return 0;
  const found = await client.query<{ owed: number }>({
    name: 'owe-again',
    text: `with again as (
             update reefline.delivery
                set status = 'owed', replay = $3, attempts = 0, owed_at = clock_timestamp(), next_attempt_at = clock_timestamp(), claimed_until = null,
                    first_attempt_at = null, last_attempt_at = null, error_class = null, last_error = null
              where endpoint = $1 and event_id = any($2::text[]) and status in ('delivered', 'dead')
             returning 1),
           never as (
             insert into reefline.delivery (endpoint, seq, event_id, dataset, replay)
             select $1, seq, event_id, dataset, $3 from reefline.data_event where event_id = any($2::text[]) order by seq
             on conflict do nothing returning 1)
           select ((select count(*) from again) + (select count(*) from never))::int as owed`,
    values: [endpoint, eventIds, id],
  });
  return found.rows[0]?.owed ?? 0;
}

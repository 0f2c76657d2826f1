import type pg from 'pg';
import type { Trigger } from '../pipeline/opening.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';

/*
 * What looks as if it had been left undone. Each query is bounded and walks an index; whether it is a finding is decided
 * by who asks, who also looks at Temporal. Ages are in seconds, on the clock of the database.
 */

/** A label that a pause held, and that no pause holds any more. */
export interface FreeHold {
  readonly stage: string;
  readonly timelabel: Timelabel;
  readonly trigger: Trigger;
  readonly request: string | null;
}

export async function readFreeHolds(db: pg.Pool, age: number, limit: number): Promise<readonly FreeHold[]> {
  const found = await db.query<FreeHold>({
    name: 'read-free-holds',
    text: `select h.stage, h.timelabel, h.trigger, h.request from reefline.held_run h
            where h.cause = 'paused' and h.held_at < clock_timestamp() - make_interval(secs => $1)
              and not exists (select 1 from reefline.pause p where p.scope in (h.stage, split_part(h.stage, '.', 1)))
            order by h.timelabel, h.stage limit $2`,
    values: [age, limit],
  });
  return found.rows;
}

/** A hold of a pause becomes one of the limit of restated labels, for a person to release. */
export async function holdByLimit(client: pg.PoolClient, hold: FreeHold): Promise<void> {
  await client.query({
    name: 'hold-by-limit',
    text: `update reefline.held_run set cause = 'storm' where stage = $1 and timelabel = $2`,
    values: [hold.stage, hold.timelabel],
  });
}

/** Those of the (stage, label) pairs that neither a pause nor a limit holds. */
export async function withoutHeld<Label extends { readonly stage: string; readonly timelabel: string }>(
  db: pg.Pool,
  labels: readonly Label[],
): Promise<readonly Label[]> {
  if (labels.length === 0) return [];
  const found = await db.query<{ position: number }>({
    name: 'labels-that-are-held',
    text: `select w.position::int as position
             from unnest($1::text[], $2::text[]) with ordinality w(stage, timelabel, position)
             join reefline.held_run h using (stage, timelabel)`,
    values: [labels.map(({ stage }) => stage), labels.map(({ timelabel }) => timelabel)],
  });
  const held = new Set(found.rows.map(({ position }) => position));
  return labels.filter((_, at) => !held.has(at + 1));
}

/** How many deliveries are counted at most. */
const COUNTED = 1_000;

/**
 * Endpoints with deliveries that have been due for some time and are with no forwarder. A paused endpoint is sent nothing;
 * and what stands behind a message of its dataset that waits for its next attempt may have to wait with it.
 */
export async function readDueEndpoints(
  db: pg.Pool,
  age: number,
): Promise<readonly { readonly endpoint: string; readonly due: number }[]> {
  const found = await db.query<{ endpoint: string; due: number }>({
    name: 'read-due-endpoints',
    text: `select e.name as endpoint, d.due from reefline.endpoint e
            cross join lateral (select count(*)::int as due from (
              select 1 from reefline.delivery o
               where endpoint = e.name and status = 'owed'
                 and next_attempt_at < clock_timestamp() - make_interval(secs => $1)
                 and (claimed_until is null or claimed_until < clock_timestamp())
                 and not exists (
                   select 1 from reefline.delivery before
                    where before.endpoint = e.name and before.status = 'owed' and before.dataset = o.dataset and before.seq < o.seq
                      and (before.next_attempt_at >= clock_timestamp() - make_interval(secs => $1)
                           or before.claimed_until >= clock_timestamp()))
               limit $2) owed) d
            where d.due > 0 and e.paused_at is null order by e.name`,
    values: [age, COUNTED],
  });
  return found.rows;
}

/** Backfills that have not ended, and the turn that their items were last started in. */
export async function readUnfinishedBackfills(
  db: pg.Pool,
  age: number,
  limit: number,
): Promise<readonly { readonly id: string; readonly status: string; readonly turn: number }[]> {
  const found = await db.query<{ id: string; status: string; turn: number }>({
    name: 'read-unfinished-backfills',
    text: `select b.id, b.status, coalesce((select max(i.turn) from reefline.backfill_item i where i.backfill = b.id), 0) as turn
             from reefline.backfill b
            where b.status in ('running', 'paused', 'cancelling')
              and b.created_at < clock_timestamp() - make_interval(secs => $1)
            order by b.id limit $2`,
    values: [age, limit],
  });
  return found.rows;
}

/** How many seconds ago the configuration in force was applied. */
export async function ageOfConfig(db: pg.Pool): Promise<number> {
  const found = await db.query<{ age: number }>({
    name: 'age-of-config',
    text: `select extract(epoch from clock_timestamp() - applied_at)::float8 as age
             from reefline.config_version order by version desc limit 1`,
  });
  return found.rows[0]?.age ?? 0;
}

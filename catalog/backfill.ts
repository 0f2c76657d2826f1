import type pg from 'pg';
import type { ItemState } from '../pipeline/backfill-item.ts';
import type { BackfillPlan, StagePlan } from '../pipeline/backfill-plan.ts';
import {
  hasEnded,
  isDone,
  NO_COUNTS,
  type BackfillProgress,
  type BackfillStatus,
  type FailedItem,
  type HeldByPause,
  type ItemCounts,
} from '../pipeline/backfill-progress.ts';
import type { BackfillRequest } from '../pipeline/backfill-request.ts';
import { readPausedStages } from './backfill-facts.ts';

export interface BackfillRecord {
  readonly id: string;
  readonly request: BackfillRequest;
  readonly stages: readonly StagePlan[];
  readonly status: BackfillStatus;
  readonly attempt: number;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

const RECORD = `id, request, plan as stages, status, attempt, created_by as "createdBy", created_at as "createdAt", ended_at as "endedAt"`;

/** Serialises the planning of backfills until the transaction ends, so that of two for the same labels one sees the other. */
export async function lockPlanning(client: pg.PoolClient): Promise<void> {
  await client.query({
    name: 'backfill-lock-planning',
    text: `select pg_advisory_xact_lock(hashtextextended('reefline backfill', 2))`,
  });
}

export async function readBackfill(
  db: pg.Pool | pg.PoolClient,
  id: string,
): Promise<BackfillRecord | undefined> {
  const found = await db.query<BackfillRecord>({
    name: 'backfill-read',
    text: `select ${RECORD} from reefline.backfill where id = $1`,
    values: [id],
  });
  return found.rows[0];
}

/** Reads a backfill and keeps others from changing it until the transaction ends. */
export async function lockBackfill(client: pg.PoolClient, id: string): Promise<BackfillRecord | undefined> {
  const found = await client.query<BackfillRecord>({
    name: 'backfill-lock',
    text: `select ${RECORD} from reefline.backfill where id = $1 for update`,
    values: [id],
  });
  return found.rows[0];
}

/** Newest first, each with its counts. */
export async function listBackfills(
  db: pg.Pool,
  limit: number,
): Promise<readonly (BackfillRecord & { readonly counts: ItemCounts })[]> {
  const found = await db.query<BackfillRecord & { counts: Partial<ItemCounts> }>({
    name: 'backfill-list',
    text: `select ${RECORD},
                  (select coalesce(jsonb_object_agg(state, items), '{}') from (
                     select state, count(*)::int as items from reefline.backfill_item i
                      where i.backfill = b.id group by state) c) as counts
             from reefline.backfill b order by created_at desc limit $1`,
    values: [limit],
  });
  return found.rows.map((row) => ({ ...row, counts: { ...NO_COUNTS, ...row.counts } }));
}

/** Stores a planned backfill with all its items; the caller's transaction makes it all or nothing. */
export async function insertBackfill(
  client: pg.PoolClient,
  id: string,
  request: BackfillRequest,
  plan: BackfillPlan,
  configVersion: number,
): Promise<void> {
  await client.query({
    name: 'backfill-insert',
    text: `insert into reefline.backfill (id, request, plan, status, config_version, created_by, reason)
           values ($1, $2, $3, 'running', $4, $5, $6)`,
    values: [
      id,
      JSON.stringify(request),
      JSON.stringify(plan.stages),
      configVersion,
      request.by ?? 'unknown',
      request.reason,
    ],
  });
  await client.query({
    name: 'backfill-insert-items',
    text: `insert into reefline.backfill_item (backfill, position, stage, timelabel, state, upstream, lead, baseline)
           select $1, position, stage, timelabel, 'planned', upstream, lead, baseline
             from jsonb_to_recordset($2::jsonb)
               as i(position int, stage text, timelabel text, upstream int[], lead int, baseline int)`,
    values: [id, JSON.stringify(plan.items)],
  });
  // Without it the first turns are planned as if the table were small, and take seconds instead of milliseconds.
  await client.query('analyze reefline.backfill_item');
}

export async function setStatus(client: pg.PoolClient, id: string, status: BackfillStatus): Promise<void> {
  await client.query({
    name: 'backfill-set-status',
    text: `update reefline.backfill set status = $2, ended_at = case when $3 then coalesce(ended_at, clock_timestamp()) end
            where id = $1`,
    values: [id, status, hasEnded(status)],
  });
}

/** How many failed items are named; the counts are exact. */
const NAMED_FAILURES = 10;

export async function readProgress(
  db: pg.Pool | pg.PoolClient,
  { id, stages, status }: Pick<BackfillRecord, 'id' | 'stages' | 'status'>,
): Promise<BackfillProgress> {
  const found = await db.query<{ stage: string; state: ItemState; items: number }>({
    name: 'backfill-counts',
    text: `select stage, state, count(*)::int as items from reefline.backfill_item
            where backfill = $1 group by stage, state`,
    values: [id],
  });
  const counts = { ...NO_COUNTS };
  const done = new Map<string, number>();
  const total = new Map<string, number>();
  for (const { stage, state, items } of found.rows) {
    counts[state] += items;
    total.set(stage, (total.get(stage) ?? 0) + items);
    if (isDone(state)) done.set(stage, (done.get(stage) ?? 0) + items);
  }
  const failures = counts.failure + counts.blocked === 0 ? [] : await readFailures(db, id);
  const names = stages.map(({ stage }) => stage);
  const paused = hasEnded(status) ? [] : await readPausedStages(db, names);
  return {
    id,
    status,
    counts,
    stages: names.map((stage) => ({ stage, done: done.get(stage) ?? 0, total: total.get(stage) ?? 0 })),
    pausedStages: [...new Set(paused.map(({ stage }) => stage))],
    heldByPause: counts.running === 0 ? [] : await readHeldItems(db, id, paused),
    failures,
  };
}

/** Labels that have begun and that one of the pauses holds, in the order of the stages. */
async function readHeldItems(
  db: pg.Pool | pg.PoolClient,
  id: string,
  paused: readonly { readonly stage: string; readonly scope: string }[],
): Promise<readonly HeldByPause[]> {
  if (paused.length === 0) return [];
  const found = await db.query<{ stage: string; labels: number }>({
    name: 'backfill-held-items',
    text: `select i.stage, count(*)::int as labels from reefline.backfill_item i
             join reefline.held_run h on h.stage = i.stage and h.timelabel = i.timelabel and h.cause = 'paused'
            where i.backfill = $1 and i.state = 'running' group by i.stage`,
    values: [id],
  });
  return [...Map.groupBy(paused, ({ stage }) => stage)].flatMap(([stage, pauses]) => {
    const labels = found.rows.find((row) => row.stage === stage)?.labels ?? 0;
    return labels === 0 ? [] : [{ stage, labels, scopes: pauses.map(({ scope }) => scope) }];
  });
}

async function readFailures(db: pg.Pool | pg.PoolClient, id: string): Promise<readonly FailedItem[]> {
  const found = await db.query<FailedItem>({
    name: 'backfill-failures',
    text: `select stage, timelabel, detail from reefline.backfill_item
            where backfill = $1 and state in ('failure', 'blocked')
            order by (state = 'blocked'), position limit $2`,
    values: [id, NAMED_FAILURES],
  });
  return found.rows;
}

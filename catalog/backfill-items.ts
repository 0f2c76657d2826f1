import type pg from 'pg';
import {
  HINDERING_STATES,
  type ItemEvidence,
  type ItemState,
  type Judgement,
} from '../pipeline/backfill-item.ts';
import type { RunStatus } from '../pipeline/opening.ts';

/** An item that has begun, and what the ledger shows of it. */
export interface BegunItem extends Omit<ItemEvidence, 'childEnded' | 'stageKnown' | 'cancelling'> {
  readonly position: number;
  readonly stage: string;
  readonly timelabel: string;
  readonly state: ItemState;
  readonly turn: number | null;
  /** True while an item before it has not begun: then that one is in flight and this one is not. */
  readonly upstreamPlanned: boolean;
}

/**
 * Items that have begun or wait, with the newest run of each. A run whose event was refused never shows it in the log,
 * and a newer input may start nothing; neither may keep the item open for ever, hence the ten minutes.
 */
export async function readBegunItems(
  client: pg.PoolClient,
  id: string,
  configVersion: number,
): Promise<readonly BegunItem[]> {
  const found = await client.query<
    Omit<BegunItem, 'newest'> & { revision: number | null; status: RunStatus | null }
  >({
    name: 'backfill-begun-items',
    text: `select i.position, i.stage, i.timelabel, i.state, i.baseline, i.starts, i.turn, r.revision, r.status,
                  extract(epoch from clock_timestamp() - i.started_at)::float8 as "secondsSinceStart",
                  r.closed_at < clock_timestamp() - interval '10 minutes' is true
                    or exists (select 1 from reefline.data_event e
                                where e.dataset = r.dataset and e.timelabel = r.timelabel and e.event_type = 'data'
                                  and e.revision = r.revision and e.status = r.status) as logged,
                  exists (select 1 from reefline.run_input n
                            join reefline.dependency d
                              on d.config_version = $2 and d.stage = n.stage and d.dataset = n.dataset and d.follows
                            join reefline.data_event e
                              on e.dataset = n.dataset and e.timelabel = n.input_label and e.event_type = 'data'
                             and e.revision > n.input_revision and e.outcome = any(d.outcomes) and e.propagates
                             and e.received_at > clock_timestamp() - interval '10 minutes'
                           where n.stage = i.stage and n.timelabel = i.timelabel and n.revision = r.revision) as stale,
                  h.cause as held,
                  coalesce(u.open, false) as "upstreamOpen", coalesce(u.planned, false) as "upstreamPlanned",
                  u.hindrance
             from reefline.backfill_item i
             left join lateral (select revision, status, dataset, timelabel, closed_at from reefline.stage_run
               where stage = i.stage and timelabel = i.timelabel order by revision desc limit 1) r on true
             left join reefline.held_run h on h.stage = i.stage and h.timelabel = i.timelabel
             left join lateral (
               select bool_or(state in ('planned', 'running')) as open, bool_or(state = 'planned') as planned,
                      (array_agg(jsonb_build_object('state', state, 'item', stage || ' ' || timelabel)
                         order by array_position($3::text[], state), position) filter (where state = any($3::text[])))[1] as hindrance
                 from reefline.backfill_item b where b.backfill = $1 and b.position = any(i.upstream)) u on true
            where i.backfill = $1 and i.state in ('running', 'waiting')
            order by i.position`,
    values: [id, configVersion, HINDERING_STATES],
  });
  return found.rows.map(({ revision, status, ...row }) => ({
    ...row,
    newest: revision === null || status === null ? null : { revision, status },
  }));
}

export type Ending = Extract<Judgement, { kind: 'end' }> & { readonly position: number };

/** Records where items have ended. */
export async function endItems(client: pg.PoolClient, id: string, endings: readonly Ending[]): Promise<void> {
  if (endings.length === 0) return;
  await client.query({
    name: 'backfill-end-items',
    text: `update reefline.backfill_item i
              set state = e.state, revision = e.revision, detail = e.detail, ended_at = clock_timestamp()
             from jsonb_to_recordset($2::jsonb) as e(position int, state text, revision int, detail text)
            where i.backfill = $1 and i.position = e.position`,
    values: [id, JSON.stringify(endings)],
  });
}

/** Puts waiting items whose runs have gone on back among those in flight. */
export async function reopenItems(
  client: pg.PoolClient,
  id: string,
  positions: readonly number[],
): Promise<void> {
  if (positions.length === 0) return;
  await client.query({
    name: 'backfill-reopen-items',
    text: `update reefline.backfill_item set state = 'running', ended_at = null, detail = null
            where backfill = $1 and position = any($2::int[])`,
    values: [id, positions],
  });
}

/** An item that the backfill may start now, and how many items go into flight with it. */
export interface StartableItem {
  readonly position: number;
  readonly weight: number;
}

/** The first planned items that nothing before them holds back, in order. Those of paused stages are passed over. */
export async function readStartable(
  client: pg.PoolClient,
  id: string,
  pausedStages: readonly string[],
  limit: number,
): Promise<readonly StartableItem[]> {
  const found = await client.query<StartableItem>({
    name: 'backfill-startable',
    text: `select i.position,
                  (select count(*)::int from reefline.backfill_item f
                    where f.backfill = $1 and f.lead = i.position and f.state = 'planned') as weight
             from reefline.backfill_item i
            where i.backfill = $1 and i.state = 'planned' and i.lead = i.position and i.stage <> all($2::text[])
              and not exists (select 1 from reefline.backfill_item u
                               where u.backfill = $1 and u.position = any(i.upstream) and u.state in ('planned', 'running'))
            order by i.position limit $3`,
    values: [id, pausedStages, limit],
  });
  return found.rows;
}

/** Begins items together with all that follows from them without any further start. */
export async function beginItems(
  client: pg.PoolClient,
  id: string,
  positions: readonly number[],
): Promise<void> {
  await client.query({
    name: 'backfill-begin-items',
    text: `update reefline.backfill_item set state = 'running'
            where backfill = $1 and lead = any($2::int[]) and state = 'planned'`,
    values: [id, positions],
  });
}

/** Notes that the runs of these items are started in this turn of the workflow. */
export async function noteStarts(
  client: pg.PoolClient,
  id: string,
  turn: number,
  positions: readonly number[],
): Promise<void> {
  if (positions.length === 0) return;
  await client.query({
    name: 'backfill-note-starts',
    text: `update reefline.backfill_item set starts = starts + 1, turn = $2, started_at = clock_timestamp()
            where backfill = $1 and position = any($3::int[])`,
    values: [id, turn, positions],
  });
}

/** Ends everything that has not begun. */
export async function cancelPlannedItems(client: pg.PoolClient, id: string): Promise<void> {
  await client.query({
    name: 'backfill-cancel-planned',
    text: `update reefline.backfill_item
              set state = 'cancelled', detail = 'it had not begun when the backfill was cancelled', ended_at = clock_timestamp()
            where backfill = $1 and state = 'planned'`,
    values: [id],
  });
}

export interface RetriableItem {
  readonly position: number;
  readonly stage: string;
  readonly timelabel: string;
  readonly upstream: readonly number[];
  readonly baseline: number;
}

/** Items that ended without a result. */
export async function readRetriable(client: pg.PoolClient, id: string): Promise<readonly RetriableItem[]> {
  const found = await client.query<RetriableItem>({
    name: 'backfill-retriable',
    text: `select position, stage, timelabel, upstream, baseline from reefline.backfill_item
            where backfill = $1 and state in ('failure', 'blocked', 'waiting', 'cancelled') order by position`,
    values: [id],
  });
  return found.rows;
}

/** Plans items anew, and the whole backfill as another attempt, whose requests the ledger has not served yet. */
export async function planAnew(
  client: pg.PoolClient,
  id: string,
  items: readonly { readonly position: number; readonly lead: number; readonly baseline: number }[],
): Promise<void> {
  await client.query({
    name: 'backfill-plan-anew',
    text: `update reefline.backfill_item i
              set state = 'planned', lead = a.lead, baseline = a.baseline, starts = 0, turn = null, started_at = null,
                  ended_at = null, revision = null, detail = null
             from jsonb_to_recordset($2::jsonb) as a(position int, lead int, baseline int)
            where i.backfill = $1 and i.position = a.position`,
    values: [id, JSON.stringify(items)],
  });
  await client.query({
    name: 'backfill-next-attempt',
    text: 'update reefline.backfill set attempt = attempt + 1, ended_at = null where id = $1',
    values: [id],
  });
}

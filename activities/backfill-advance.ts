import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import {
  beginItems,
  endItems,
  noteStarts,
  readBegunItems,
  readStartable,
  reopenItems,
  type BegunItem,
} from '../catalog/backfill-items.ts';
import { readPausedStages } from '../catalog/backfill-facts.ts';
import { lockBackfill, readProgress, setStatus, type BackfillRecord } from '../catalog/backfill.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import { inTransaction } from '../catalog/connect.ts';
import { judgeItem, type Judgement } from '../pipeline/backfill-item.ts';
import { itemKey } from '../pipeline/backfill-choice.ts';
import { finalStatus, hasEnded, type BackfillProgress } from '../pipeline/backfill-progress.ts';
import { fitting } from '../pipeline/backfill-room.ts';
import type { RoutingTable } from '../pipeline/routing.ts';

export interface AdvanceBackfillInput {
  readonly id: string;
  /** Counts the turns of the workflow; a repeated turn returns the same starts. */
  readonly turn: number;
  /** Runs that the workflow started and that have ended since its last turn. */
  readonly ended: readonly { readonly stage: string; readonly timelabel: string }[];
}

/** A run that the workflow has to start, or to tell when it is there. Recorded in histories: fields are only ever added. */
export interface BackfillStart {
  readonly pipeline: string;
  readonly stage: string;
  readonly dataset: string;
  readonly timelabel: string;
  /** Asks for a new revision of unchanged inputs, once; null leaves a label that is there and current alone. */
  readonly rerun: string | null;
  readonly only: boolean;
}

export interface BackfillTurn {
  readonly starts: readonly BackfillStart[];
  readonly progress: BackfillProgress;
  /** True when items have moved in this turn, so that another look soon is worth while. */
  readonly moved: boolean;
}

/** Rounds of settling and beginning in one turn. Labels that prove to be there make room at once. */
const MAX_ROUNDS = 25;

/**
 * One turn of a backfill, in one transaction: ends the items whose runs have ended, begins as many as the limit of
 * runs in flight allows, and returns the runs to start. The end of the last item ends the backfill.
 */
export async function advanceBackfill(
  db: pg.Pool,
  configs: ConfigStore,
  input: AdvanceBackfillInput,
): Promise<BackfillTurn> {
  return inTransaction(db, async (client) => {
    const record = await lockBackfill(client, input.id);
    if (record === undefined)
      throw ApplicationFailure.nonRetryable(`There is no backfill "${input.id}".`, 'not_found');
    if (hasEnded(record.status))
      return { starts: [], progress: await readProgress(client, record), moved: false };
    const table = await configs.current(client);
    const { toStart, moved } = await turn(client, table, record, input);
    const starts = toStart.flatMap((item) => startOf(table, record, item));
    const fresh = toStart.filter((item) => item.turn !== input.turn).map(({ position }) => position);
    await noteStarts(client, input.id, input.turn, fresh);
    return { starts, progress: await finish(client, record), moved: moved || fresh.length > 0 };
  });
}

async function turn(
  client: pg.PoolClient,
  table: RoutingTable,
  record: BackfillRecord,
  input: AdvanceBackfillInput,
): Promise<{ toStart: readonly BegunItem[]; moved: boolean }> {
  const stages = record.stages.map(({ stage }) => stage);
  const paused = (await readPausedStages(client, stages)).map(({ stage }) => stage);
  let moved = false;
  for (let round = 1; ; round += 1) {
    const settled = await settle(client, table, record, input);
    moved ||= settled.moved;
    const begun =
      record.status === 'running' && round < MAX_ROUNDS
        ? await beginMore(client, record, paused, settled.begun)
        : 0;
    moved ||= begun > 0;
    if (begun > 0) continue;
    const toStart = settled.begun.filter(
      (item) => record.status === 'running' && !paused.includes(item.stage) && settled.starting.has(item),
    );
    return { toStart, moved };
  }
}

interface Settled {
  readonly begun: readonly BegunItem[];
  readonly starting: ReadonlySet<BegunItem>;
  readonly moved: boolean;
}

/** Ends what has ended, again and again, since the end of one item may be what the next one waits for. */
async function settle(
  client: pg.PoolClient,
  table: RoutingTable,
  record: BackfillRecord,
  input: AdvanceBackfillInput,
): Promise<Settled> {
  const endedRuns = new Set(input.ended.map(({ stage, timelabel }) => itemKey(stage, timelabel)));
  let moved = false;
  for (;;) {
    const begun = await readBegunItems(client, record.id, table.configVersion);
    const judged = begun.map((item) => ({
      item,
      verdict: judgeItem({
        ...item,
        childEnded: endedRuns.has(itemKey(item.stage, item.timelabel)),
        stageKnown: table.stages.has(item.stage),
        cancelling: record.status === 'cancelling',
      }),
    }));
    const endings = judged.flatMap(({ item: { position, state }, verdict }) =>
      verdict.kind === 'end' && verdict.state !== state ? [{ position, ...verdict }] : [],
    );
    const reopened = judged.filter(({ item, verdict }) => item.state === 'waiting' && verdict.kind !== 'end');
    await endItems(client, record.id, endings);
    await reopenItems(
      client,
      record.id,
      reopened.map(({ item }) => item.position),
    );
    if (endings.length + reopened.length === 0) {
      const starting = judged.filter(({ item, verdict }) => isStarting(item, verdict, input.turn));
      return { begun, starting: new Set(starting.map(({ item }) => item)), moved };
    }
    moved = true;
  }
}

/** Also what this very turn started before, when its answer was lost. */
function isStarting(item: BegunItem, verdict: Judgement, turnNumber: number): boolean {
  if (verdict.kind === 'start') return true;
  const opened = item.newest !== null && item.newest.revision > item.baseline;
  return verdict.kind === 'leave' && item.turn === turnNumber && !opened;
}

/** What waits for an item that has not begun takes no room, or that item might never begin. */
function isInFlight({ state, upstreamPlanned, newest, baseline }: BegunItem): boolean {
  const runs = newest?.status === 'RUNNING' && newest.revision > baseline;
  return state === 'running' && (runs || !upstreamPlanned);
}

/** Begins items as far as there is room, and returns how many it began. */
async function beginMore(
  client: pg.PoolClient,
  { id, request }: BackfillRecord,
  paused: readonly string[],
  begun: readonly BegunItem[],
): Promise<number> {
  const inFlight = begun.filter(isInFlight).length;
  const room = request.maxConcurrent - inFlight;
  if (room <= 0) return 0;
  const positions = fitting(await readStartable(client, id, paused, room), room, inFlight === 0);
  if (positions.length > 0) await beginItems(client, id, positions);
  return positions.length;
}

function startOf(
  table: RoutingTable,
  { id, request, attempt }: BackfillRecord,
  item: BegunItem,
): readonly BackfillStart[] {
  const stage = table.stages.get(item.stage);
  if (stage === undefined) return [];
  return [
    {
      pipeline: stage.pipeline,
      stage: stage.id,
      dataset: stage.output,
      timelabel: item.timelabel,
      rerun: request.rerun === 'all' ? `backfill/${id}#${String(attempt)}` : null,
      only: request.only,
    },
  ];
}

async function finish(client: pg.PoolClient, record: BackfillRecord): Promise<BackfillProgress> {
  const progress = await readProgress(client, record);
  const { counts } = progress;
  if (counts.planned + counts.running > 0) return progress;
  const status = finalStatus(counts, record.status === 'cancelling');
  await setStatus(client, record.id, status);
  return { ...progress, status, pausedStages: [], heldByPause: [] };
}

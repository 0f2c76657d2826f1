import { ITEM_STATES, type ItemState } from './backfill-item.ts';
import { labelCount } from './verdict.ts';

/**
 * `cancelling` waits for what runs. `completed`, `failed` and `cancelled` are ends, of which only `failed`, `cancelled`
 * and a `completed` with waiting labels can be retried. Permanent names: they are in the catalog.
 */
export const BACKFILL_STATUSES = [
  'running',
  'paused',
  'cancelling',
  'cancelled',
  'completed',
  'failed',
] as const;
export type BackfillStatus = (typeof BACKFILL_STATUSES)[number];

export type ItemCounts = Readonly<Record<ItemState, number>>;

export interface BackfillProgress {
  readonly id: string;
  readonly status: BackfillStatus;
  readonly counts: ItemCounts;
  /** Per stage in topological order: how many of its labels are done, of how many. */
  readonly stages: readonly { readonly stage: string; readonly done: number; readonly total: number }[];
  /** Stages that a pause keeps from starting. */
  readonly pausedStages: readonly string[];
  /** Of the running labels, those that a pause holds, per stage. Histories from before it was told lack it. */
  readonly heldByPause?: readonly HeldByPause[];
  /** The first items that failed, for people. */
  readonly failures: readonly FailedItem[];
}

export interface HeldByPause {
  readonly stage: string;
  readonly labels: number;
  /** What is paused: the stage, its pipeline, or both. */
  readonly scopes: readonly string[];
}

export interface FailedItem {
  readonly stage: string;
  readonly timelabel: string;
  readonly detail: string | null;
}

export const NO_COUNTS: ItemCounts = {
  planned: 0,
  running: 0,
  waiting: 0,
  success: 0,
  existing: 0,
  failure: 0,
  blocked: 0,
  skipped: 0,
  cancelled: 0,
};

/** True when the backfill does nothing more by itself. */
export function hasEnded(status: BackfillStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** The status of a backfill none of whose items is planned or running. */
export function finalStatus(counts: ItemCounts, cancelling: boolean): 'cancelled' | 'completed' | 'failed' {
  if (cancelling) return 'cancelled';
  return counts.failure + counts.blocked > 0 ? 'failed' : 'completed';
}

export function totalOf(counts: ItemCounts): number {
  return ITEM_STATES.reduce((sum, state) => sum + counts[state], 0);
}

/** True of an item that needs nothing more of the backfill. One that was cancelled or blocked never ran. */
export function isDone(state: ItemState): boolean {
  switch (state) {
    case 'planned':
    case 'running':
    case 'blocked':
    case 'cancelled':
      return false;
    case 'waiting':
    case 'success':
    case 'existing':
    case 'failure':
    case 'skipped':
      return true;
  }
}

/** How many items are done. */
export function doneOf(counts: ItemCounts): number {
  return ITEM_STATES.filter(isDone).reduce((sum, state) => sum + counts[state], 0);
}

/** `38 of 120 labels: 72 planned, 8 running, 2 held, 30 success, 8 existing`; what a pause holds does not run. */
export function describeCounts(
  counts: ItemCounts,
  heldByPause: BackfillProgress['heldByPause'] = [],
): string {
  const held = heldByPause.reduce((sum, { labels }) => sum + labels, 0);
  const part = (count: number, word: string): string[] => (count > 0 ? [`${String(count)} ${word}`] : []);
  const parts = ITEM_STATES.flatMap((state) =>
    state === 'running'
      ? [...part(counts.running - held, state), ...part(held, 'held')]
      : part(counts[state], state),
  );
  const head = `${String(doneOf(counts))} of ${labelCount(totalOf(counts))}`;
  return parts.length === 0 ? head : `${head}: ${parts.join(', ')}`;
}

/** What keeps labels from running, a sentence each. */
export function describeHolds({ pausedStages, heldByPause = [] }: BackfillProgress): readonly string[] {
  return pausedStages.map((stage) => {
    const held = heldByPause.find((one) => one.stage === stage);
    if (held === undefined) return `${stage} is paused; its labels start when it is resumed.`;
    const { labels, scopes } = held;
    const [is, fill, they] = labels === 1 ? ['is', 'fills', 'it runs'] : ['are', 'fill', 'they run'];
    const cures = scopes.map((scope) => `reefline resume ${scope}`).join(' and ');
    return `${stage}: ${labelCount(labels)} ${is} held by a pause of ${scopes.join(' and ')} and ${fill} room of --max-concurrent; ${they} after: ${cures}`;
  });
}

/** Current details of the backfill in the Temporal Web UI, in Markdown. */
export function describeProgress(progress: BackfillProgress): string {
  const { status, counts, stages, failures, heldByPause } = progress;
  const lines = [`**${status}**, ${describeCounts(counts, heldByPause)}`, ''];
  lines.push('| stage | done | of |', '| --- | ---: | ---: |');
  for (const { stage, done, total } of stages)
    lines.push(`| ${stage} | ${String(done)} | ${String(total)} |`);
  for (const line of describeHolds(progress)) lines.push('', line);
  if (failures.length > 0) {
    lines.push('', 'Failed:', '');
    for (const { stage, timelabel, detail } of failures)
      lines.push(`- ${stage} ${timelabel}${detail === null ? '' : `: ${detail}`}`);
  }
  return lines.join('\n');
}

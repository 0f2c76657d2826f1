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
  /** Per stage in topological order: how many of its labels have ended, of how many. */
  readonly stages: readonly { readonly stage: string; readonly done: number; readonly total: number }[];
  /** Stages that a pause keeps from starting. */
  readonly pausedStages: readonly string[];
  /** Labels that the limit of restated labels holds, per stage. */
  readonly heldLabels: readonly { readonly stage: string; readonly labels: number }[];
  /** The first items that failed, for people. */
  readonly failures: readonly FailedItem[];
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

/** How many items need nothing more of the backfill. */
export function doneOf(counts: ItemCounts): number {
  return totalOf(counts) - counts.planned - counts.running;
}

/** `38 of 120 labels: 30 success, 8 existing, 10 running, 72 planned` */
export function describeCounts(counts: ItemCounts): string {
  const parts = ITEM_STATES.filter((state) => counts[state] > 0).map(
    (state) => `${String(counts[state])} ${state}`,
  );
  const head = `${String(doneOf(counts))} of ${labelCount(totalOf(counts))}`;
  return parts.length === 0 ? head : `${head}: ${parts.join(', ')}`;
}

/** What keeps labels from running, a sentence each. */
export function describeHolds({ pausedStages, heldLabels }: BackfillProgress): readonly string[] {
  return [
    ...pausedStages.map((stage) => `${stage} is paused; its labels start when it is resumed.`),
    ...heldLabels.map(
      ({ stage, labels }) =>
        `${stage}: ${labelCount(labels)} ${labels === 1 ? 'is' : 'are'} held by its limit of restated labels; let them run with: reefline release ${stage}`,
    ),
  ];
}

/** Current details of the backfill in the Temporal Web UI, in Markdown. */
export function describeProgress(progress: BackfillProgress): string {
  const { status, counts, stages, failures } = progress;
  const lines = [`**${status}**, ${describeCounts(counts)}`, ''];
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

import { plannedLabels, type StagePlan } from './backfill-plan.ts';
import type { SyncKind } from './sync-request.ts';

/** How many labels and keys are named; counts are exact. A report is part of a history. */
export const NAMED_LABELS = 200;
export const NAMED_KEYS = 20;
const KEY_TEXT = 200;
/** Lines of a comparison in the Web UI. */
const DETAIL_LINES = 20;

/** How the keys of one label differ between the source and a loaded table. */
export interface LabelDifference {
  readonly timelabel: string;
  readonly lostDeletes: number;
  readonly lostInserts: number;
  /** False when extracting and loading again does not remove the rows; then `keys` names the first of them, and `cure` what does. */
  readonly mended: boolean;
  readonly keys: readonly string[];
  readonly cure: string | null;
}

/** What a comparison of the keys with one loaded table found. */
export interface TableComparison {
  readonly dataset: string;
  readonly keyColumns: readonly string[];
  /** Why nothing was compared; null when it was. */
  readonly skipped: string | null;
  readonly labelsCompared: number;
  readonly keysAtSource: number;
  readonly rowsInWarehouse: number;
  readonly lostDeletes: number;
  readonly lostInserts: number;
  /** Labels that differ, and the first of them. */
  readonly differing: number;
  readonly differences: readonly LabelDifference[];
  readonly remarks: readonly string[];
}

/** What a historical sync found and planned. JSON: it is the result of the workflow. */
export interface SyncResult {
  readonly sync: string;
  readonly stage: string;
  readonly kind: SyncKind;
  /** The backfill that makes the labels; null when there is none to make, or when it was only planned. */
  readonly backfill: string | null;
  /** True when the backfill waits for: reefline backfill resume. */
  readonly paused: boolean;
  /** Labels of the extract that get a new revision. */
  readonly labels: number;
  readonly first: string | null;
  readonly last: string | null;
  /** What is restated, stage by stage. */
  readonly stages: readonly StagePlan[];
  readonly remarks: readonly string[];
  readonly comparisons: readonly TableComparison[];
}

/** A comparison that did not take place, and why. */
export function skippedComparison(
  dataset: string,
  keyColumns: readonly string[],
  reason: string,
): TableComparison {
  const counts = { labelsCompared: 0, keysAtSource: 0, rowsInWarehouse: 0, lostDeletes: 0, lostInserts: 0 };
  return { dataset, keyColumns, skipped: reason, ...counts, differing: 0, differences: [], remarks: [] };
}

/** A text of a database, short enough for a report. */
export function shortKey(text: string): string {
  return text.length <= KEY_TEXT ? text : `${text.slice(0, KEY_TEXT)}…`.toWellFormed();
}

/** Lines for people, one per table and one per label that differs. */
export function comparisonLines(comparison: TableComparison): readonly string[] {
  const { dataset, keyColumns, skipped, differences, differing, remarks } = comparison;
  if (skipped !== null) return [`${dataset} was not compared: ${skipped}.`];
  const head =
    `${dataset}, ${counted(comparison.labelsCompared, 'label')} compared by ${keyColumns.join(', ')}: ` +
    `${counted(comparison.keysAtSource, 'key')} at the source, ${counted(comparison.rowsInWarehouse, 'row')} there; ` +
    `${counted(comparison.lostDeletes, 'lost delete')}, ${counted(comparison.lostInserts, 'lost insert')} in ${counted(differing, 'label')}.`;
  const more =
    differing > differences.length ? [`… and ${counted(differing - differences.length, 'more label')}.`] : [];
  return [head, ...differences.flatMap(differenceLines), ...more, ...remarks];
}

function differenceLines(difference: LabelDifference): readonly string[] {
  const { timelabel, lostDeletes, lostInserts, mended, keys, cure } = difference;
  const parts = [
    ...(lostDeletes > 0 ? [counted(lostDeletes, 'lost delete')] : []),
    ...(lostInserts > 0 ? [counted(lostInserts, 'lost insert')] : []),
  ].join(', ');
  const line = `  ${timelabel}: ${parts}`;
  if (mended) return [line];
  const named = keys.join(', ') + (lostDeletes > keys.length ? ' …' : '');
  return [`${line}, which this sync does not remove: ${named}`, ...(cure === null ? [] : [`    ${cure}`])];
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Current details of the sync in the Temporal Web UI, in Markdown. */
export function describeSync(result: SyncResult): string {
  const lines = [`**${counted(result.labels, 'label')}** of ${result.stage}`, ''];
  if (result.backfill !== null)
    lines.push(`Backfill ${result.backfill}${result.paused ? ', paused' : ''}.`, '');
  for (const plan of result.stages) lines.push(`- ${plan.stage}: ${counted(plannedLabels(plan), 'label')}`);
  for (const remark of result.remarks) lines.push('', remark);
  for (const comparison of result.comparisons)
    lines.push('', ...comparisonLines(comparison).slice(0, DETAIL_LINES));
  return lines.join('\n');
}

import { comparisonLines, type SyncResult } from '../pipeline/sync-report.ts';
import { describeSelection, type SyncRequest } from '../pipeline/sync-request.ts';
import { readableLabel, type Timelabel } from '../pipeline/timelabel.ts';
import { planTable } from './backfill-text.ts';
import type { CliContext } from './context.ts';

/** What a sync found and what it makes again, for people. */
export function syncText(context: CliContext, result: SyncResult, request: SyncRequest): string {
  const { stage, labels, first, last, stages, remarks, comparisons, backfill, paused } = result;
  const span =
    first === null || last === null
      ? ''
      : `, ${readableLabel(first as Timelabel)} … ${readableLabel(last as Timelabel)}`;
  const lines = [
    `${stage}: ${describeSelection(request.select, request.findDeletes)}`,
    `${String(labels)} ${labels === 1 ? 'label' : 'labels'} to extract again${span}`,
    ...remarks,
    ...comparisons.flatMap((comparison) => ['', ...comparisonLines(comparison)]),
  ];
  if (stages.length > 0) lines.push('', planTable(context, stages));
  lines.push('', endText(backfill, paused, labels, request.dryRun));
  return lines.join('\n');
}

function endText(backfill: string | null, paused: boolean, labels: number, dryRun: boolean): string {
  if (backfill === null)
    return dryRun && labels > 0 ? 'Nothing was started.' : 'There is nothing to do, so nothing was started.';
  if (paused)
    return `The backfill ${backfill} is planned and paused. To begin it: reefline backfill resume ${backfill}`;
  return `Started backfill ${backfill}. Watch it with: reefline sync show ${backfill} --watch`;
}

import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import {
  insertBackfill,
  lockBackfill,
  lockPlanning,
  setStatus,
  type BackfillRecord,
} from '../catalog/backfill.ts';
import { inTransaction } from '../catalog/connect.ts';
import { plannedLabels } from '../pipeline/backfill-plan.ts';
import { MAX_CONCURRENT, type BackfillRequest } from '../pipeline/backfill-request.ts';
import { listOf } from '../pipeline/label-list.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import type { SyncResult } from '../pipeline/sync-report.ts';
import { describeSelection, type SyncRequest } from '../pipeline/sync-request.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';
import { draftBackfill, overlapProblem, type BackfillDraft } from './backfill-draft.ts';
import type { FoundLabels } from './sync-search.ts';

/** What is asked for, in words, with a digest of all that matters: the same text means the same sync. */
export function syncText({ stage, select, keyColumns, findDeletes }: SyncRequest): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([stage, select, keyColumns, findDeletes]))
    .digest('hex');
  return `${describeSelection(select, findDeletes)} [${digest.slice(0, 12)}]`;
}

/** The result of a sync that an earlier attempt has planned. @throws ApplicationFailure when the name belongs to something else. */
export function plannedBefore(id: string, request: SyncRequest, record: BackfillRecord): SyncResult {
  if (record.request.sync !== syncText(request))
    throw ApplicationFailure.nonRetryable(
      `There is a backfill "${id}" already, of ${record.request.target}, and what it does never changes. Choose another id.`,
      'conflict',
    );
  return {
    ...resultOf(id, request, record.stages),
    backfill: id,
    paused: record.status === 'paused',
    remarks: [
      'It had been planned before, and goes on with that plan. What differs is told by: reefline sync create … --find-deletes --dry-run',
    ],
  };
}

/**
 * Plans the backfill of the labels, and records it with all of them unless nothing is to be recorded. In one
 * transaction: a repetition finds what was recorded and plans nothing.
 */
export async function planSync(
  db: pg.Pool,
  table: RoutingTable,
  id: string,
  request: SyncRequest,
  found: FoundLabels,
  now: number,
): Promise<SyncResult> {
  const { remarks, comparisons } = found;
  if (found.labels.length === 0) return { ...resultOf(id, request, []), remarks, comparisons };
  return inTransaction(db, async (client) => {
    await lockPlanning(client);
    const known = request.dryRun ? undefined : await lockBackfill(client, id);
    if (known !== undefined) return plannedBefore(id, request, known);
    const asked = backfillOf(request, found.labels);
    const draft = await draftBackfill(client, table, id, { ...asked, labels: found.labels }, now);
    if ('problem' in draft) throw ApplicationFailure.nonRetryable(draft.problem, 'invalid_config');
    const planned = {
      ...resultOf(id, request, draft.stages),
      remarks: [...remarks, ...obstacles(draft, request)],
      comparisons,
    };
    if (request.dryRun || planned.labels === 0) return planned;
    const overlap = overlapProblem(draft.held);
    if (overlap !== undefined) throw ApplicationFailure.nonRetryable(overlap, 'conflict');
    await insertBackfill(client, id, asked, draft, table.configVersion);
    if (request.hold) await setStatus(client, id, 'paused');
    return { ...planned, backfill: id, paused: request.hold };
  });
}

/** Everything below is part of the backfill, so that it ends when all that is restated has ended. */
function backfillOf(request: SyncRequest, labels: readonly Timelabel[]): BackfillRequest {
  const { from, to } = listOf(labels);
  return {
    target: request.stage,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    downstream: true,
    only: false,
    rerun: 'all',
    maxConcurrent: Math.min(request.maxConcurrent, MAX_CONCURRENT),
    backwards: false,
    reason: request.reason,
    by: request.by,
    sync: syncText(request),
  };
}

function resultOf(id: string, request: SyncRequest, stages: BackfillDraft['stages']): SyncResult {
  const own = stages.find(({ stage }) => stage === request.stage);
  return {
    sync: id,
    stage: request.stage,
    kind: request.select.kind,
    backfill: null,
    paused: false,
    labels: own === undefined ? 0 : plannedLabels(own),
    first: own?.first ?? null,
    last: own?.last ?? null,
    stages,
    remarks: [],
    comparisons: [],
  };
}

/** What keeps labels from running, in sentences. */
function obstacles({ stages, held, paused }: BackfillDraft, request: SyncRequest): readonly string[] {
  const outside = stages.find(({ stage }) => stage === request.stage)?.outsideSchedule ?? 0;
  return [
    ...(outside > 0
      ? [
          `${String(outside)} labels with rows lie outside of the bounds of the schedule of ${request.stage} and are left out.`,
        ]
      : []),
    ...paused.map(
      ({ stage, scope }) => `${stage}: ${scope} is paused, so its labels wait for: reefline resume ${scope}`,
    ),
    ...held.map(
      ({ backfill, stage, labels, example }) =>
        `${stage}: ${String(labels)} labels, such as ${example}, belong to the open backfill ${backfill}.`,
    ),
  ];
}

import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import { insertBackfill, lockBackfill, lockPlanning, readProgress } from '../catalog/backfill.ts';
import { readTime } from '../catalog/clock.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import { inTransaction } from '../catalog/connect.ts';
import type { BackfillProgress } from '../pipeline/backfill-progress.ts';
import { isSameRequest, type BackfillRequest } from '../pipeline/backfill-request.ts';
import { draftBackfill, overlapProblem } from './backfill-draft.ts';

export interface PlanBackfillInput {
  readonly id: string;
  readonly request: BackfillRequest;
}

/**
 * Plans a backfill and records it with all its items, in one transaction. A repeated call finds what the first one
 * recorded and plans nothing: the plan of a backfill never changes.
 */
export async function planBackfill(
  db: pg.Pool,
  configs: ConfigStore,
  { id, request }: PlanBackfillInput,
): Promise<BackfillProgress> {
  return inTransaction(db, async (client) => {
    await lockPlanning(client);
    const known = await lockBackfill(client, id);
    if (known !== undefined) {
      if (isSameRequest(known.request, request)) return readProgress(client, known);
      throw ApplicationFailure.nonRetryable(otherRequest(id, known.request), 'conflict');
    }
    if (request.sync !== undefined)
      throw ApplicationFailure.nonRetryable(
        `The catalog has no backfill "${id}", and the labels of a historical sync are nowhere else. Start the sync again: reefline sync create ${request.target}`,
        'not_found',
      );
    const table = await configs.current(client);
    const draft = await draftBackfill(client, table, id, request, await readTime(client));
    if ('problem' in draft) throw ApplicationFailure.nonRetryable(draft.problem, 'invalid_config');
    const overlap = overlapProblem(draft.held);
    if (overlap !== undefined) throw ApplicationFailure.nonRetryable(overlap, 'conflict');
    await insertBackfill(client, id, request, draft, table.configVersion);
    return readProgress(client, { id, stages: draft.stages, status: 'running' });
  });
}

function otherRequest(id: string, { target, from, to, rerun }: BackfillRequest): string {
  return `There is a backfill "${id}" already, of ${target} from ${from} to ${to} with rerun ${rerun}, and what a backfill does never changes. Choose another id.`;
}

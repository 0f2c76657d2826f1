import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import { readLabelFacts } from '../catalog/backfill-facts.ts';
import { cancelPlannedItems, planAnew, readRetriable } from '../catalog/backfill-items.ts';
import { lockBackfill, readProgress, setStatus, type BackfillRecord } from '../catalog/backfill.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import { inTransaction } from '../catalog/connect.ts';
import { itemKey } from '../pipeline/backfill-choice.ts';
import { leadsAnew } from '../pipeline/backfill-order.ts';
import { hasEnded, type BackfillProgress, type BackfillStatus } from '../pipeline/backfill-progress.ts';

export type BackfillOrder = 'pause' | 'resume' | 'cancel' | 'retry';

export interface ControlBackfillInput {
  readonly id: string;
  readonly order: BackfillOrder;
}

/**
 * Carries out what a person asks of a backfill. An order that does not apply any more changes nothing, so it may be
 * repeated: to pause what has ended, to resume what is not paused, to retry where nothing failed.
 */
export async function controlBackfill(
  db: pg.Pool,
  configs: ConfigStore,
  { id, order }: ControlBackfillInput,
): Promise<BackfillProgress> {
  return inTransaction(db, async (client) => {
    const record = await lockBackfill(client, id);
    if (record === undefined)
      throw ApplicationFailure.nonRetryable(`There is no backfill "${id}".`, 'not_found');
    const status = await statusAfter(client, configs, record, order);
    if (status !== record.status) await setStatus(client, id, status);
    return readProgress(client, { ...record, status });
  });
}

async function statusAfter(
  client: pg.PoolClient,
  configs: ConfigStore,
  record: BackfillRecord,
  order: BackfillOrder,
): Promise<BackfillStatus> {
  const { id, status } = record;
  switch (order) {
    case 'pause':
      return status === 'running' ? 'paused' : status;
    case 'resume':
      return status === 'paused' ? 'running' : status;
    case 'cancel':
      if (hasEnded(status)) return status;
      await cancelPlannedItems(client, id);
      return 'cancelling';
    case 'retry':
      if (!(await retryItems(client, configs, id))) return status;
      return status === 'paused' ? status : 'running';
  }
}

/** Plans everything anew that ended without a result; false when there is nothing of the kind. */
async function retryItems(client: pg.PoolClient, configs: ConfigStore, id: string): Promise<boolean> {
  const items = await readRetriable(client, id);
  if (items.length === 0) return false;
  const { configVersion } = await configs.current(client);
  const facts = await readLabelFacts(client, configVersion, items);
  const leads = leadsAnew(items);
  const anew = items.map(({ position, stage, timelabel, baseline }) => {
    const known = facts.get(itemKey(stage, timelabel));
    // A revision that failed does not count; one that somebody made meanwhile does.
    const failed = known?.status === 'FAILURE' || known?.stale === true;
    return { position, lead: leads.get(position) ?? position, baseline: failed ? known.revision : baseline };
  });
  await planAnew(client, id, anew);
  return true;
}

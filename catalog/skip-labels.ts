import type pg from 'pg';
import type { DataEvent } from '../pipeline/data-event.ts';
import { bareReport, runEvent } from '../pipeline/run-event.ts';
import type { Target } from '../pipeline/routing.ts';
import type { ConfigStore } from './config-store.ts';
import { dropHeldRuns } from './held-runs.ts';
import { openTargets } from './ledger.ts';
import { lockTargets } from './locks.ts';
import type { OpenedTarget } from './opened-target.ts';
import { appendNotes } from './run-notes.ts';

/** A label that was skipped, and the event that its router is owed. It is stored with the ledger row. */
export interface SkippedLabel {
  readonly pipeline: string;
  readonly event: DataEvent;
}

/**
 * Decides that labels are not made from the inputs that they have now, and forgets that they were held. Whatever changes
 * later makes them run as always, and a person or a backfill may still ask for them. A label that would not run now
 * is only forgotten. In the caller's transaction.
 */
export async function skipLabels(
  client: pg.PoolClient,
  configs: ConfigStore,
  targets: readonly Target[],
  by: { readonly actor: string; readonly reason: string },
): Promise<readonly SkippedLabel[]> {
  if (targets.length === 0) return [];
  const table = await configs.current(client);
  await lockTargets(client, targets);
  const opened = await openTargets(client, targets, {
    configs,
    table,
    request: { trigger: 'manual', rerun: null },
    marks: { propagates: true, backfill: null, actor: by.actor, reason: by.reason },
    causes: () => [],
  });
  await dropHeldRuns(
    client,
    targets.map(({ stage, timelabel }) => ({ stage: stage.id, timelabel })),
  );
  const skipped: SkippedLabel[] = [];
  for (const target of opened) {
    const { opening, stage } = target;
    if (opening.kind !== 'run' || opening.alreadyOpen) continue;
    const event = runEvent(
      { ...identityOf(target), project: table.project },
      bareReport('SKIPPED', Date.now(), {
        class: 'rejected',
        message: `${by.actor} skipped ${stage.id} ${target.timelabel}: ${by.reason}`,
        facts: {},
      }),
    );
    await writeSkip(client, target, event, by);
    skipped.push({ pipeline: stage.pipeline, event });
  }
  return skipped;
}

function identityOf({ stage, timelabel, opening, configVersion }: OpenedTarget) {
  return { stage, timelabel, revision: opening.revision, temporalRunId: null, configVersion };
}

async function writeSkip(
  client: pg.PoolClient,
  { stage, timelabel, opening, configVersion }: OpenedTarget,
  event: DataEvent,
  by: { readonly actor: string; readonly reason: string },
): Promise<void> {
  const { revision } = opening;
  await client.query({
    name: 'write-skip',
    text: `update reefline.stage_run set status = 'SKIPPED', outcome = 'SKIPPED', closed_at = clock_timestamp(), events = $4::jsonb
            where stage = $1 and timelabel = $2 and revision = $3`,
    values: [stage.id, timelabel, revision, JSON.stringify([event])],
  });
  const key = { stage: stage.id, timelabel, revision };
  await appendNotes(client, [{ ...key, decision: 'skipped', ...by, configVersion }]);
}

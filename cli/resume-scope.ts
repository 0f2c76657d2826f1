import type { Client } from '@temporalio/client';
import type pg from 'pg';
import type { ConfigStore } from '../catalog/config-store.ts';
import { betweenDecisions } from '../catalog/connect.ts';
import { readHeldRuns, type HeldRun } from '../catalog/held-runs.ts';
import { endPause, readPauses } from '../catalog/pauses.ts';
import { skipLabels, type LabelSkip } from '../catalog/skip-labels.ts';
import { resumePlan, type ResumePolicy } from '../pipeline/resume.ts';
import type { RoutingTable, Target } from '../pipeline/routing.ts';
import { askForRun } from '../workers/ask-run.ts';
import { tellSkips } from './skip.ts';

/** What resuming a scope would do with the labels that its pause holds. */
export interface ResumePreview {
  readonly paused: boolean;
  readonly run: readonly HeldRun[];
  readonly skip: readonly HeldRun[];
  /** Labels that stay held, because another pause concerns their stage, too. */
  readonly stay: readonly HeldRun[];
  /** Other pauses that go on to concern the scope. */
  readonly others: readonly string[];
}

export async function previewResume(
  db: pg.Pool | pg.PoolClient,
  scope: string,
  policy: ResumePolicy,
): Promise<ResumePreview> {
  const held = await readHeldRuns(db, scope, 'paused');
  const pauses = new Set((await readPauses(db)).map((pause) => pause.scope));
  const paused = pauses.delete(scope);
  const stays = ({ stage }: HeldRun): boolean => pauses.has(stage) || pauses.has(stage.split('.')[0] ?? '');
  const free = held.filter((one) => !stays(one));
  const others = [...pauses].filter((one) => one === scope.split('.')[0] || one.startsWith(`${scope}.`));
  return { paused, ...resumePlan(free, policy), stay: held.filter(stays), others };
}

/**
 * Ends the pause and skips what is to be skipped in one transaction, then asks for the runs. When the process dies in
 * between, the labels are still held by no pause, and the sweep asks for them.
 */
export async function resumeScope(
  db: pg.Pool,
  configs: ConfigStore,
  client: Client,
  resume: { readonly scope: string; readonly policy: ResumePolicy; readonly actor: string },
): Promise<ResumePreview> {
  const { scope, policy, actor } = resume;
  const table = await configs.current(db);
  const done = await betweenDecisions(
    db,
    async (transaction): Promise<{ preview: ResumePreview; skipped: readonly LabelSkip[] }> => {
      const preview = await previewResume(transaction, scope, policy);
      await endPause(transaction, scope);
      const skipped = await skipLabels(transaction, configs, targetsOf(table, preview.skip), {
        actor,
        reason: `${scope} was resumed with ${policy}`,
      });
      return { preview, skipped };
    },
  );
  await tellSkips(client, table.project, done.skipped);
  for (const { stage, timelabel, trigger, request } of done.preview.run) {
    const definition = table.stages.get(stage);
    if (definition === undefined) continue;
    await askForRun(client, { stage: definition, timelabel, trigger, request: { request } });
  }
  return done.preview;
}

function targetsOf(table: RoutingTable, held: readonly HeldRun[]): readonly Target[] {
  return held.flatMap(({ stage, timelabel }) => {
    const definition = table.stages.get(stage);
    return definition === undefined ? [] : [{ stage: definition, timelabel }];
  });
}

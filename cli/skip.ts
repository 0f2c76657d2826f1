import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { signalRouters } from '../activities/signal-routers.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import { inDecision } from '../catalog/connect.ts';
import { skipLabels, type LabelSkip, type SkipBy } from '../catalog/skip-labels.ts';
import type { Project } from '../pipeline/project.ts';
import type { Target } from '../pipeline/routing.ts';
import type { NotSkipped } from '../pipeline/skipping.ts';
import { runControl } from '../workers/run-control.ts';
import { routerSignal } from '../workers/signal-router.ts';

/**
 * Skips labels and tells everybody who has to know. When the process dies after they are recorded, the sweep tells them;
 * so does the same command again.
 */
export async function skipAndTell(
  db: pg.Pool,
  configs: ConfigStore,
  client: Client,
  targets: readonly Target[],
  by: SkipBy,
): Promise<readonly LabelSkip[]> {
  const skips = await inDecision(db, (transaction) => skipLabels(transaction, configs, targets, by));
  const { project } = await configs.current(db);
  await tellSkips(client, project, skips);
  return skips;
}

/** Signals what the routers are owed, and ends the workflows of labels that waited. May be repeated. */
export async function tellSkips(
  client: Client,
  project: Project,
  skips: readonly LabelSkip[],
): Promise<void> {
  const signal = routerSignal(client);
  const { dismiss } = runControl(client);
  for (const { stage, pipeline, timelabel, event, waits } of skips) {
    if (event !== null) await signalRouters(project, signal, pipeline, [event]);
    if (waits) await dismiss(stage, timelabel);
  }
}

/** True when the label is skipped, now or before. */
export function isSkipped({ event }: LabelSkip): boolean {
  return event !== null;
}

/** What became of the label, and for one that was refused, what to do instead. */
export function describeSkip(skip: LabelSkip): string {
  const { stage, timelabel, revision, left } = skip;
  const label = `${stage} ${timelabel}`;
  if (left === null)
    return `${label} is skipped (revision ${String(revision)}). It waits or runs again when its inputs change, or when it is asked for.`;
  const run = `revision ${String(revision)} of ${label}`;
  return left === 'skipped'
    ? `${label} has been skipped already, as revision ${String(revision)}.`
    : `${label} is not skipped: ${causeOf(left, run, skip)}`;
}

function causeOf(
  left: Exclude<NotSkipped, 'skipped'>,
  run: string,
  { stage, timelabel }: Pick<LabelSkip, 'stage' | 'timelabel'>,
): string {
  switch (left) {
    case 'running':
      return `${run} is running. Let it end, or cancel it: temporal workflow cancel --workflow-id run/${stage}/${timelabel}`;
    case 'done':
      return `${run} has succeeded with the inputs that are there, so there is nothing to leave out. What it made is seen with: reefline runs show ${stage} ${timelabel}`;
    case 'judged by its check':
      return `the check has quarantined the label. Judge it: reefline release ${stage} ${timelabel} --reason TEXT, or reefline reject ${stage} ${timelabel} --reason TEXT`;
    case 'its interval has not ended':
      return (
        'its interval has not ended, and its clock would make it all the same. Pause the stage instead: reefline pause ' +
        `${stage} --reason TEXT`
      );
  }
}

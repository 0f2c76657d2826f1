import type pg from 'pg';
import { inDecisionBy } from '../catalog/connect.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import { openTargets } from '../catalog/ledger.ts';
import { lockTargets } from '../catalog/locks.ts';
import type { OpenedTarget } from '../catalog/opened-target.ts';
import type { OpeningRequest } from '../pipeline/opening.ts';
import { stepOf, type RunStep } from '../pipeline/run-plan.ts';
import { stageQueue } from '../pipeline/task-queue.ts';
import { targetOrEnd } from './outdated-label.ts';
import { reportHeld, traceHeld, type HeldReport } from './report-held.ts';
import { NO_TRACER, type Tracer } from './tracer.ts';

export interface OpenRunInput extends OpeningRequest {
  readonly stage: string;
  readonly timelabel: string;
  /** Id of the backfill that asks. */
  readonly backfill?: string;
  /** Who asks, and why. */
  readonly by?: string;
  readonly reason?: string;
}

interface Opened {
  readonly step: RunStep;
  /** Absent when the label cannot run at all. */
  readonly opened?: OpenedTarget;
  readonly held?: HeldReport;
}

/**
 * Decides what one (stage, label) does next and records it: run as which revision, wait for what, or nothing new.
 * Idempotent: a repeated call finds the run that the first one opened.
 */
export async function openRun(
  db: pg.Pool,
  configs: ConfigStore,
  input: OpenRunInput,
  tracer: Tracer = NO_TRACER,
): Promise<RunStep> {
  const from = Date.now();
  const { step, opened, held } = await inDecisionBy(db, configs, async (client, table): Promise<Opened> => {
    const target = await targetOrEnd(client, configs, table, input);
    if ('kind' in target) return { step: target };
    await lockTargets(client, [target]);
    const marks = {
      propagates: input.only !== true,
      backfill: input.backfill ?? null,
      actor: input.by ?? null,
      reason: input.reason ?? null,
    };
    const [opened] = await openTargets(client, [target], {
      configs,
      table,
      request: { trigger: input.trigger, rerun: input.rerun, only: input.only === true },
      marks,
      causes: () => [],
    });
    if (opened === undefined)
      throw new Error(`No opening was decided for ${input.stage} ${input.timelabel}.`);
    const held = await reportHeld(client, table, [opened], target.stage.pipeline);
    return { step: stepOf(opened.stage, opened.opening, stageQueue(opened.stage)), opened, held };
  });
  if (opened?.opening.kind === 'run' && !opened.opening.alreadyOpen) {
    const { revision } = opened.opening;
    const run = { stage: input.stage, timelabel: input.timelabel, revision };
    const { trigger } = input;
    tracer.record({ kind: 'opened', run, dataset: opened.stage.output, trigger, from, to: Date.now() });
  }
  if (held !== undefined) traceHeld(tracer, held, { from, to: Date.now() });
  return step;
}

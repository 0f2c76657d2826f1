import type pg from 'pg';
import { inDecision } from '../catalog/connect.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import { openTargets } from '../catalog/ledger.ts';
import { lockTargets } from '../catalog/locks.ts';
import type { OpeningRequest } from '../pipeline/opening.ts';
import { stepOf, type RunStep } from '../pipeline/run-plan.ts';
import { stageQueue } from '../pipeline/task-queue.ts';
import { targetOrEnd } from './outdated-label.ts';
import { reportHeld } from './report-held.ts';

export interface OpenRunInput extends OpeningRequest {
  readonly stage: string;
  readonly timelabel: string;
  /** Id of the backfill that asks. */
  readonly backfill?: string;
  /** Who asks, and why. */
  readonly by?: string;
  readonly reason?: string;
}

/**
 * Decides what one (stage, label) does next and records it: run as which revision, wait for what, or nothing new.
 * Idempotent: a repeated call finds the run that the first one opened.
 */
export async function openRun(db: pg.Pool, configs: ConfigStore, input: OpenRunInput): Promise<RunStep> {
  return inDecision(db, async (client) => {
    const table = await configs.current(client);
    const target = await targetOrEnd(client, configs, table, input);
    if ('kind' in target) return target;
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
    await reportHeld(client, table, [opened], target.stage.pipeline);
    return stepOf(opened.stage, opened.opening, stageQueue(opened.stage));
  });
}

import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import { inTransaction } from '../catalog/connect.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import { lockLabels, openTargets } from '../catalog/ledger.ts';
import type { OpeningRequest } from '../pipeline/opening.ts';
import { stepOf, type RunStep } from '../pipeline/run-plan.ts';
import { stageQueue } from '../pipeline/task-queue.ts';
import { isOnGrid, parseTimelabel } from '../pipeline/timelabel.ts';

export interface OpenRunInput extends OpeningRequest {
  readonly stage: string;
  readonly timelabel: string;
}

/**
 * Decides what one (stage, label) does next and records it: run as which revision, wait for what, or nothing new.
 * Idempotent: a repeated call finds the run that the first one opened.
 */
export async function openRun(db: pg.Pool, configs: ConfigStore, input: OpenRunInput): Promise<RunStep> {
  return inTransaction(db, async (client) => {
    const table = await configs.current(client);
    const stage = table.stages.get(input.stage);
    if (stage === undefined) {
      const known = [...table.stages.keys()].slice(0, 10).join(', ');
      throw ApplicationFailure.nonRetryable(
        `There is no stage "${input.stage}". Known are ${known}.`,
        'not_found',
      );
    }
    const timelabel = parseTimelabel(input.timelabel);
    if (timelabel === undefined || !isOnGrid(stage.period, timelabel)) {
      const reason = `"${input.timelabel}" is not the start of an interval of ${stage.id}, whose labels cover ${stage.period} each (YYYYMMDDHHmm00, UTC).`;
      throw ApplicationFailure.nonRetryable(reason, 'invalid_config');
    }
    await lockLabels(client, [{ dataset: stage.output, timelabel }]);
    const [opened] = await openTargets(client, table, [{ stage, timelabel }], input, () => []);
    if (opened === undefined) throw new Error(`No opening was decided for ${stage.id} ${timelabel}.`);
    return stepOf(stage, opened.opening, stageQueue(stage));
  });
}

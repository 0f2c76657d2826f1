import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import type { ConfigStore } from '../catalog/config-store.ts';
import { labelForTick } from '../pipeline/timelabel.ts';

export interface ResolvedTick {
  readonly pipeline: string;
  readonly dataset: string;
  readonly timelabel: string;
}

/** The label that a tick of a stage's schedule stands for: the interval that closed at or before it. `at`: ISO instant. */
export async function resolveTick(
  db: pg.Pool,
  configs: ConfigStore,
  input: { stage: string; at: string },
): Promise<ResolvedTick> {
  const instant = Date.parse(input.at);
  if (Number.isNaN(instant)) {
    throw ApplicationFailure.nonRetryable(
      `"at" is "${input.at}"; it must be an ISO time such as 2001-01-05T09:10:00Z.`,
      'invalid_config',
    );
  }
  const stage = (await configs.current(db)).stages.get(input.stage);
  if (stage === undefined)
    throw ApplicationFailure.nonRetryable(
      `There is no stage "${input.stage}" in the configuration in force.`,
      'not_found',
    );
  return { pipeline: stage.pipeline, dataset: stage.output, timelabel: labelForTick(stage.period, instant) };
}

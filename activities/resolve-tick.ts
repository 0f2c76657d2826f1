import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import type { ConfigStore } from '../catalog/config-store.ts';
import { labelForTick } from '../pipeline/timelabel.ts';

export interface ResolvedTick {
  readonly pipeline: string;
  readonly dataset: string;
  readonly timelabel: string;
}

/** With a zone, for a time without one would mean something else on each machine. */
const ISO_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/** The label that a tick of a stage's schedule stands for: the interval that closed at or before it. `at`: ISO instant. */
export async function resolveTick(
  db: pg.Pool,
  configs: ConfigStore,
  input: { stage: string; at: string },
): Promise<ResolvedTick> {
  const instant = ISO_INSTANT.test(input.at) ? Date.parse(input.at) : NaN;
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

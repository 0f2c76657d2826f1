import { ApplicationFailure } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';
import { requireText } from './require-text.ts';
import { briefly } from './short-activities.ts';
import { startOrTell } from './start-run.ts';

export interface TickInput {
  readonly stage: string;
  /** ISO instant of the tick; absent when a Temporal Schedule started it, which knows the nominal time. */
  readonly at?: string;
}

export interface TickResult {
  readonly stage: string;
  readonly timelabel: string;
}

/** Turns one tick of a stage's schedule into the run of its label. A repeated tick starts nothing twice. */
export async function tick(input: TickInput): Promise<TickResult> {
  requireText(input, 'stage', '{"stage":"orders.fetch_orders","at":"2020-03-03T11:10:00Z"}');
  const at = input.at ?? scheduledStart();
  if (at === undefined) {
    throw ApplicationFailure.nonRetryable(
      'Not started by a schedule, so the input needs "at", an ISO time such as 2001-01-05T09:10:00Z.',
      'invalid_config',
    );
  }
  const resolved = await briefly('run', (activities) => activities.resolveTick({ stage: input.stage, at }));
  await startOrTell({ ...resolved, stage: input.stage, trigger: 'schedule', step: null }, false);
  return { stage: input.stage, timelabel: resolved.timelabel };
}

/** The nominal time of the schedule's action: under jitter, catch-up and backfill it is the tick that is meant. */
function scheduledStart(): string | undefined {
  const pair = workflowInfo()
    .typedSearchAttributes.getAll()
    .find(({ key }) => key.name === 'TemporalScheduledStartTime');
  return pair?.value instanceof Date ? pair.value.toISOString() : undefined;
}

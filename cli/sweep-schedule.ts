import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  type ScheduleOptions,
  type ScheduleOptionsAction,
} from '@temporalio/client';
import { ROUTING_QUEUE, SWEEP_ID } from '../pipeline/ids.ts';

type SweepSchedule = ScheduleOptions & {
  action: ScheduleOptionsAction;
  policies: NonNullable<ScheduleOptions['policies']>;
};

/** A sweep that takes longer than a minute is not joined by another one; one that was missed is not made up for. */
const SWEEP: SweepSchedule = {
  scheduleId: SWEEP_ID,
  spec: { intervals: [{ every: '1 minute' }] },
  action: {
    type: 'startWorkflow',
    workflowType: 'sweep',
    workflowId: SWEEP_ID,
    taskQueue: ROUTING_QUEUE,
    args: [{}],
    staticSummary: 'finish what crashes have left undone',
  },
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
};

/** Makes sure that the sweep runs every minute. A person who paused its schedule has a reason: it stays paused. */
export async function ensureSweepSchedule(client: Client): Promise<'created' | 'there'> {
  try {
    await client.schedule.create(SWEEP);
    return 'created';
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  const { spec, action, policies } = SWEEP;
  await client.schedule.getHandle(SWEEP_ID).update(({ state }) => ({ spec, action, policies, state }));
  return 'there';
}

import {
  type Client,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type ScheduleOptions,
  type ScheduleOptionsAction,
  type ScheduleSpec,
} from '@temporalio/client';
import { ROUTING_QUEUE, scheduleId } from '../pipeline/ids.ts';
import type { StageDefinition } from '../pipeline/stage.ts';

export interface ScheduleChanges {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly removed: readonly string[];
}

/** Ids of all schedules of ours begin like this, and nobody else's do. */
const PREFIX = scheduleId('');

/**
 * Makes the Temporal Schedules agree with the stages: creates, updates and removes. A schedule that a person paused
 * stays paused. Repeating it changes nothing.
 */
export async function reconcileSchedules(
  client: Client,
  stages: readonly StageDefinition[],
): Promise<ScheduleChanges> {
  const wanted = new Map(
    stages.flatMap((stage) =>
      stage.schedule === undefined ? [] : [[scheduleId(stage.id), optionsOf(stage)] as const],
    ),
  );
  const created: string[] = [];
  const updated: string[] = [];
  for (const [id, options] of wanted)
    ((await createOrUpdate(client, options)) === 'created' ? created : updated).push(id);
  const removed = await strayScheduleIds(client, stages);
  for (const id of removed) await remove(client, id);
  return { created, updated, removed };
}

/** Ids of schedules of ours that no stage has any more. */
export async function strayScheduleIds(
  client: Client,
  stages: readonly StageDefinition[],
): Promise<readonly string[]> {
  const wanted = new Set(
    stages.flatMap(({ id, schedule }) => (schedule === undefined ? [] : [scheduleId(id)])),
  );
  const strays: string[] = [];
  for await (const { scheduleId: id } of client.schedule.list())
    if (id.startsWith(PREFIX) && !wanted.has(id)) strays.push(id);
  return strays;
}

/** The list of schedules lags behind, so one that is in it may be gone. */
async function remove(client: Client, id: string): Promise<void> {
  try {
    await client.schedule.getHandle(id).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

async function createOrUpdate(client: Client, options: TickSchedule): Promise<'created' | 'updated'> {
  const handle = client.schedule.getHandle(options.scheduleId);
  const { spec, action, policies } = options;
  try {
    await handle.update(({ state }) => ({ spec, action, policies, state }));
    return 'updated';
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    await client.schedule.create(options);
    return 'created';
  }
}

type TickSchedule = ScheduleOptions & {
  spec: ScheduleSpec;
  action: ScheduleOptionsAction;
  policies: NonNullable<ScheduleOptions['policies']>;
};

function optionsOf(stage: StageDefinition): TickSchedule {
  const { schedule } = stage;
  if (schedule === undefined) throw new Error(`${stage.id} has no schedule.`);
  return {
    scheduleId: scheduleId(stage.id),
    spec: {
      cronExpressions: [schedule.cron],
      timezone: schedule.zone ?? 'UTC',
      ...(schedule.from === undefined ? {} : { startAt: new Date(schedule.from) }),
      ...(schedule.until === undefined ? {} : { endAt: new Date(schedule.until) }),
    },
    action: {
      type: 'startWorkflow',
      workflowType: 'tick',
      workflowId: scheduleId(stage.id),
      taskQueue: ROUTING_QUEUE,
      args: [{ stage: stage.id }],
      staticSummary: `tick of ${stage.id}`,
    },
    // The default, SKIP, would drop labels when a backfill or a catch-up brings several ticks at once.
    policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL, catchupWindow: '30 days' },
  };
}

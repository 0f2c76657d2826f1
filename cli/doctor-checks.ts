import type { Client } from '@temporalio/client';
import { secretReferences } from '../config/secret-reference.ts';
import { publisherId, ROUTING_QUEUE, scheduleId, SWEEP_ID } from '../pipeline/ids.ts';
import type { Project } from '../pipeline/project.ts';
import { stageQueue } from '../pipeline/task-queue.ts';
import { runControl } from '../workers/run-control.ts';
import { reconcileSchedules, strayScheduleIds } from './schedules.ts';
import { addSearchAttributes, missingSearchAttributes } from './search-attributes.ts';
import { ensureSweepSchedule } from './sweep-schedule.ts';
import { wakePublisher } from '../workers/wake-publisher.ts';

/** One thing that must be as it should, and what to do when it is not. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly cure?: string;
  /** Puts it in order, where a command can; says what it did. */
  readonly mend?: () => Promise<string>;
}

const REPAIR = 'reefline doctor --repair';

/** What must be there in Temporal for the project to run. */
export async function checkTemporal(
  client: Client,
  project: Project,
  now: number,
): Promise<readonly Check[]> {
  return [
    await checkSearchAttributes(client),
    await checkWorkers(client, project, now),
    await checkStraySchedules(client, project),
    await checkSweep(client),
    await checkPublishers(client, project),
  ];
}

async function checkSearchAttributes(client: Client): Promise<Check> {
  const name = 'search attributes';
  const missing = await missingSearchAttributes(client);
  if (missing.length === 0) return { name, ok: true, detail: 'are there' };
  return {
    name,
    ok: false,
    detail: `the namespace ${client.options.namespace} lacks ${missing.join(', ')}, so no run can start`,
    cure: REPAIR,
    mend: async () => `added the search attributes ${(await addSearchAttributes(client)).join(', ')}`,
  };
}

/** A worker asks for work at least once a minute. Milliseconds. */
const LAST_POLL = 90_000;
/** Values of temporal.api.enums.v1.TaskQueueType, whose package this one does not import. */
const WORKFLOWS = 1;
const ACTIVITIES = 2;

async function checkWorkers(client: Client, project: Project, now: number): Promise<Check> {
  const name = 'workers';
  const wanted = [
    { queue: ROUTING_QUEUE, type: WORKFLOWS },
    { queue: ROUTING_QUEUE, type: ACTIVITIES },
    ...[...new Set(project.stages.map(stageQueue))].map((queue) => ({ queue, type: ACTIVITIES })),
  ];
  const deserted = new Set<string>();
  for (const { queue, type } of wanted) if (!(await isPolled(client, queue, type, now))) deserted.add(queue);
  if (deserted.size === 0)
    return { name, ok: true, detail: `serve ${counted(wanted.length - 1, 'task queue')}` };
  return {
    name,
    ok: false,
    detail: `no worker serves ${[...deserted].join(', ')}, so nothing of it runs`,
    cure: 'start workers: npx node workers/main.ts',
  };
}

async function isPolled(client: Client, queue: string, type: number, now: number): Promise<boolean> {
  const { namespace } = client.options;
  const request = { namespace, taskQueue: { name: queue }, taskQueueType: type };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
  const { pollers } = await client.workflowService.describeTaskQueue(request);
  return pollers.some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > now - LAST_POLL);
}

async function checkStraySchedules(client: Client, { stages }: Project): Promise<Check> {
  const name = 'schedules';
  const strays = await strayScheduleIds(client, stages);
  if (strays.length === 0) return { name, ok: true, detail: 'belong to stages' };
  return {
    name,
    ok: false,
    detail: `${strays.join(', ')} would start stages that are not in the configuration`,
    cure: REPAIR,
    mend: async () =>
      `removed the schedules ${(await reconcileSchedules(client, stages)).removed.join(', ')}`,
  };
}

async function checkSweep(client: Client): Promise<Check> {
  const name = 'sweep';
  switch (await runControl(client).scheduleStateOf(SWEEP_ID)) {
    case 'active':
      return { name, ok: true, detail: 'is scheduled every minute' };
    case 'paused':
      return {
        name,
        ok: false,
        detail: `its schedule "${SWEEP_ID}" is paused, so nothing mends itself`,
        cure: `temporal schedule toggle --unpause --schedule-id ${SWEEP_ID}`,
      };
    case 'missing':
      return {
        name,
        ok: false,
        detail: `Temporal has no schedule "${SWEEP_ID}", so nothing mends itself`,
        cure: REPAIR,
        mend: async () => {
          await ensureSweepSchedule(client);
          return `created the schedule "${SWEEP_ID}"`;
        },
      };
  }
}

async function checkPublishers(client: Client, { endpoints }: Project): Promise<Check> {
  const name = 'publishers';
  const closed: string[] = [];
  for (const endpoint of endpoints)
    if ((await runControl(client).stateOf(publisherId(endpoint.name))) === 'closed')
      closed.push(endpoint.name);
  if (closed.length === 0)
    return { name, ok: true, detail: `serve ${counted(endpoints.length, 'endpoint')}` };
  const named = closed.map(publisherId).join(', ');
  return {
    name,
    ok: false,
    detail: `${named} is not open, so its endpoint gets nothing that is due later`,
    cure: REPAIR,
    mend: async () => {
      for (const endpoint of closed) await wakePublisher(client, endpoint);
      return `started ${named}`;
    },
  };
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Stages with a schedule that Temporal does not have. */
export async function stagesWithoutSchedule(client: Client, project: Project): Promise<readonly string[]> {
  const { scheduleStateOf } = runControl(client);
  const missing: string[] = [];
  for (const { id, schedule } of project.stages)
    if (schedule !== undefined && (await scheduleStateOf(scheduleId(id))) === 'missing') missing.push(id);
  return missing;
}

/** Schedules that a person has paused. That may be meant, so it is no failure; but the labels that they owe do not come. */
export async function notesOnSchedules(client: Client, { stages }: Project): Promise<readonly string[]> {
  const { scheduleStateOf } = runControl(client);
  const notes: string[] = [];
  for (const { id, schedule } of stages) {
    const scheduled = scheduleId(id);
    if (schedule !== undefined && (await scheduleStateOf(scheduled)) === 'paused')
      notes.push(
        `The schedule ${scheduled} is paused, so no clock starts ${id}. Resume it with: temporal schedule toggle --unpause --schedule-id ${scheduled}`,
      );
  }
  return notes;
}

/** What may be wrong, and may be as it should: the secrets are for the workers, which may have another environment. */
export function notesOn(project: Project, environment: NodeJS.ProcessEnv): readonly string[] {
  return secretReferences(project)
    .filter(({ name }) => (environment[name] ?? '') === '')
    .map(
      ({ name, usedBy }) =>
        `${name} is not set in this environment; ${usedBy.join(', ')} in workers need it.`,
    );
}

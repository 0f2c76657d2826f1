import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { type AppliedConfig, storeConfig } from '../catalog/config-store.ts';
import { publisherId, ROUTING_QUEUE } from '../pipeline/ids.ts';
import type { Project } from '../pipeline/project.ts';
import { reconcileSchedules, type ScheduleChanges } from './schedules.ts';
import { addSearchAttributes } from './search-attributes.ts';

export interface Applied extends AppliedConfig {
  readonly schedules: ScheduleChanges;
  readonly searchAttributes: readonly string[];
}

/**
 * Puts a checked project in force: search attributes first, for no run could start without them, then the config
 * version, then the schedules that would start runs of it. When the process dies in between, applying again goes on
 * from there.
 */
export async function applyProject(
  db: pg.Pool,
  client: Client,
  project: Project,
  appliedBy: string,
): Promise<Applied> {
  const searchAttributes = await addSearchAttributes(client);
  const stored = await storeConfig(db, project, appliedBy);
  const schedules = await reconcileSchedules(client, project.stages);
  await Promise.all(project.endpoints.map(({ name }) => startPublisher(client, name)));
  return { ...stored, schedules, searchAttributes };
}

async function startPublisher(client: Client, endpoint: string): Promise<void> {
  await client.workflow.signalWithStart('publisher', {
    workflowId: publisherId(endpoint),
    taskQueue: ROUTING_QUEUE,
    args: [{ endpoint }],
    signal: 'wake',
    signalArgs: [],
    staticSummary: `events to ${endpoint}`,
  });
}

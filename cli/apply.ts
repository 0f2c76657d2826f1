import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { type AppliedConfig, storeConfig, type StoreOptions } from '../catalog/config-store.ts';
import { readVersionInForce } from '../catalog/config-history.ts';
import { closeRemovedJoins } from '../catalog/waiting-joins.ts';
import type { Project } from '../pipeline/project.ts';
import { wakePublisher } from '../workers/wake-publisher.ts';
import { reconcileSchedules, type ScheduleChanges } from './schedules.ts';
import { addSearchAttributes } from './search-attributes.ts';
import { ensureSweepSchedule } from './sweep-schedule.ts';
import { tellJoins } from './tell-joins.ts';

export interface Applied extends AppliedConfig {
  readonly schedules: ScheduleChanges;
  readonly searchAttributes: readonly string[];
}

/**
 * Puts a checked project in force: search attributes first, for no run could start without them, then the config
 * version, then what follows from it. When the process dies in between, applying again goes on from there.
 * @throws StalePlan when another version than the expected one is in force.
 */
export async function applyProject(
  db: pg.Pool,
  client: Client,
  project: Project,
  appliedBy: string,
  options: StoreOptions = {},
): Promise<Applied> {
  const searchAttributes = await addSearchAttributes(client);
  const stored = await storeConfig(db, project, appliedBy, options);
  // Early: from here on the sweep finishes what this process may leave undone.
  await ensureSweepSchedule(client);
  const schedules = await followVersion(db, client);
  const strays = await closeRemovedJoins(db, appliedBy);
  await tellJoins(db, client);
  const joins = { ...stored.joins, closed: stored.joins.closed + strays };
  return { ...stored, joins, schedules, searchAttributes };
}

/**
 * Brings schedules and publishers to the version in force. Of two applies at once the one that was stored first may come
 * here last, so the version is read here, and again afterwards.
 */
async function followVersion(db: pg.Pool, client: Client): Promise<ScheduleChanges> {
  for (;;) {
    const inForce = await readVersionInForce(db);
    if (inForce === undefined) throw new Error('The config store is empty. Run "reefline apply" once.');
    const { project, version } = inForce;
    const schedules = await reconcileSchedules(client, project.stages);
    await Promise.all(project.endpoints.map(({ name }) => wakePublisher(client, name)));
    if ((await readVersionInForce(db))?.version === version) return schedules;
  }
}

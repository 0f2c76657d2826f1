import type { Client } from '@temporalio/client';
import type { ConfigDiff } from '../pipeline/config-diff.ts';
import { scheduleId } from '../pipeline/ids.ts';
import type { Project } from '../pipeline/project.ts';
import { missingSearchAttributes } from './search-attributes.ts';

/** What applying would do in Temporal: ids of schedules, names of search attributes. */
export interface TemporalPlan {
  readonly schedules: ConfigDiff['schedules'];
  readonly searchAttributes: readonly string[];
}

/** Compares the schedules and search attributes that are there with those that the project needs. Changes nothing. */
export async function planTemporal(
  client: Client,
  project: Project,
  changes: ConfigDiff,
): Promise<TemporalPlan> {
  const wanted = project.stages.flatMap(({ id, schedule }) =>
    schedule === undefined ? [] : [scheduleId(id)],
  );
  const present = new Set<string>();
  for await (const { scheduleId: id } of client.schedule.list())
    if (id.startsWith(scheduleId(''))) present.add(id);
  const { create, update } = changes.schedules;
  return {
    schedules: {
      create: wanted.filter((id) => !present.has(id)),
      update: wanted.filter((id) => present.has(id) && (update.includes(id) || create.includes(id))),
      remove: [...present].filter((id) => !wanted.includes(id)).sort(),
    },
    searchAttributes: await missingSearchAttributes(client),
  };
}

import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ConfigDiff } from '../pipeline/config-diff.ts';
import { scheduleId } from '../pipeline/ids.ts';
import type { Project } from '../pipeline/project.ts';
import { clientEncryption } from '../workers/payload-encryption.ts';
import { missingSearchAttributes } from './search-attributes.ts';

/** What applying would do in Temporal: ids of schedules, names of search attributes. */
export interface TemporalPlan {
  readonly schedules: ConfigDiff['schedules'];
  readonly searchAttributes: readonly string[];
}

/** A plan is worth having without Temporal, so nobody waits long for it. Milliseconds. */
const PATIENCE = 3_000;

/** Hands over a client of the Temporal that the environment names, or null when it does not answer soon. */
export async function withTemporal<Result>(use: (client: Client | null) => Promise<Result>): Promise<Result> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: PATIENCE }).catch(
    () => null,
  );
  if (connection === null) return use(null);
  try {
    const options = { connection, ...clientEncryption(process.env) };
    return await use(new Client({ ...options, ...(namespace === undefined ? {} : { namespace }) }));
  } finally {
    await connection.close();
  }
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

import type pg from 'pg';
import type { ConfigStore } from '../catalog/config-store.ts';
import { inTransaction } from '../catalog/connect.ts';
import { readTargets } from '../catalog/read-targets.ts';
import { decideOpening, type Opening, type OpeningRequest } from '../pipeline/opening.ts';
import type { Target } from '../pipeline/routing.ts';

/** A label, and what somebody would ask about it. */
export interface ForeseenTarget extends Target {
  readonly request: OpeningRequest;
}

/**
 * What `openRun` would decide about each target now. Reads one snapshot and writes nothing: an event and the opening
 * that it causes are one transaction, so they are seen both or not at all.
 */
export async function foreseeOpenings(
  db: pg.Pool,
  configs: ConfigStore,
  targets: readonly ForeseenTarget[],
): Promise<readonly Opening[]> {
  if (targets.length === 0) return [];
  return inTransaction(db, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    const table = await configs.current(client);
    const known = await readTargets(client, configs, table, targets, false);
    return known.map(({ stage, timelabel, request, inputs, state }) =>
      decideOpening(stage, timelabel, inputs, state, request, state.readAt),
    );
  });
}

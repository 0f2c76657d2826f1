import type pg from 'pg';
import type { ConfigStore } from '../catalog/config-store.ts';
import { inTransaction } from '../catalog/connect.ts';
import { readInputs } from '../catalog/input-heads.ts';
import { readLedgers } from '../catalog/ledger-state.ts';
import { markUnsettled } from '../catalog/settled-heads.ts';
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
    const { configVersion } = await configs.current(client);
    const states = await readLedgers(client, targets);
    const defined = await Promise.all(
      targets.map(async (target, index) => {
        const pinned = states[index]?.pinned ?? null;
        const kept = pinned === null ? undefined : (await configs.version(client, pinned)).stages;
        return { ...target, stage: kept?.get(target.stage.id) ?? target.stage };
      }),
    );
    const inputs = await markUnsettled(
      client,
      configVersion,
      defined,
      await readInputs(client, defined, false),
    );
    const now = Date.now();
    return defined.map(({ stage, timelabel, request }, index) => {
      const state = states[index];
      if (state === undefined) throw new Error(`No ledger state was read for ${stage.id} ${timelabel}.`);
      return decideOpening(stage, timelabel, inputs[index] ?? [], state, request, now);
    });
  });
}

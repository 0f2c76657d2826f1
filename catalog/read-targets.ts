import type pg from 'pg';
import type { InputState } from '../pipeline/completeness.ts';
import type { RoutingTable, Target } from '../pipeline/routing.ts';
import type { ConfigStore } from './config-store.ts';
import { readInputs } from './input-heads.ts';
import { readLedgers, type TargetState } from './ledger-state.ts';
import { markUnsettled } from './settled-heads.ts';

/** A target with everything that it is decided by. */
export type KnownTarget<T extends Target> = T & {
  readonly state: TargetState;
  readonly inputs: readonly InputState[];
  /** Config version whose definition the target's stage is. */
  readonly configVersion: number;
};

/** Reads what the targets are decided by, in their order; `asked` as for `readInputs`. A waiting run that keeps its definition is given that one. */
export async function readTargets<T extends Target>(
  client: pg.PoolClient,
  configs: ConfigStore,
  table: RoutingTable,
  targets: readonly T[],
  asked: boolean,
): Promise<readonly KnownTarget<T>[]> {
  const states = await readLedgers(client, targets);
  const defined: (T & { configVersion: number })[] = [];
  for (const [index, target] of targets.entries()) {
    const { configVersion } = table;
    const pinned = states[index]?.pinned ?? null;
    const kept =
      pinned === null ? undefined : (await configs.version(client, pinned)).stages.get(target.stage.id);
    defined.push(
      pinned === null || kept === undefined
        ? { ...target, configVersion }
        : { ...target, stage: kept, configVersion: pinned },
    );
  }
  const heads = await readInputs(client, defined, asked);
  const inputs = await markUnsettled(client, table.configVersion, defined, heads);
  return defined.map((target, index) => {
    const state = states[index];
    if (state === undefined)
      throw new Error(`No ledger state was read for ${target.stage.id} ${target.timelabel}.`);
    return { ...target, state, inputs: inputs[index] ?? [] };
  });
}

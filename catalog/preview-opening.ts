import type pg from 'pg';
import { completeness, type InputState, type MissingInput } from '../pipeline/completeness.ts';
import { decideOpening, type Opening, type OpeningRequest } from '../pipeline/opening.ts';
import type { RoutingTable, Target } from '../pipeline/routing.ts';
import type { ConfigStore } from './config-store.ts';
import { readInputs } from './input-heads.ts';
import { readLedgers, type TargetState } from './ledger-state.ts';
import { markUnsettled } from './settled-heads.ts';

/** What an event would find if it came now, and nothing is written. */
export interface OpeningPreview extends Target {
  readonly opening: Opening;
  readonly state: TargetState;
  /** All that a waiting label lacks; an opening names only the first few. */
  readonly missing: readonly MissingInput[];
}

const REQUEST: OpeningRequest = { trigger: 'event', rerun: null };

/** Decides each target as routing would decide it now, by the same rules, and leaves no trace. */
export async function previewOpening(
  client: pg.PoolClient,
  configs: ConfigStore,
  table: RoutingTable,
  targets: readonly Target[],
): Promise<readonly OpeningPreview[]> {
  if (targets.length === 0) return [];
  const states = await readLedgers(client, targets);
  const defined = await Promise.all(
    targets.map(async (target, index): Promise<Target> => {
      // A waiting run may keep the definition that it began with.
      const pinned = states[index]?.pinned ?? null;
      if (pinned === null) return target;
      const kept = (await configs.version(client, pinned)).stages.get(target.stage.id);
      return kept === undefined ? target : { ...target, stage: kept };
    }),
  );
  const heads = await readInputs(client, defined);
  const inputs = await markUnsettled(client, table.configVersion, defined, heads);
  const now = Date.now();
  return defined.map(({ stage, timelabel }, index) => {
    const state = states[index];
    if (state === undefined) throw new Error(`No ledger state was read for ${stage.id} ${timelabel}.`);
    const given = inputs[index] ?? [];
    const opening = decideOpening(stage, timelabel, given, state, REQUEST, now);
    return { stage, timelabel, opening, state, missing: allMissing({ stage, timelabel }, given, opening) };
  });
}

function allMissing(
  { stage, timelabel }: Target,
  inputs: readonly InputState[],
  opening: Opening,
): readonly MissingInput[] {
  if (opening.kind !== 'waiting') return [];
  if (opening.missing.some(({ unsettled }) => unsettled !== undefined)) return opening.missing;
  return completeness(stage, timelabel, inputs, false).missing;
}

import type pg from 'pg';
import { completeness, type InputState, type MissingInput } from '../pipeline/completeness.ts';
import { decideOpening, type Opening, type OpeningRequest } from '../pipeline/opening.ts';
import type { RoutingTable, Target } from '../pipeline/routing.ts';
import type { ConfigStore } from './config-store.ts';
import type { TargetState } from './ledger-state.ts';
import { readTargets } from './read-targets.ts';

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
  return (await readTargets(client, configs, table, targets, false)).map(
    ({ stage, timelabel, state, inputs }) => {
      const opening = decideOpening(stage, timelabel, inputs, state, REQUEST, state.readAt);
      return { stage, timelabel, opening, state, missing: allMissing({ stage, timelabel }, inputs, opening) };
    },
  );
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

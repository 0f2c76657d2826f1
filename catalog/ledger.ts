import type pg from 'pg';
import { decideOpening, type Opening, type OpeningRequest } from '../pipeline/opening.ts';
import type { RoutingTable, Target } from '../pipeline/routing.ts';
import type { ConfigStore } from './config-store.ts';
import { readInputs } from './input-heads.ts';
import { readLedgers } from './ledger-state.ts';
import type { OpenedTarget } from './opened-target.ts';
import { markUnsettled } from './settled-heads.ts';
import { moveReservations, writeOpenings, type OpeningMarks, type OpeningOrigin } from './write-openings.ts';

/**
 * Serialises everything that concerns the given (dataset, label) pairs until the transaction ends, so that of two
 * events that together complete a run the later one sees the earlier. Sorted, hence free of deadlocks.
 */
export async function lockLabels(
  client: pg.PoolClient,
  pairs: readonly { dataset: string; timelabel: string }[],
): Promise<void> {
  await client.query({
    name: 'lock-labels',
    text: `select pg_advisory_xact_lock(key) from
             (select distinct hashtextextended(pair, 0) as key from unnest($1::text[]) pair order by 1) locks`,
    values: [pairs.map((pair) => `${pair.dataset}@${pair.timelabel}`)],
  });
}

export interface OpeningTarget extends Target {
  /** A label that nobody has asked for is not opened only to wait. */
  readonly dueOnly?: boolean;
}

export interface OpeningContext extends OpeningOrigin {
  readonly configs: ConfigStore;
  readonly table: RoutingTable;
  readonly request: OpeningRequest;
  readonly marks: OpeningMarks;
}

/**
 * Decides and records what happens to each target. The caller has locked the targets' output labels. Calling it again
 * with the same state decides the same and writes nothing new.
 */
export async function openTargets(
  client: pg.PoolClient,
  targets: readonly OpeningTarget[],
  context: OpeningContext,
): Promise<readonly OpenedTarget[]> {
  if (targets.length === 0) return [];
  const { table, request } = context;
  const states = await readLedgers(client, targets);
  const defined = await Promise.all(
    targets.map((target, index) => definitionOf(client, target, states[index]?.pinned ?? null, context)),
  );
  const heads = await readInputs(client, defined);
  const inputs = await markUnsettled(client, table.configVersion, defined, heads);
  const now = Date.now();
  const restating = new Map<string, number>();
  const opened = defined.map(({ dueOnly, ...target }, index): OpenedTarget => {
    const state = states[index];
    const { stage, timelabel } = target;
    if (state === undefined) throw new Error(`No ledger state was read for ${stage.id} ${timelabel}.`);
    // Labels of this very batch count, too.
    const before = restating.get(stage.id) ?? 0;
    const ledger = {
      ...state,
      restatedLabels: state.restatedLabels === null ? null : state.restatedLabels + before,
    };
    const decided = decideOpening(stage, timelabel, inputs[index] ?? [], ledger, request, now);
    const early = dueOnly === true && decided.kind === 'waiting' && state.latest === null;
    const opening = early ? NOT_DUE : decided;
    if (opening.kind === 'run' && !opening.alreadyOpen && opening.restates)
      restating.set(stage.id, before + 1);
    return { ...target, opening, state };
  });
  await moveReservations(client, opened);
  await writeOpenings(client, opened, request, context.marks, context);
  return opened;
}

const NOT_DUE: Opening = { kind: 'nothing-new', revision: 0, reason: 'not due yet' };

/** A waiting run that keeps its definition is decided by that one, any other by the configuration in force. */
async function definitionOf(
  client: pg.PoolClient,
  target: OpeningTarget,
  pinned: number | null,
  { configs, table }: OpeningContext,
): Promise<OpeningTarget & { configVersion: number }> {
  const { configVersion } = table;
  if (pinned === null) return { ...target, configVersion };
  const kept = (await configs.version(client, pinned)).stages.get(target.stage.id);
  return kept === undefined
    ? { ...target, configVersion }
    : { ...target, stage: kept, configVersion: pinned };
}

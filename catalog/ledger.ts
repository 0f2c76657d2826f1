import type pg from 'pg';
import { decideOpening, type Opening, type OpeningRequest } from '../pipeline/opening.ts';
import type { RoutingTable, Target } from '../pipeline/routing.ts';
import type { ConfigStore } from './config-store.ts';
import { lockLimits } from './locks.ts';
import type { OpenedTarget } from './opened-target.ts';
import { readOrderedLabels } from './ordered-labels.ts';
import { readTargets } from './read-targets.ts';
import { moveReservations, writeOpenings, type OpeningMarks, type OpeningOrigin } from './write-openings.ts';

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
 * Decides and records what happens to each target. The caller holds `lockTargets`. Calling it again
 * with the same state decides the same and writes nothing new.
 */
export async function openTargets(
  client: pg.PoolClient,
  targets: readonly OpeningTarget[],
  context: OpeningContext,
): Promise<readonly OpenedTarget[]> {
  if (targets.length === 0) return [];
  const { configs, table, request } = context;
  await lockLimits(client, targets);
  const orderedAt = await readOrderedLabels(client, targets, context);
  const known = await readTargets(client, configs, table, targets, isAsked(request));
  const restating = new Map<string, number>();
  const opened = known.map(({ dueOnly, inputs, ...target }, at): OpenedTarget => {
    const { stage, timelabel, state } = target;
    const ordered = orderedAt.has(at);
    // Labels of this very batch count, too.
    const before = restating.get(stage.id) ?? 0;
    const ledger = {
      ...state,
      restatedLabels: ordered || state.restatedLabels === null ? null : state.restatedLabels + before,
    };
    const decided = decideOpening(stage, timelabel, inputs, ledger, request, state.readAt);
    const early = dueOnly === true && decided.kind === 'waiting' && state.latest === null;
    const opening = early ? NOT_DUE : decided;
    if (opening.kind === 'run' && !opening.alreadyOpen && opening.restates && !ordered)
      restating.set(stage.id, before + 1);
    return { ...target, opening, ordered };
  });
  await moveReservations(client, opened);
  await writeOpenings(client, opened, request, context.marks, context);
  return opened;
}

function isAsked({ trigger }: OpeningRequest): boolean {
  return trigger === 'manual' || trigger === 'backfill';
}

const NOT_DUE: Opening = { kind: 'nothing-new', revision: 0, reason: 'not due yet' };

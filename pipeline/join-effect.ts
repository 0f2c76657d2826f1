import { inputChanges } from './config-diff.ts';
import type { StageDefinition } from './stage.ts';
import { isOnGrid, type Timelabel } from './timelabel.ts';
import { valueChanges } from './value-diff.ts';

/** What a new config version does to the joins that wait under a definition which it changes. */
export const WAITING_POLICIES = ['keep', 're-evaluate'] as const;
export type WaitingPolicy = (typeof WAITING_POLICIES)[number];

/**
 * `closed`: it waits no more. `kept`: it goes on waiting under the definition that it began with. `re-evaluated`: it
 * looks again under the new one. Permanent names: they are decisions in the catalog's notes.
 */
export const JOIN_EFFECTS = ['closed', 'kept', 're-evaluated'] as const;
export type JoinEffect = (typeof JOIN_EFFECTS)[number];

/** True when the two definitions of a stage can disagree on whether, or until when, a label waits. */
export function changesJoin(before: StageDefinition, after: StageDefinition): boolean {
  const changes = [
    ...valueChanges(joinOf(before), joinOf(after)),
    ...inputChanges(before.inputs, after.inputs),
  ];
  return changes.length > 0;
}

function joinOf({ output, period, when, deadline, onUnsettled }: StageDefinition): object {
  return { output, period, when, deadline, onUnsettled };
}

/**
 * What becomes of a waiting join when its stage goes from `before` to `after` (undefined: it is not there), or undefined
 * when the change does not concern it. A label that is no interval of the new period cannot look again, so it is closed.
 */
export function joinEffect(
  timelabel: Timelabel,
  before: StageDefinition | undefined,
  after: StageDefinition | undefined,
  policy: WaitingPolicy,
): JoinEffect | undefined {
  if (after === undefined) return 'closed';
  if (before === undefined || !changesJoin(before, after)) return undefined;
  if (policy === 'keep') return 'kept';
  return isOnGrid(after.period, timelabel) ? 're-evaluated' : 'closed';
}

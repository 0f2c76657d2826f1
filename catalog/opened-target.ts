import type { Opening } from '../pipeline/opening.ts';
import type { Target } from '../pipeline/routing.ts';
import type { TargetState } from './ledger-state.ts';

/** A decided opening, and what the ledger said before. */
export interface OpenedTarget extends Target {
  readonly opening: Opening;
  readonly state: TargetState;
  /** Config version whose definition was decided by. */
  readonly configVersion: number;
  /** True when a backfill has ordered the label, so that the limit of restated labels does not concern it. */
  readonly ordered: boolean;
}

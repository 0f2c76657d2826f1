import type { Dice } from './dice.ts';
import type { World } from './world.ts';

/** One kind of fault: strikes, and has passed when its promise resolves; `false` when the moment for it did not come. */
export interface Fault {
  readonly name: string;
  /** Its moment comes seldom, so it is waited for beside the faults that come in turn. */
  readonly seldom?: true;
  strike(world: World, dice: Dice): Promise<unknown>;
}

/** Milliseconds for which something stays disturbed. */
export const SHORT = 300;
export const LONG = 4_000;

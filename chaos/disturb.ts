import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from './dice.ts';
import type { Fault } from './fault.ts';
import { FAULTS } from './faults.ts';
import type { World } from './world.ts';

/** Milliseconds of rest after a seldom moment: where it is not seldom, workers that die all the time would do nothing else. */
const REST = 120_000;

export interface Disturbance {
  /** How often each kind of fault has struck. */
  readonly struck: ReadonlyMap<string, number>;
  /** Resolves when the time is over: from then on only seldom moments that have not come yet are waited for. */
  readonly over: Promise<void>;
  /** Waits for nothing any more. */
  stop(): Promise<void>;
}

/** Strikes until `end` (Unix milliseconds). */
export function disturb(world: World, dice: Dice, end: number): Disturbance {
  const struck = new Map<string, number>();
  const strike = async (fault: Fault): Promise<boolean> => {
    if ((await fault.strike(world, dice)) === false) return false;
    struck.set(fault.name, (struck.get(fault.name) ?? 0) + 1);
    return true;
  };
  const atRest = new AbortController();
  const inTurn = FAULTS.filter(({ seldom }) => seldom !== true);
  const waiting = Promise.all(
    FAULTS.filter(({ seldom }) => seldom === true).map((fault) =>
      lieInWait(() => strike(fault), end, atRest.signal),
    ),
  );
  // Its failure is told by whoever stops it.
  waiting.catch(() => undefined);
  return {
    struck,
    over: strikeInTurn(inTurn, strike, { dice, end }),
    async stop() {
      atRest.abort();
      await waiting;
    },
  };
}

/** Every fault comes once before any of them comes again. */
async function strikeInTurn(
  faults: readonly Fault[],
  strike: (fault: Fault) => Promise<boolean>,
  { dice, end }: { dice: Dice; end: number },
): Promise<void> {
  let coming: Fault[] = [];
  while (Date.now() < end) {
    // Now and then two at once: what survives each of them may not survive both.
    const together = dice.next() < 0.3 ? 2 : 1;
    if (coming.length < together) coming = [...coming, ...dice.shuffle(faults)];
    await Promise.all(coming.splice(0, together).map(strike));
    await sleep(dice.between(100, 1_500));
  }
}

/** Until the end, and beyond it for the first time: what is made of whole days is mostly made when nothing else breaks any more. */
async function lieInWait(strike: () => Promise<boolean>, end: number, atRest: AbortSignal): Promise<void> {
  for (let came = false; !atRest.aborted && (!came || Date.now() < end);)
    if (await strike()) {
      came = true;
      await sleep(Math.min(REST, Math.max(0, end - Date.now())));
    }
}

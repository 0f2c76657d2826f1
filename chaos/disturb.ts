import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from './dice.ts';
import type { Fault } from './fault.ts';
import { FAULTS } from './faults.ts';
import type { World } from './world.ts';

/** Milliseconds of rest after a seldom moment: where it is not seldom, workers that die all the time would do nothing else. */
const REST = 120_000;

/** Strikes until `end` (Unix milliseconds); returns how often each kind of fault struck. */
export async function disturb(world: World, dice: Dice, end: number): Promise<ReadonlyMap<string, number>> {
  const struck = new Map<string, number>();
  const strike = async (fault: Fault): Promise<boolean> => {
    if ((await fault.strike(world, dice)) === false) return false;
    struck.set(fault.name, (struck.get(fault.name) ?? 0) + 1);
    return true;
  };
  await Promise.all([
    strikeInTurn(
      FAULTS.filter(({ seldom }) => seldom !== true),
      strike,
      { dice, end },
    ),
    ...FAULTS.filter(({ seldom }) => seldom === true).map((fault) => lieInWait(() => strike(fault), end)),
  ]);
  return struck;
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

async function lieInWait(strike: () => Promise<boolean>, end: number): Promise<void> {
  while (Date.now() < end) if (await strike()) await sleep(Math.min(REST, Math.max(0, end - Date.now())));
}

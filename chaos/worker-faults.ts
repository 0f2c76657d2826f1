import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from './dice.ts';
import type { Fault } from './fault.ts';
import type { World } from './world.ts';
import { drawWrongness } from './wrongness.ts';

/** Milliseconds at most for which a killed worker is missed. */
const MISSED = 1_500;

export const workerFaults: readonly Fault[] = [
  {
    name: 'a worker is killed (SIGKILL) and started again',
    async strike({ workers }: World, dice: Dice): Promise<void> {
      const worker = dice.pick(workers);
      await worker.kill();
      await sleep(dice.between(0, MISSED));
      worker.start();
    },
  },
  {
    name: 'all workers are killed at once',
    async strike({ workers }: World, dice: Dice): Promise<void> {
      await Promise.all(workers.map((worker) => worker.kill()));
      await sleep(dice.between(0, MISSED));
      for (const worker of workers) worker.start();
    },
  },
  {
    name: 'a worker is replaced by one of another build (SIGTERM) while the other stays as it is',
    async strike({ workers, builds }: World, dice: Dice): Promise<void> {
      const worker = dice.pick(workers);
      await worker.redeploy(dice.pick(builds));
    },
  },
  {
    name: 'a worker is replaced (SIGTERM) by one whose clock is minutes to hours ahead or behind',
    async strike({ workers }: World, dice: Dice): Promise<void> {
      const worker = dice.pick(workers);
      await worker.setClock(drawWrongness(dice));
    },
  },
];

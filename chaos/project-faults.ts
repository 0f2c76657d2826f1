import type { Fault } from './fault.ts';
import type { World } from './world.ts';

export const projectFaults: readonly Fault[] = [
  {
    name: 'another edition of the project is applied while runs are under way',
    async strike({ editions }: World): Promise<void> {
      await editions.apply();
    },
  },
];

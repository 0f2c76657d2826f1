import { expect } from '@jest/globals';
import { eventually } from './eventually.ts';
import type { Scenario } from './scenario.ts';

type LedgerIs = (name: string, timelabel: string, expected: readonly string[]) => Promise<void>;

/** Waits until the ledger of a scenario says this of a label. The scenario is asked for at each use: it opens in a hook. */
export function expectLedger(world: () => Scenario): LedgerIs {
  return (name, timelabel, expected) =>
    eventually(async () => {
      expect([name, await world().ledger(name, timelabel)]).toEqual([name, expected]);
    });
}

import { randomBytes } from 'node:crypto';
import { afterAll } from '@jest/globals';

/** Things that a suite made and must remove. */
export interface Scraps {
  /** Begins the names of everything that the suite makes: letters and digits, different in every run. */
  readonly prefix: string;
  /** Remembers how to remove something that is being made. Called once the suite has ended, the newest first. */
  remove(what: string, removal: () => Promise<unknown>): void;
}

/** What a suite makes is removed after its last test, also when tests failed; what could not be removed fails it. */
export function scrapsOf(connector: string): Scraps {
  const removals: { what: string; removal: () => Promise<unknown> }[] = [];
  afterAll(async () => {
    const left: string[] = [];
    for (const { what, removal } of removals.reverse()) {
      await removal().catch((error: unknown) => left.push(`${what} (${String(error)})`));
    }
    if (left.length > 0) throw new Error(`These could not be removed: ${left.join('; ')}.`);
  });
  return {
    prefix: `reefline_contract_${connector}_${randomBytes(4).toString('hex')}`,
    remove: (what, removal) => removals.push({ what, removal }),
  };
}

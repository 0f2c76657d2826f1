import { describe, test } from '@jest/globals';
import { BEHAVIOURS, type Behaviour, type Kind } from './behaviours.ts';
import { WHY_NOT } from './why-not.ts';

/** A behaviour that a connector cannot show, and why. */
export interface Skipped {
  readonly skipped: string;
}

export type Check = (() => Promise<void>) | Skipped;

export type Checks = Readonly<Record<Behaviour, Check>>;

export function skipped(reason: string): Skipped {
  return { skipped: reason };
}

/**
 * Declares a connector in one of its roles: one test per behaviour. `open` is only called when the connector can be
 * tested; it also declares what opens and closes the world of the suite.
 */
export function contract(connector: string, kind: Kind, open: () => Checks): void {
  const absent = (JSON.parse(process.env[WHY_NOT] ?? '{}') as Readonly<Record<string, string>>)[connector];
  describe(`${connector} as ${kind}`, () => {
    const checks = absent === undefined ? open() : undefined;
    for (const behaviour of BEHAVIOURS) {
      const check = checks === undefined ? skipped(absent ?? '') : (checks[behaviour] as Check | undefined);
      if (check === undefined)
        test(behaviour, () => Promise.reject(new Error('This behaviour is not declared.')));
      else if (typeof check === 'function') test(behaviour, check);
      else test.skip(`${behaviour} (skipped: ${check.skipped})`, () => undefined);
    }
  });
}

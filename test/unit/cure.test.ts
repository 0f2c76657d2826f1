import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cureText, mishapText } from '../../cli/cure.ts';
import { isDecided, OUTCOMES, statusOf, type Outcome } from '../../pipeline/outcome.ts';

const error = { class: 'rejected', message: 'orders.load was skipped: the shop was closed', facts: {} };
const label = { stage: 'orders.load', timelabel: '20200303110000', error };

describe('the cure of a label', () => {
  test.each<[Outcome, string]>([
    ['SKIPPED', 'reefline run orders.load 20200303110000'],
    ['MISSING', 'reefline why orders.load 20200303110000'],
    ['LATE', 'reefline why orders.load 20200303110000'],
    ['HELD', 'reefline release orders.load 20200303110000 --reason "…"'],
    ['QUARANTINED', 'reefline why orders.load 20200303110000'],
    ['REJECTED', 'reefline run orders.load 20200303110000'],
  ])('goes by what was decided, not by the class of its error: %s', (outcome, command) => {
    const cure = cureText({ ...label, outcome });
    expect(cure).not.toMatch(/refused/);
    expect(cure.endsWith(`: ${command}`)).toBe(true);
    expect(mishapText(outcome, error)).toBe(error.message);
  });

  test('of a failure goes by the class of its error', () => {
    expect(cureText({ ...label, outcome: 'FAILURE' })).toMatch(/^The system refused the request/);
    expect(mishapText('FAILURE', error)).toBe(`rejected: ${error.message}`);
    const unknown = { ...error, class: 'other' };
    expect(cureText({ ...label, error: unknown, outcome: null })).toMatch(/^Look into the history/);
  });

  test('is decided or failed for every outcome that is no success', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OUTCOMES), (outcome) => {
        expect(isDecided(outcome)).toBe(statusOf(outcome) === 'FAILURE' && outcome !== 'FAILURE');
      }),
    );
  });
});

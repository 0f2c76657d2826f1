import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  addPeriods,
  comparePeriods,
  floorToPeriod,
  inZone,
  parsePeriod,
  type Period,
  strayBorder,
  zoneOf,
} from '../../pipeline/period.ts';
import { aPeriod } from '../support/arbitraries.ts';

/** Relations are judged by the rules of clocks from here on. */
const JUDGED_FROM = Date.UTC(2026, 0, 1);
const anInstant = fc.integer({ min: Date.UTC(2026, 1, 1), max: Date.UTC(2045, 11, 1) });
/** Its interval began in 2024, when the clocks of Casablanca were an hour ahead of where they are on later leap days. */
const BEGAN_UNDER_OTHER_RULES = ['cron(0 0 29 2 *)@Africa/Casablanca', '1d', Date.UTC(2026, 1, 1)] as const;

describe('two periods', () => {
  test('that compare share every border of the longer; if not, some border of it is none of the shorter', () => {
    fc.assert(
      fc.property(aPeriod, aPeriod, anInstant, (mine, other, instant) => {
        const relation = comparePeriods(mine, other);
        if (relation === 'equal') expect(mine).toBe(other);
        if (relation === 'finer') {
          const start = floorToPeriod(mine, instant);
          if (start >= JUDGED_FROM) expect(floorToPeriod(other, start)).toBe(start);
        }
        if (relation === 'unrelated') {
          const stray = strayBorder(mine, other);
          // Only of clocks that happen to agree is there none.
          if (stray === undefined) {
            expect(zoneOf(mine)).not.toBe(zoneOf(other));
            return;
          }
          expect(floorToPeriod(stray.begins, stray.instant)).toBe(stray.instant);
          expect(floorToPeriod(stray.straddles, stray.instant)).not.toBe(stray.instant);
        }
        expect(comparePeriods(other, mine)).toBe(
          { equal: 'equal', finer: 'coarser', coarser: 'finer', unrelated: 'unrelated' }[relation],
        );
      }),
      { numRuns: 150, examples: [[...BEGAN_UNDER_OTHER_RULES]] },
    );
  });

  test.each<[Period, Period, string]>([
    ['1mo', '1w', 'unrelated'],
    ['45m', '1h', 'unrelated'],
    ['1d@Europe/Berlin', '1h', 'finer'],
    ['1d@Europe/Berlin', '6h', 'unrelated'],
    ['1d@Asia/Kolkata', '1h', 'unrelated'],
    ['1d@Asia/Kolkata', '30m', 'finer'],
    ['1d@Asia/Kathmandu', '15m', 'finer'],
    ['1w@Europe/Berlin', '1d@Europe/Berlin', 'finer'],
    ['1mo@Europe/Berlin', '1d@Europe/Berlin', 'finer'],
    ['1mo@Europe/Berlin', '1w@Europe/Berlin', 'unrelated'],
    ['1d@Europe/Berlin', '1mo@Europe/Berlin', 'coarser'],
    ['1d', '1d@Europe/Berlin', 'unrelated'],
    ['1d@Europe/Berlin', '1d@Europe/Paris', 'unrelated'],
    ['1d@Asia/Kolkata', '1d@Asia/Calcutta', 'equal'],
    ['1mo', '1d@Europe/Berlin', 'unrelated'],
    ['cron(0 9 * * 1-5)', '1h', 'finer'],
    ['cron(0 9 * * 1-5)', '1d', 'unrelated'],
    ['cron(0 9 * * 1-5)@Asia/Kolkata', '1h', 'unrelated'],
    ['cron(0 9 * * 1-5)@Asia/Kolkata', '30m', 'finer'],
    ['cron(0 0 * * 1-5)@Europe/Berlin', '1d@Europe/Berlin', 'finer'],
    ['1d', 'cron(0 0,9 * * *)', 'finer'],
    ['1d@Europe/Berlin', 'cron(0 0,9 * * *)@Europe/Berlin', 'finer'],
    ['1d@Europe/Berlin', 'cron(0 0,9 * * *)', 'unrelated'],
    ['1d', 'cron(0 0,9 * * 1-5)', 'unrelated'],
    ['1w', 'cron(0 0 * * 1-5)', 'finer'],
    ['1mo', 'cron(0 0 1,15 * *)', 'finer'],
    ['cron(0 9 * * 1,3)', 'cron(0 9 * * 1-5)', 'finer'],
    ['cron(0 9 * * 1,3)', 'cron(0 9 * * 2-5)', 'unrelated'],
    ['cron(0 0 31 1,2 *)', 'cron(0 0 31 1 *)', 'equal'],
  ])('%s and %s are related thus: the second is %s', (mine, other, relation) => {
    expect(comparePeriods(mine, other)).toBe(relation);
  });
});

describe('the text of a period', () => {
  test.each([
    ['60m', '1h'],
    ['24h@Europe/Berlin', '1d@Europe/Berlin'],
    ['1d@UTC', '1d'],
    ['1mo@Etc/GMT', '1mo'],
    ['cron(00 09 * * MON-FRI)', 'cron(0 9 * * 1-5)'],
    ['cron(0 9 * * 1,2,3,5)@Europe/Berlin', 'cron(0 9 * * 1-3,5)@Europe/Berlin'],
  ])('%s is %s', (written, text) => {
    expect(parsePeriod(written)).toBe(text);
  });

  test('is read back as it is written', () => {
    fc.assert(fc.property(aPeriod, (period) => expect(parsePeriod(period)).toBe(period)));
  });

  test.each([
    '1h@Europe/Berlin',
    '1d@',
    '1d@Europe/Berln',
    '1d@europe/berlin',
    '1d@+01:00',
    '1d@Europe/Berlin@Europe/Berlin',
    'cron(10 * * * *)',
    'cron(0 3 * * *)@Europe/Berlin',
    'cron(0 0 31 2 *)',
    'cron(0 9 * *)',
    'cron()',
  ])('%s is none', (text) => {
    expect(parsePeriod(text)).toBeUndefined();
  });

  test('takes a zone unless it has another one, or is less than a day', () => {
    expect(inZone('1d', 'Europe/Berlin')).toBe('1d@Europe/Berlin');
    expect(inZone('cron(0 9 * * 1-5)', 'Europe/Berlin')).toBe('cron(0 9 * * 1-5)@Europe/Berlin');
    expect(inZone('1d@Europe/Berlin', 'Europe/Berlin')).toBe('1d@Europe/Berlin');
    expect(inZone('1d', 'UTC')).toBe('1d');
    expect(inZone('1d@Europe/Berlin', 'Europe/Paris')).toBeUndefined();
    expect(inZone('1d@Europe/Berlin', 'UTC')).toBeUndefined();
    expect(inZone('6h', 'Europe/Berlin')).toBeUndefined();
  });
});

describe('far walks', () => {
  test('of a thousand labels go there and back again', () => {
    fc.assert(
      fc.property(aPeriod, (period) => {
        const start = floorToPeriod(period, Date.UTC(2030, 5, 15, 12));
        const count = period.startsWith('cron(0 0 29 2') ? 20 : 1000;
        expect(addPeriods(period, addPeriods(period, start, count), -count)).toBe(start);
      }),
      { numRuns: 30 },
    );
  });
});

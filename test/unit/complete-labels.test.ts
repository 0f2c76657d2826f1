import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { completeLabels } from '../../pipeline/complete-labels.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const [, days] = projectOf([
  { name: 'hours', period: '1h' },
  { name: 'days', period: '1d', reads: ['hours', OUTSIDE] },
]).stages;
const [, hourly] = projectOf([
  { name: 'months', period: '1mo' },
  { name: 'hourly', period: '1h', reads: ['months', 'hours'] },
  { name: 'hours', period: '1h' },
]).stages;

function at(day: number, hour = 0): Timelabel {
  return `200101${String(day).padStart(2, '0')}${String(hour).padStart(2, '0')}0000` as Timelabel;
}

describe('the labels that are complete already', () => {
  test('are those of which the calendar misses no input, in order', () => {
    const hours = fc.uniqueArray(fc.integer({ min: 0, max: 71 }), { minLength: 66, maxLength: 72 });
    const fares = fc.subarray([1, 2, 3]);
    fc.assert(
      fc.property(hours, fares, (there, priced) => {
        const present = new Map([
          ['warehouse.main.hours', there.map((hour) => at(1 + Math.floor(hour / 24), hour % 24)).sort()],
          [OUTSIDE, priced.map((day) => at(day)).sort()],
        ]);
        const full = [1, 2, 3].filter(
          (day) => there.filter((hour) => Math.floor(hour / 24) === day - 1).length === 24,
        );
        const expected = full.filter((day) => priced.includes(day)).map((day) => at(day));
        expect(completeLabels(days!, present)).toEqual(expected);
        const either = [1, 2, 3].filter((day) => full.includes(day) || priced.includes(day));
        expect(completeLabels({ ...days!, when: 'any' }, present)).toEqual(either.map((day) => at(day)));
      }),
    );
  });

  test('need the newest label of a coarser input, which starts none by itself', () => {
    const months = ['20010101000000' as Timelabel];
    const early = '20001231230000' as Timelabel;
    const present = new Map([
      ['warehouse.main.months', months],
      ['warehouse.main.hours', [early, at(1), at(9, 5)]],
    ]);
    expect(completeLabels(hourly!, present)).toEqual([at(1), at(9, 5)]);
    expect(completeLabels(hourly!, new Map([['warehouse.main.months', months]]))).toEqual([]);
  });
});

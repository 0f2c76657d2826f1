import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addPeriods, floorToPeriod, type Period } from '../../pipeline/period.ts';
import { intervalOf, labelAt, shiftLabel } from '../../pipeline/timelabel.ts';
import { affectedLabels, defaultWindow, inputNeed } from '../../pipeline/window.ts';
import { anInstant } from '../support/arbitraries.ts';

/** Pairs of periods that a window can join, with not too many labels in one interval. */
const joined = fc
  .tuple(
    fc.constantFrom<Period>('5m', '20m', '1h', '6h', '1d', '1w', '1mo'),
    fc.constantFrom<Period>('5m', '20m', '1h', '6h', '1d', '1w', '1mo'),
  )
  .filter(([mine, upstream]) => defaultWindow(mine, upstream) !== undefined);

describe('the window that applies when none is written', () => {
  test.each<[Period, Period, string | undefined]>([
    ['1h', '1h', 'same'],
    ['1d', '1h', 'all'],
    ['1mo', '1d', 'all'],
    ['1h', '1d', 'as_of'],
    ['1d', '1mo', 'as_of'],
    ['1mo', '1w', undefined],
    ['45m', '1h', undefined],
  ])('of a stage of %s that reads a dataset of %s is %s', (mine, upstream, rule) => {
    expect(defaultWindow(mine, upstream)).toBe(rule);
  });
});

describe('what a run needs', () => {
  test.each<[Period, Period, string, number]>([
    ['1d', '1h', '20010105000000', 24],
    ['1mo', '1d', '20240201000000', 29],
    ['1w', '6h', '20261123000000', 28],
    ['1h', '5m', '20200303110000', 12],
  ])('a label of %s needs every label of %s inside it', (mine, upstream, label, count) => {
    const need = inputNeed('all', mine, upstream, label as never);
    expect(need.kind === 'labels' && need.labels.length).toBe(count);
    expect(need.kind === 'labels' && need.labels[0]).toBe(label);
  });

  test('as_of needs the newest label at or before', () => {
    expect(inputNeed('as_of', '1h', '1d', '20010105080000' as never)).toEqual({
      kind: 'newest',
      atOrBefore: '20010105080000',
    });
  });
});

describe('what an event affects', () => {
  test('is exactly what needs it: affectedLabels is the inverse of inputNeed', () => {
    fc.assert(
      fc.property(joined, anInstant, fc.integer({ min: -2, max: 2 }), ([mine, upstream], instant, offset) => {
        const rule = defaultWindow(mine, upstream) ?? 'same';
        if (rule === 'as_of') {
          expect(affectedLabels(rule, mine, labelAt(floorToPeriod(upstream, instant)))).toEqual([]);
          return;
        }
        const upstreamLabel = labelAt(floorToPeriod(upstream, instant));
        const affected = affectedLabels(rule, mine, upstreamLabel);
        expect(affected.length).toBeGreaterThan(0);
        const candidate = shiftLabel(mine, labelAt(floorToPeriod(mine, instant)), offset);
        const need = inputNeed(rule, mine, upstream, candidate);
        const needed = need.kind === 'labels' && need.labels.includes(upstreamLabel);
        expect(affected.includes(candidate)).toBe(needed);
      }),
      { numRuns: 300 },
    );
  });

  test('the needed labels fill the interval without a gap or an overlap', () => {
    fc.assert(
      fc.property(joined, anInstant, ([mine, upstream], instant) => {
        if (defaultWindow(mine, upstream) !== 'all') return;
        const label = labelAt(floorToPeriod(mine, instant));
        const need = inputNeed('all', mine, upstream, label);
        if (need.kind !== 'labels') throw new Error('a window of all labels names labels');
        let at = intervalOf(mine, label).start;
        for (const inside of need.labels) {
          expect(intervalOf(upstream, inside).start).toBe(at);
          at = addPeriods(upstream, at, 1);
        }
        expect(at).toBe(intervalOf(mine, label).end);
      }),
      { numRuns: 60 },
    );
  });
});

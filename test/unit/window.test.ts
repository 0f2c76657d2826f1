import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addPeriods, comparePeriods, floorToPeriod, type Period } from '../../pipeline/period.ts';
import { instantOf, intervalOf, labelAt, shiftLabel, type Timelabel } from '../../pipeline/timelabel.ts';
import {
  affectedLabels,
  defaultWindow,
  inputNeed,
  parseWindow,
  triggers,
  type WindowRule,
} from '../../pipeline/window.ts';

const PERIODS: readonly Period[] = [
  '5m',
  '20m',
  '1h',
  '6h',
  '1d',
  '1w',
  '1mo',
  '1d@Europe/Berlin',
  '1w@Europe/Berlin',
  '1mo@Europe/Berlin',
  '1d@America/Santiago',
  '1mo@America/Santiago',
  'cron(0 9 * * 1-5)@Europe/Berlin',
  'cron(0,30 9-17 * * 1-5)@Europe/Berlin',
  'cron(0 0 1,15 * *)',
];

/** Pairs of periods of which the second is equal to the first or fills it. */
const filled = fc.constantFrom(
  ...PERIODS.flatMap((mine) =>
    PERIODS.filter((upstream) => ['equal', 'finer'].includes(comparePeriods(mine, upstream))).map(
      (upstream) => [mine, upstream] as const,
    ),
  ),
);

const aCount = fc.constantFrom(2, 3, 7, 24, 30);
const anInstant = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2040, 11, 31) });

function labelsOf(rule: WindowRule, mine: Period, upstream: Period, label: Timelabel): readonly Timelabel[] {
  const need = inputNeed(rule, mine, upstream, label);
  if (need.kind !== 'labels') throw new Error(`${rule} names no labels`);
  return need.labels;
}

describe('the window that applies when none is written', () => {
  test.each<[Period, Period, string | undefined]>([
    ['1h', '1h', 'same'],
    ['1d', '1h', 'all'],
    ['1mo', '1d', 'all'],
    ['1h', '1d', 'as_of'],
    ['1d', '1mo', 'as_of'],
    ['1mo', '1w', undefined],
    ['45m', '1h', undefined],
    ['1d@Europe/Berlin', '1h', 'all'],
    ['1d@Asia/Kolkata', '1h', undefined],
    ['1d@Europe/Berlin', '1d', undefined],
    ['1h', '1d@Europe/Berlin', 'as_of'],
    ['cron(0 9 * * 1-5)', '1h', 'all'],
  ])('of a stage of %s that reads a dataset of %s is %s', (mine, upstream, rule) => {
    expect(defaultWindow(mine, upstream)).toBe(rule);
  });
});

describe('a written window', () => {
  test.each(['same', 'all', 'as_of', 'latest', 'last 2', 'last 10000'])('"%s" is one', (text) => {
    expect(parseWindow(text)).toBe(text);
  });

  test.each(['', 'last', 'last 1', 'last 0', 'last 07', 'last 10001', 'last -3', 'last 2.5', 'All'])(
    '"%s" is none',
    (text) => {
      expect(parseWindow(text)).toBeUndefined();
    },
  );
});

describe('what a run needs', () => {
  test.each<[Period, Period, string, number]>([
    ['1d', '1h', '20010105000000', 24],
    ['1mo', '1d', '20240201000000', 29],
    ['1w', '6h', '20261123000000', 28],
    ['1h', '5m', '20200303110000', 12],
    ['1d', '5m', '20200303000000', 288],
    ['1w', '5m', '20261123000000', 2016],
    ['1mo', '1h', '20240201000000', 696],
    ['1d@Europe/Berlin', '1h', '20260328230000', 23],
    ['1d@Europe/Berlin', '5m', '20261024220000', 300],
    ['1mo@Europe/Berlin', '1d@Europe/Berlin', '20260228230000', 31],
    ['cron(0 9 * * 1-5)', '1h', '20260703090000', 72],
  ])('a label of %s needs every label of %s inside it', (mine, upstream, label, count) => {
    const labels = labelsOf('all', mine, upstream, label as Timelabel);
    expect(labels).toHaveLength(count);
    expect(labels[0]).toBe(label);
  });

  test('as_of needs the newest label at or before, latest the newest there is', () => {
    const label = '20010105080000' as Timelabel;
    expect(inputNeed('as_of', '1h', '1d', label)).toEqual({ kind: 'newest', atOrBefore: label });
    expect(inputNeed('latest', '1h', '1d', label)).toEqual({
      kind: 'newest',
      atOrBefore: '99991231235900',
    });
  });

  test('last 3 needs mine and the two before it, and of a finer input the three newest in or before my interval', () => {
    expect(labelsOf('last 3', '1d', '1d', '20260301000000' as Timelabel)).toEqual([
      '20260227000000',
      '20260228000000',
      '20260301000000',
    ]);
    expect(labelsOf('last 3', '1d', '1h', '20260301000000' as Timelabel)).toEqual([
      '20260301210000',
      '20260301220000',
      '20260301230000',
    ]);
    expect(labelsOf('last 8', '1w', '1d', '20261123000000' as Timelabel)[0]).toBe('20261122000000');
  });

  test('the needed labels fill the interval without a gap or an overlap', () => {
    fc.assert(
      fc.property(filled, anInstant, ([mine, upstream], instant) => {
        const label = labelAt(floorToPeriod(mine, instant));
        let at = intervalOf(mine, label).start;
        for (const inside of labelsOf('all', mine, upstream, label)) {
          expect(intervalOf(upstream, inside).start).toBe(at);
          at = addPeriods(upstream, at, 1);
        }
        expect(at).toBe(intervalOf(mine, label).end);
      }),
      { numRuns: 100 },
    );
  });

  test('a window of the last labels ends with my interval and has no gap', () => {
    fc.assert(
      fc.property(filled, aCount, anInstant, ([mine, upstream], count, instant) => {
        const label = labelAt(floorToPeriod(mine, instant));
        const labels = labelsOf(`last ${count}`, mine, upstream, label);
        expect(labels).toHaveLength(count);
        for (const [at, each] of labels.entries())
          expect(shiftLabel(upstream, each, 1)).toBe(labels[at + 1] ?? labelAt(intervalOf(mine, label).end));
      }),
      { numRuns: 100 },
    );
  });
});

describe('what an event affects', () => {
  const aRule = fc.oneof(
    fc.constant<WindowRule>('all'),
    aCount.map((count): WindowRule => `last ${count}`),
  );

  test('is exactly what needs it, and it is the last label of a window exactly when the window ends with it', () => {
    fc.assert(
      fc.property(
        filled,
        aRule,
        anInstant,
        fc.integer({ min: -3, max: 40 }),
        ([mine, upstream], rule, instant, offset) => {
          const upstreamLabel = labelAt(floorToPeriod(upstream, instant));
          const affected = affectedLabels(rule, mine, upstream, upstreamLabel);
          const candidate = shiftLabel(mine, labelAt(floorToPeriod(mine, instant)), offset);
          const needed = labelsOf(rule, mine, upstream, candidate);
          const found = affected.find(({ label }) => label === candidate);
          expect(found !== undefined).toBe(needed.includes(upstreamLabel));
          if (found !== undefined) expect(found.last).toBe(rule === 'all' || needed.at(-1) === upstreamLabel);
        },
      ),
      { numRuns: 600 },
    );
  });

  test('is in order, each label once, and every one of them needs it', () => {
    fc.assert(
      fc.property(filled, aRule, anInstant, ([mine, upstream], rule, instant) => {
        const upstreamLabel = labelAt(floorToPeriod(upstream, instant));
        const affected = affectedLabels(rule, mine, upstream, upstreamLabel).map(({ label }) => label);
        expect(affected).toEqual([...new Set(affected)].sort());
        for (const label of affected) expect(labelsOf(rule, mine, upstream, label)).toContain(upstreamLabel);
      }),
      { numRuns: 150 },
    );
  });

  test('with equal periods is the same label, and of the last 3 also the next two, which are not due yet', () => {
    const label = '20260301000000' as Timelabel;
    expect(affectedLabels('same', '1d', '1d', label)).toEqual([{ label, last: true }]);
    expect(affectedLabels('last 3', '1d', '1d', label)).toEqual([
      { label, last: true },
      { label: '20260302000000', last: false },
      { label: '20260303000000', last: false },
    ]);
  });

  test('is nothing for as_of, nor for the latest of an input that does not fit into mine', () => {
    const label = '20260301000000' as Timelabel;
    expect(affectedLabels('as_of', '1h', '1d', label)).toEqual([]);
    expect(affectedLabels('as_of', '1d', '1d', label)).toEqual([]);
    expect(affectedLabels('latest', '1h', '1d', label)).toEqual([]);
    expect(affectedLabels('latest', '1d', '1d', label)).toEqual([{ label, last: true }]);
    expect(affectedLabels('latest', '1mo', '1d', label)).toEqual([{ label, last: true }]);
    expect(affectedLabels('latest', '1d@Europe/Berlin', '1h', label)).toEqual([
      { label: '20260228230000', last: true },
    ]);
  });

  test.each<[WindowRule, Period, Period, boolean]>([
    ['same', '1d', '1d', true],
    ['all', '1d', '1h', true],
    ['last 7', '1d', '1h', true],
    ['as_of', '1d', '1d', false],
    ['latest', '1d', '1h', true],
    ['latest', '1h', '1d', false],
    ['latest', '1mo', '1w', false],
  ])('window %s of a stage of %s on an input of %s starts runs: %s', (rule, mine, upstream, expected) => {
    expect(triggers(rule, mine, upstream)).toBe(expected);
  });

  test('of ten thousand labels is found in one walk', () => {
    const label = '20260301000000' as Timelabel;
    const affected = affectedLabels('last 10000', '1h', '1h', label);
    expect(affected).toHaveLength(10_000);
    expect(affected.filter(({ last }) => last)).toEqual([{ label, last: true }]);
    expect(labelsOf('last 10000', '1d@Europe/Berlin', '1h', label)).toHaveLength(10_000);
    expect(instantOf(affected.at(-1)!.label)).toBe(instantOf(label) + 9_999 * 3_600_000);
  });
});

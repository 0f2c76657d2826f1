import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { whyText } from '../../cli/why-text.ts';
import { explain } from '../../pipeline/explanation.ts';
import { causeText, fullReason, rootCause } from '../../pipeline/explanation-missing.ts';
import { labelDue } from '../../pipeline/label-due.ts';
import { labelRanges, rangeText } from '../../pipeline/label-ranges.ts';
import type { Period } from '../../pipeline/period.ts';
import { instantOf, intervalOf, labelForTick, shiftLabel, type Timelabel } from '../../pipeline/timelabel.ts';
import { DAILY, facts, FETCH, LABEL, missing, NOW } from '../support/standing-facts.ts';

/** A gap where a fact should be, or a sentence put together badly. */
const BROKEN = /undefined|null|NaN|Invalid|\[object|\.\.|: \.|: ;|\s[,.;:]/;

describe('an explanation', () => {
  test('of whatever the catalog may say begins with the label, is made of whole sentences, and names what to do', () => {
    fc.assert(
      fc.property(facts, (known) => {
        const { answer, timeline, next } = explain(known);
        expect(answer.startsWith(`${known.asked} ${LABEL} `)).toBe(true);
        for (const text of [answer, ...timeline.map((moment) => moment.text)]) {
          expect(text).toMatch(/\.$/);
          expect(text).not.toMatch(BROKEN);
        }
        expect(next.length).toBeGreaterThan(0);
        for (const step of next)
          if (step.kind === 'command') expect(step.command).toMatch(/^(reefline|temporal) \S.*\S$/);
      }),
      { numRuns: 2_000 },
    );
  });

  test('tells the past in order, and what holds now at the end', () => {
    fc.assert(
      fc.property(facts, (known) => {
        const instants = explain(known).timeline.map(({ at }) => at?.getTime() ?? Infinity);
        expect(instants).toEqual([...instants].sort((a, b) => a - b));
      }),
    );
  });

  test('is the same for the same facts', () => {
    fc.assert(
      fc.property(facts, (known) => {
        expect(explain(known)).toEqual(explain(structuredClone(known)));
      }),
    );
  });

  test('fits into any terminal, and never breaks a command', () => {
    fc.assert(
      fc.property(facts, fc.integer({ min: 60, max: 200 }), (known, columns) => {
        const explanation = explain(known);
        const text = whyText({ columns, paint: (_style, plain) => plain }, explanation);
        for (const line of text.split('\n')) {
          const isWhole = line.startsWith('    reefline ') || line.startsWith('    temporal ');
          const [longest = 0] = line
            .split(' ')
            .map((word) => word.length)
            .sort((a, b) => b - a);
          if (!isWhole)
            expect(line.length).toBeLessThanOrEqual(Math.max(Math.min(columns, 100), 21 + longest));
        }
        for (const step of explanation.next)
          if (step.kind === 'command') expect(text).toContain(`    ${step.command}`);
      }),
    );
  });
});

describe('the cause of a missing input', () => {
  test('is at the end of the chain of stages that wait, and is named with its label', () => {
    fc.assert(
      fc.property(missing, (one) => {
        const root = rootCause(one);
        expect(rootCause(root)).toBe(root);
        if (root !== one) {
          expect(fullReason(one, NOW)).toContain('; it waits');
          if (root.producer !== null && root.producer.run?.outcome !== 'REJECTED' && root.event === null)
            expect(causeText(one, NOW)).toContain(root.first);
        }
      }),
    );
  });
});

describe('ranges of labels', () => {
  const periods: fc.Arbitrary<Period> = fc.constantFrom('1h', '1d', '1mo', '1d@Europe/Berlin');
  const starts: Readonly<Record<string, Timelabel>> = {
    '1h': LABEL,
    '1d': LABEL,
    '1mo': '20200301000000' as Timelabel,
    '1d@Europe/Berlin': '20200302230000' as Timelabel,
  };

  test('hold exactly the labels, each once, and no two that could be one', () => {
    fc.assert(
      fc.property(periods, fc.uniqueArray(fc.nat(60), { minLength: 1 }), (period, steps) => {
        const at = (step: number): Timelabel => shiftLabel(period, starts[period] ?? LABEL, step);
        const ranges = labelRanges(period, steps.map(at));
        const held = ranges.flatMap(({ first, count }) =>
          Array.from({ length: count }, (_, step) => shiftLabel(period, first, step)),
        );
        expect(held).toEqual(steps.map(at).sort());
        for (const { first, last, count } of ranges) expect(shiftLabel(period, first, count - 1)).toBe(last);
        for (const [index, range] of ranges.slice(1).entries())
          expect(range.first).not.toBe(shiftLabel(period, ranges[index]?.last ?? LABEL, 1));
      }),
    );
  });

  test('read as one label, or as first, last and count', () => {
    const labels = [3, 4, 5, 9].map((at) => shiftLabel('1h', LABEL, at));
    expect(labelRanges('1h', labels).map(rangeText)).toEqual([
      '20200303030000 to 20200303050000 (3)',
      '20200303090000',
    ]);
    expect(labelRanges('1h', labels, (one) => (one === labels[1] ? 'failed' : '')).length).toBe(4);
  });
});

describe('when a label is due', () => {
  test('the tick that is named is one that asks for exactly this label', () => {
    const crons = fc.constantFrom('10 * * * *', '0 * * * *', '59 * * * *');
    fc.assert(
      fc.property(crons, fc.nat(10_000), (cron, step) => {
        const stage = { ...FETCH, schedule: { cron } };
        const one = shiftLabel('1h', LABEL, step);
        const { closes, tick } = labelDue(stage, one);
        expect(closes).toBe(intervalOf('1h', one).end);
        expect(tick).not.toBeNull();
        expect(labelForTick('1h', tick ?? 0)).toBe(one);
      }),
    );
  });

  test('outside of the bounds of its schedule no tick asks for it', () => {
    const schedule = { cron: '10 * * * *', from: '2020-03-03T05:00:00Z', until: '2020-03-03T07:00:00Z' };
    const ticks = [2, 4, 5, 6, 8].map((at) => {
      const { tick } = labelDue({ ...FETCH, schedule }, shiftLabel('1h', LABEL, at));
      return tick === null ? null : (tick - instantOf(LABEL)) / 60_000;
    });
    expect(ticks).toEqual([null, 310, 370, null, null]);
    expect(labelDue(DAILY, LABEL)).toMatchObject({ tick: null, schedule: null });
    expect(labelDue(FETCH, LABEL).schedule).toBe('every hour at minute 10');
  });
});

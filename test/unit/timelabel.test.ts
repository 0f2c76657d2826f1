import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cronPeriod } from '../../pipeline/cron.ts';
import { addPeriods, floorToPeriod, parsePeriod, periodOfMinutes } from '../../pipeline/period.ts';
import {
  instantOf,
  intervalOf,
  isOnGrid,
  labelAt,
  labelForTick,
  parseTimelabel,
  readableLabel,
  shiftLabel,
} from '../../pipeline/timelabel.ts';
import { anInstant, aPeriod } from '../support/arbitraries.ts';

const MINUTE = 60_000;

function periodOf(cron: string): NonNullable<ReturnType<typeof parsePeriod>> {
  const found = cronPeriod(cron);
  if ('problem' in found) throw new Error(found.problem);
  return found.period;
}

describe('the documented cases', () => {
  test.each([
    ['10 * * * *', '2018-03-05T09:10:00Z', '20180305080000'],
    ['10 0 * * *', '2018-03-02T00:10:00Z', '20180301000000'],
    ['*/5 * * * *', '2020-03-03T11:25:00Z', '20200303112000'],
  ])('the tick of "%s" at %s stands for %s', (cron, tick, label) => {
    expect(labelForTick(periodOf(cron), Date.parse(tick))).toBe(label);
  });

  test('the minute offset delays a run and never moves its label', () => {
    const period = periodOf('10 * * * *');
    for (let minute = 0; minute < 60; minute += 1)
      expect(labelForTick(period, Date.UTC(2018, 2, 5, 9, minute, 59))).toBe('20180305080000');
  });

  test('a tick in the night of a change of the year stands for the old year', () => {
    expect(labelForTick('1mo', Date.UTC(2021, 0, 1, 4))).toBe('20201201000000');
    expect(labelForTick('1w', Date.UTC(2021, 0, 4, 3))).toBe('20201228000000');
  });
});

describe('labels', () => {
  test('a label is read back as it was written', () => {
    fc.assert(
      fc.property(anInstant, (instant) => {
        const minute = Math.floor(instant / MINUTE) * MINUTE;
        const label = labelAt(instant);
        expect(parseTimelabel(label)).toBe(label);
        expect(instantOf(label)).toBe(minute);
      }),
    );
  });

  test.each([
    '20200230000000',
    '20210229000000',
    '20200013000000',
    '20201301000000',
    '20200101240000',
    '20200101006000',
    '20200101000001',
    '202001010000',
    '00000101000000',
    ' 20200101000000',
    '2020010100000000',
    '',
    20200101000000,
    null,
    ['20200101000000'],
  ])('%j is no label', (text) => {
    expect(parseTimelabel(text)).toBeUndefined();
  });

  test('whatever is read as a label is a time that the calendar has', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.stringMatching(/^\d{12}00$/)), (anything) => {
        const label = parseTimelabel(anything);
        if (label !== undefined) expect(labelAt(instantOf(label))).toBe(anything);
      }),
      { numRuns: 500 },
    );
  });

  test('are readable in sentences', () => {
    const label = labelAt(Date.UTC(2001, 0, 5, 8));
    expect(readableLabel(label)).toBe('2001-01-05 08:00');
  });
});

describe('intervals', () => {
  test('every instant lies in exactly one interval, whose neighbours touch it', () => {
    fc.assert(
      fc.property(aPeriod, anInstant, (period, instant) => {
        const label = labelAt(floorToPeriod(period, instant));
        const { start, end } = intervalOf(period, label);
        expect(start <= instant && instant < end).toBe(true);
        expect(isOnGrid(period, label)).toBe(true);
        expect(intervalOf(period, shiftLabel(period, label, 1)).start).toBe(end);
        expect(shiftLabel(period, shiftLabel(period, label, 1), -1)).toBe(label);
      }),
    );
  });

  test('a tick stands for the newest interval that has closed', () => {
    fc.assert(
      fc.property(aPeriod, anInstant, (period, tick) => {
        const { end } = intervalOf(period, labelForTick(period, tick));
        expect(end).toBeLessThanOrEqual(tick);
        expect(addPeriods(period, end, 1)).toBeGreaterThan(tick);
      }),
    );
  });

  test('a week begins on Monday and a month on its first day', () => {
    expect(isOnGrid('1w', labelAt(Date.UTC(2026, 10, 23)))).toBe(true);
    expect(isOnGrid('1w', labelAt(Date.UTC(2026, 10, 22)))).toBe(false);
    expect(intervalOf('1mo', labelAt(Date.UTC(2024, 1, 1))).end).toBe(Date.UTC(2024, 2, 1));
    expect(shiftLabel('1mo', labelAt(Date.UTC(2024, 0, 1)), -1)).toBe('20231201000000');
  });
});

describe('periods', () => {
  test('are written one way only', () => {
    expect(['60m', '24h', '1440m', '120m', '20m', '1d'].map(parsePeriod)).toEqual([
      '1h',
      '1d',
      '1d',
      '2h',
      '20m',
      '1d',
    ]);
  });

  test.each(['7m', '5h', '2d', '2w', '0m', '36h', '1y', 'h', '-1h', '1.5h', ''])('%j is none', (text) => {
    expect(parsePeriod(text)).toBeUndefined();
  });

  test('a period of minutes divides a day', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10, max: 3000 }), (minutes) => {
        const period = periodOfMinutes(minutes);
        if (period === undefined) return;
        expect(1440 % minutes).toBe(0);
        expect(parsePeriod(period)).toBe(period);
      }),
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addPeriods, floorToPeriod, type Period } from '../../pipeline/period.ts';
import { intervalOf, isOnGrid, labelAt, parseTimelabel } from '../../pipeline/timelabel.ts';
import { inputNeed } from '../../pipeline/window.ts';
import { aZone } from '../support/arbitraries.ts';

const HOUR = 3_600_000;

/** What the clocks of a zone show, by Intl alone. */
function localDate(zone: string, instant: number): string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' });
  return format.format(instant);
}

function labelOf(period: Period, instant: string): string {
  return labelAt(floorToPeriod(period, Date.parse(instant)));
}

describe('a local day', () => {
  test.each<[Period, string, string, number]>([
    ['1d@Europe/Berlin', '2026-07-01T12:00:00Z', '20260630220000', 24],
    ['1d@Europe/Berlin', '2026-01-01T12:00:00Z', '20251231230000', 24],
    ['1d@Europe/Berlin', '2026-03-29T12:00:00Z', '20260328230000', 23],
    ['1d@Europe/Berlin', '2026-10-25T12:00:00Z', '20261024220000', 25],
    ['1d@America/New_York', '2026-11-01T12:00:00Z', '20261101040000', 25],
    ['1d@Asia/Kolkata', '2026-01-01T12:00:00Z', '20251231183000', 24],
    // The clocks go forward at midnight, so the day begins at 01:00.
    ['1d@America/Sao_Paulo', '2017-10-15T12:00:00Z', '20171015030000', 23],
    ['1d@Asia/Beirut', '2026-03-29T12:00:00Z', '20260328220000', 23],
    // They go back at midnight, to 23:00 of the day that is about to end.
    ['1d@America/Sao_Paulo', '2018-02-17T12:00:00Z', '20180217020000', 25],
    // They go back from one minute past midnight, so the day begins, and a part of the day before comes again within it.
    ['1d@America/St_Johns', '2010-11-07T12:00:00Z', '20101107023000', 25],
    ['1d@Australia/Lord_Howe', '2026-04-05T00:00:00Z', '20260404130000', 24.5],
    ['1d@Antarctica/Troll', '2026-03-29T12:00:00Z', '20260329000000', 22],
  ])('of %s at %s is %s and has %d hours', (period, instant, label, hours) => {
    expect(labelOf(period, instant)).toBe(label);
    const { start, end } = intervalOf(period, parseTimelabel(label)!);
    expect((end - start) / HOUR).toBe(hours);
  });

  test('that a zone skipped is no day: Samoa went from 29 to 31 December 2011', () => {
    const before = floorToPeriod('1d@Pacific/Apia', Date.parse('2011-12-29T12:00:00-10:00'));
    const after = floorToPeriod('1d@Pacific/Apia', Date.parse('2011-12-31T12:00:00+14:00'));
    expect(addPeriods('1d@Pacific/Apia', before, 1)).toBe(after);
    expect(addPeriods('1d@Pacific/Apia', after, -1)).toBe(before);
    expect(addPeriods('1d@Pacific/Apia', before, 3)).toBe(addPeriods('1d@Pacific/Apia', after, 2));
  });

  test.each([
    ['2026-03-29', 23],
    ['2026-10-25', 25],
    ['2026-07-01', 24],
  ])('in Berlin on %s takes %d hourly labels', (day, count) => {
    const label = labelAt(floorToPeriod('1d@Europe/Berlin', Date.parse(`${day}T12:00:00Z`)));
    const need = inputNeed('all', '1d@Europe/Berlin', '1h', label);
    expect(need.kind === 'labels' && need.labels.length).toBe(count);
    expect(need.kind === 'labels' && need.labels[0]).toBe(label);
  });
});

describe('weeks and months of a zone', () => {
  test('begin on the local Monday and on the local first day', () => {
    expect(labelOf('1w@Europe/Berlin', '2026-04-01T12:00:00Z')).toBe('20260329220000');
    expect(labelOf('1mo@Europe/Berlin', '2026-04-01T12:00:00Z')).toBe('20260331220000');
    expect(labelOf('1mo@America/New_York', '2026-03-01T03:00:00Z')).toBe('20260201050000');
  });
});

describe('the days of any zone', () => {
  const unit = fc.constantFrom('1d' as const, '1w' as const, '1mo' as const);
  const instant = fc.integer({ min: Date.UTC(1975, 0, 1), max: Date.UTC(2045, 0, 1) });

  test('tile the time line: each instant is in one, and its neighbours touch it', () => {
    fc.assert(
      fc.property(unit, aZone, instant, (each, zone, at) => {
        const period: Period = `${each}@${zone}`;
        const start = floorToPeriod(period, at);
        const end = addPeriods(period, start, 1);
        expect(start <= at && at < end).toBe(true);
        expect(addPeriods(period, end, -1)).toBe(start);
        expect(floorToPeriod(period, end)).toBe(end);
        expect(floorToPeriod(period, end - 60_000)).toBe(start);
        expect(isOnGrid(period, labelAt(start))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('begin at the first instant at which their date is on the clock', () => {
    fc.assert(
      fc.property(aZone, instant, (zone, at) => {
        const start = floorToPeriod(`1d@${zone}`, at);
        const date = localDate(zone, start);
        expect(localDate(zone, start - 60_000) < date).toBe(true);
        // Nowhere does the date of a later start come before the start.
        for (let back = 1; back <= 30; back += 1)
          expect(localDate(zone, start - back * HOUR) < date).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCron } from '../../pipeline/cron-fields.ts';
import { cronOf, newestTick, nextTick } from '../../pipeline/cron-ticks.ts';
import { addPeriods, floorToPeriod, type Period } from '../../pipeline/period.ts';
import { intervalOf, labelAt, labelForTick } from '../../pipeline/timelabel.ts';
import { aCronPeriod, anIrregularCron, aZone } from '../support/arbitraries.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

function cron(text: string, zone?: string): ReturnType<typeof cronOf> {
  const fields = parseCron(text);
  if ('problem' in fields) throw new Error(fields.problem);
  return cronOf(fields, zone);
}

function iso(instant: number | undefined): string {
  return instant === undefined ? 'never' : new Date(instant).toISOString().slice(0, 16);
}

/** The ticks of a cron text in a zone, minute by minute from what Intl says of the clock; of equal local times the first. */
function scanned(text: string, zone: string, from: number, to: number): readonly number[] {
  const { fields } = cron(text);
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  const seen = new Set<string>();
  const ticks: number[] = [];
  for (let at = from - DAY; at < to; at += MINUTE) {
    const local = format.format(at);
    if (seen.has(local)) continue;
    seen.add(local);
    const date = new Date(`${local.replace(' ', 'T')}:00Z`);
    if (
      at >= from &&
      fields.minutes.includes(date.getUTCMinutes()) &&
      fields.hours.includes(date.getUTCHours()) &&
      fields.daysOfMonth.includes(date.getUTCDate()) &&
      fields.months.includes(date.getUTCMonth() + 1) &&
      fields.daysOfWeek.includes(date.getUTCDay())
    )
      ticks.push(at);
  }
  return ticks;
}

function walked(text: string, zone: string, from: number, to: number): readonly number[] {
  const clock = cron(text, zone);
  const ticks: number[] = [];
  for (let at = nextTick(clock, from - MINUTE); at !== undefined && at < to; at = nextTick(clock, at))
    ticks.push(at);
  return ticks;
}

describe('the ticks of a cron text', () => {
  test('are those that a scan of every minute of the local clock finds, forward and backward', () => {
    const start = fc.integer({ min: Date.UTC(2010, 0, 1) / DAY, max: Date.UTC(2040, 0, 1) / DAY });
    // Half of the spans begin near the changes of the clocks.
    const change = fc
      .tuple(fc.integer({ min: 2010, max: 2040 }), fc.constantFrom(2, 3, 8, 9, 10), fc.nat(30))
      .map(([year, month, day]) => Date.UTC(year, month, 1 + day) / DAY);
    fc.assert(
      fc.property(anIrregularCron, aZone, fc.oneof(start, change), (text, zone, day) => {
        const [from, to] = [day * DAY, (day + 4) * DAY];
        const ticks = scanned(text, zone, from, to);
        expect(walked(text, zone, from, to).map(iso)).toEqual(ticks.map(iso));
        for (const [at, tick] of ticks.entries()) {
          const next = ticks[at + 1] ?? tick + MINUTE;
          expect(newestTick(cron(text, zone), tick)).toBe(tick);
          expect(newestTick(cron(text, zone), next - 1)).toBe(tick);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('are on days that fit the day of month and the day of week, not on either', () => {
    expect(iso(nextTick(cron('0 4 1 * MON'), Date.UTC(2026, 0, 1)))).toBe('2026-06-01T04:00');
  });

  test('leave out local times that do not exist, and take the first of two', () => {
    const berlin = cron('30 2 * * *', 'Europe/Berlin');
    expect(iso(nextTick(berlin, Date.parse('2026-03-28T02:00:00Z')))).toBe('2026-03-30T00:30');
    expect(iso(nextTick(berlin, Date.parse('2026-10-24T02:00:00Z')))).toBe('2026-10-25T00:30');
    expect(iso(nextTick(berlin, Date.parse('2026-10-25T00:30:00Z')))).toBe('2026-10-26T01:30');
    expect(iso(newestTick(berlin, Date.parse('2026-10-25T01:30:00Z')))).toBe('2026-10-25T00:30');
  });

  test('may be decades apart, and are none for dates that the calendar lacks', () => {
    expect(iso(nextTick(cron('0 9 29 2 1'), Date.UTC(2072, 2, 1)))).toBe('2112-02-29T09:00');
    expect(iso(newestTick(cron('0 9 29 2 1'), Date.UTC(2112, 1, 28)))).toBe('2072-02-29T09:00');
    expect(nextTick(cron('0 0 31 2 *'), 0)).toBeUndefined();
    expect(newestTick(cron('0 0 31 2 *'), 0)).toBeUndefined();
  });
});

describe('the labels of an irregular schedule', () => {
  test.each<[Period, string, string]>([
    ['cron(0 9 * * 1-5)@Europe/Berlin', '2026-07-06T07:00:00Z', '20260703070000'],
    ['cron(0 9 * * 1-5)@Europe/Berlin', '2026-07-07T07:00:00Z', '20260706070000'],
    // Over the change of the clocks, 09:00 stays 09:00.
    ['cron(0 9 * * 1-5)@Europe/Berlin', '2026-03-30T07:00:00Z', '20260327080000'],
    ['cron(10 9,17 * * *)', '2026-07-06T09:10:00Z', '20260705171000'],
  ])('%s: the tick at %s runs for the previous tick %s', (period, tick, label) => {
    expect(labelForTick(period, Date.parse(tick))).toBe(label);
    expect(intervalOf(period, labelForTick(period, Date.parse(tick))).end).toBe(Date.parse(tick));
  });

  test('do not change when the clock ticks late, or ticks the second of two equal local times', () => {
    fc.assert(
      fc.property(
        aCronPeriod,
        fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2040, 0, 1) }),
        (period, at) => {
          const tick = floorToPeriod(period, at);
          expect(labelForTick(period, at)).toBe(labelForTick(period, tick));
          expect(labelForTick(period, tick)).toBe(labelAt(addPeriods(period, tick, -1)));
        },
      ),
    );
  });
});

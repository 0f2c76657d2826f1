import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cronPeriod, parseCron } from '../../pipeline/cron.ts';
import { addPeriods, floorToPeriod, type Period } from '../../pipeline/period.ts';
import { labelForTick } from '../../pipeline/timelabel.ts';

const MINUTE = 60_000;

function periodOf(text: string): Period {
  const read = cronPeriod(text);
  if ('problem' in read) throw new Error(read.problem);
  return read.period;
}

/** Whether the clock of a cron text ticks in the minute that begins at an instant. */
function ticksAt(text: string, instant: number): boolean {
  const fields = parseCron(text);
  if ('problem' in fields) throw new Error(fields.problem);
  const date = new Date(instant);
  return (
    fields.minutes.includes(date.getUTCMinutes()) &&
    fields.hours.includes(date.getUTCHours()) &&
    fields.daysOfMonth.includes(date.getUTCDate()) &&
    fields.months.includes(date.getUTCMonth() + 1) &&
    fields.daysOfWeek.includes(date.getUTCDay())
  );
}

describe('the documented cases', () => {
  test.each([
    ['10 * * * *', '2018-03-05T09:10:00Z', '20180305080000'],
    ['10 0 * * *', '2018-01-02T00:10:00Z', '20180101000000'],
    ['10 0 * * *', '2018-01-03T00:10:00Z', '20180102000000'],
  ])('%s at %s runs for label %s', (cron, tick, label) => {
    expect(ticksAt(cron, Date.parse(tick))).toBe(true);
    expect(labelForTick(periodOf(cron), Date.parse(tick))).toBe(label);
  });
});

describe('the period of a cron text', () => {
  test.each([
    ['* * * * *', 'every minute: period 1m'],
    ['*/20 * * * *', 'every 20 minutes: period 20m'],
    ['5,25,45 * * * *', 'every 20 minutes from minute 5: period 20m'],
    ['5/20 * * * *', 'every 20 minutes from minute 5: period 20m'],
    ['0-59/15 * * * *', 'every 15 minutes: period 15m'],
    ['10 * * * *', 'every hour at minute 10: period 1h'],
    ['10 */6 * * *', 'every 6 hours, at 00:10, 06:10, 12:10, 18:10 UTC: period 6h'],
    ['0 3,15 * * *', 'every 12 hours, at 03:00, 15:00 UTC: period 12h'],
    ['10 0 * * *', 'every day at 00:10 UTC: period 1d'],
    ['10 0 * JAN-DEC SUN-SAT', 'every day at 00:10 UTC: period 1d'],
    ['0 3 * * mon', 'every Monday at 03:00 UTC: period 1w'],
    ['0 3 * * 7', 'every Sunday at 03:00 UTC: period 1w'],
    ['0 4 1 * *', 'every month on day 1 at 04:00 UTC: period 1mo'],
  ])('%s: %s', (text, sentence) => {
    expect(cronPeriod(text)).toEqual({ period: sentence.split(' ').at(-1), sentence });
  });

  test.each([
    '10 9,17 * * *',
    '*/7 * * * *',
    '*/40 * * * *',
    '0,30 9 * * *',
    '0 */5 * * *',
    '0 3 * * MON-FRI',
    '0 4 31 * *',
    '0 4 1 JAN *',
    '0 4 1 * MON',
    '0 4 1,15 * *',
  ])('%s is refused: its ticks enclose intervals of different lengths', (text) => {
    expect(cronPeriod(text)).toEqual({ problem: `"${text}" does not tick in equal steps` });
  });

  test.each([
    ['', /5 fields.*this one has 0/],
    ['10 * * *', /has 4/],
    ['0 10 * * * *', /has 6/],
    ['@hourly', /has 1/],
    ['60 * * * *', /"60" is no minute/],
    ['0 24 * * *', /"24" is no hour/],
    ['0 0 0 * *', /"0" is no day of month/],
    ['0 0 * FOO *', /"FOO" is no month/],
    ['0 0 * * 8', /"8" is no day of week/],
    ['30-10 * * * *', /"30-10" is no minute/],
    ['*/0 * * * *', /"\*\/0" is no minute/],
    ['1,,2 * * * *', /"" is no minute/],
    ['-5 * * * *', /"-5" is no minute/],
    ['0 0 L * *', /"L" is no day of month/],
    ['TZ=Europe/Berlin 0 0 * * *', /time zone/],
  ])('%j is no cron text', (text, problem) => {
    expect(cronPeriod(text)).toEqual({ problem: expect.stringMatching(problem) });
  });
});

const minute = fc.integer({ min: 0, max: 59 });
const hour = fc.integer({ min: 0, max: 23 });
const regular = fc.oneof(
  fc.constantFrom(1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30).map((step) => `*/${step} * * * *`),
  fc
    .constantFrom(5, 10, 20, 30)
    .chain((step) => fc.integer({ min: 0, max: step - 1 }).map((from) => `${from}/${step} * * * *`)),
  minute.map((at) => `${at} * * * *`),
  fc.tuple(minute, fc.constantFrom(2, 3, 4, 6, 8, 12)).map(([at, step]) => `${at} */${step} * * *`),
  fc.tuple(minute, hour).map(([m, h]) => `${m} ${h} * * *`),
  fc.tuple(minute, hour, fc.integer({ min: 0, max: 7 })).map(([m, h, day]) => `${m} ${h} * * ${day}`),
  fc.tuple(minute, hour, fc.integer({ min: 1, max: 28 })).map(([m, h, day]) => `${m} ${h} ${day} * *`),
);
const anyTime = fc.date({ min: new Date('1990-01-01'), max: new Date('2060-01-01'), noInvalidDate: true });

describe('every regular cron text', () => {
  test('ticks exactly once in each interval of its period, so that each label gets one run', () => {
    fc.assert(
      fc.property(regular, anyTime, (text, date) => {
        const period = periodOf(text);
        const start = floorToPeriod(period, date.getTime());
        let ticks = 0;
        for (let at = start; at < addPeriods(period, start, 1); at += MINUTE) if (ticksAt(text, at)) ticks++;
        expect(ticks).toBe(1);
      }),
      { numRuns: 60 },
    );
  });

  test('only ever gives a period whose intervals it ticks in exactly once, whatever the text', () => {
    const values = (low: number, high: number) =>
      fc.oneof(
        fc.constant('*'),
        fc
          .uniqueArray(fc.integer({ min: low, max: high }), { minLength: 1, maxLength: 6 })
          .map((list) => list.join(',')),
      );
    const text = fc
      .tuple(values(0, 59), values(0, 23))
      .map(([minutes, hours]) => `${minutes} ${hours} * * *`);
    fc.assert(
      fc.property(text, anyTime, (cron, date) => {
        const read = cronPeriod(cron);
        fc.pre(!('problem' in read));
        const start = floorToPeriod(read.period, date.getTime());
        let ticks = 0;
        for (let at = start; at < addPeriods(read.period, start, 1); at += MINUTE)
          if (ticksAt(cron, at)) ticks++;
        expect(ticks).toBe(1);
      }),
      { numRuns: 100, maxSkipsPerRun: 1000 },
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCron } from '../../pipeline/cron-fields.ts';
import { cronPeriod } from '../../pipeline/cron.ts';
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
    expect(cronPeriod(text)).toEqual({ period: sentence.split(' ').at(-1), zone: undefined, sentence });
  });

  test.each([
    ['10 9,17 * * *', 'cron(10 9,17 * * *)'],
    ['*/7 * * * *', 'cron(0,7,14,21,28,35,42,49,56 * * * *)'],
    ['*/40 * * * *', 'cron(0,40 * * * *)'],
    ['0,30 9 * * *', 'cron(0,30 9 * * *)'],
    ['0 */5 * * *', 'cron(0 0,5,10,15,20 * * *)'],
    ['0 3 * * MON-FRI', 'cron(0 3 * * 1-5)'],
    ['0 4 31 * *', 'cron(0 4 31 * *)'],
    ['0 4 1 JAN *', 'cron(0 4 1 1 *)'],
    ['0 4 1 * MON', 'cron(0 4 1 * 1)'],
    ['0 4 1,15 * *', 'cron(0 4 1,15 * *)'],
  ])('%s ticks in unequal steps, so its labels are its ticks: %s', (text, period) => {
    expect(cronPeriod(text)).toMatchObject({ period, zone: undefined });
  });

  test.each(['0 0 31 2 *', '0 0 30 FEB *', '0 12 31 4,6,9,11 *'])('%s never ticks', (text) => {
    expect(cronPeriod(text)).toMatchObject({ problem: `"${text}" never ticks` });
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
  ])('%j is no cron text', (text, problem) => {
    expect(cronPeriod(text)).toEqual({ problem: expect.stringMatching(problem) });
  });

  test('a zone in the text has its own place', () => {
    expect(cronPeriod('TZ=Europe/Berlin 0 0 * * *')).toEqual({
      problem: expect.stringMatching(/time zone/),
      cure: expect.stringMatching(/timezone:/),
    });
  });
});

describe('what validate prints of an irregular schedule', () => {
  test.each([
    [
      '0 9 * * 1-5',
      'Europe/Berlin',
      "at 09:00 on Monday to Friday (Europe/Berlin); a label is the previous tick, so Monday's run covers Friday 09:00 to Monday 09:00",
    ],
    [
      '10 9,17 * * *',
      undefined,
      'at 09:10, 17:10 every day (UTC); a label is the previous tick, so the run at 09:10 covers 17:10 to 09:10',
    ],
    [
      '0,30 9-17 * * MON-FRI',
      'America/New_York',
      'at minutes 0 and 30 of hours 9 to 17 on Monday to Friday (America/New_York); a label is the previous tick, so the run at Monday 09:00 covers Friday 17:30 to Monday 09:00',
    ],
    [
      '0 22 * * SAT,SUN',
      undefined,
      "at 22:00 on Saturday and Sunday (UTC); a label is the previous tick, so Saturday's run covers Sunday 22:00 to Saturday 22:00",
    ],
    [
      '0 4 1,15 * *',
      undefined,
      'at 04:00 on day 1 and 15 (UTC); a label is the previous tick, so the run at 1 February 04:00 covers 15 January 04:00 to 1 February 04:00',
    ],
    [
      '0 4 1 * MON',
      undefined,
      'at 04:00 on day 1 if that is Monday (UTC); a label is the previous tick, so the run at 1 February 04:00 covers 1 June 04:00 to 1 February 04:00',
    ],
    [
      '0 4 1 JAN,JUL *',
      undefined,
      'at 04:00 on day 1 in January and July (UTC); a label is the previous tick, so the run at 1 July 04:00 covers 1 January 04:00 to 1 July 04:00',
    ],
    [
      '0 4 24 DEC *',
      undefined,
      'at 04:00 on day 24 in December (UTC); a label is the previous tick, so the run at 24 December 2027 04:00 covers 24 December 2026 04:00 to 24 December 2027 04:00',
    ],
  ])('%s in %s', (text, zone, sentence) => {
    expect(cronPeriod(text, zone)).toMatchObject({ sentence });
  });
});

describe('a schedule in a time zone', () => {
  test.each([
    ['0 3 * * *', 'Europe/Berlin', '1d@Europe/Berlin', 'every day at 03:00 Europe/Berlin'],
    ['0 3 * * MON', 'Europe/Berlin', '1w@Europe/Berlin', 'every Monday at 03:00 Europe/Berlin'],
    ['0 4 1 * *', 'Europe/Berlin', '1mo@Europe/Berlin', 'every month on day 1 at 04:00 Europe/Berlin'],
  ])('%s in %s has the period %s', (text, zone, period, words) => {
    expect(cronPeriod(text, zone)).toEqual({ period, zone, sentence: `${words}: period ${period}` });
  });

  test('that is UTC has none', () => {
    expect(cronPeriod('0 3 * * *', 'Etc/UTC')).toMatchObject({ period: '1d', zone: undefined });
  });

  test.each([
    ['10 * * * *', 'Europe/Berlin', '1h', undefined],
    ['*/20 * * * *', 'America/New_York', '20m', undefined],
    ['*/15 * * * *', 'Asia/Kolkata', '15m', undefined],
    ['0 */3 * * *', 'Asia/Tokyo', '3h', undefined],
    // The clock of India is half an hour off those of others, always: the run comes half an hour later.
    ['10 * * * *', 'Asia/Kolkata', '1h', 'Asia/Kolkata'],
  ])('%s in %s has the period %s of UTC, and ticks on the clock of %s', (text, zone, period, ticking) => {
    expect(cronPeriod(text, zone)).toMatchObject({ period, zone: ticking });
  });

  test.each([
    ['10 */6 * * *', 'Europe/Berlin'],
    ['10 */6 * * *', 'Asia/Tokyo'],
    ['10 * * * *', 'Australia/Adelaide'],
    ['*/20 * * * *', 'Australia/Lord_Howe'],
  ])('%s in %s is refused: its labels are cut in UTC', (text, zone) => {
    expect(cronPeriod(text, zone)).toMatchObject({
      problem: expect.stringMatching(/cut in UTC/),
      cure: expect.stringMatching(/remove timezone/),
    });
  });

  test.each([
    ['30 2 * * *', 'Europe/Berlin', /02:30 does not exist on 2026-03-29/, /from 03:00 on/],
    ['30 2 * * SUN', 'Europe/Berlin', /02:30 does not exist on 2026-03-29/, /from 03:00 on/],
    ['30 2 28 * *', 'Europe/Berlin', /02:30 does not exist on 2027-03-28/, /from 03:00 on/],
    ['0 0 * * *', 'Asia/Beirut', /00:00 does not exist on 2026-03-29/, /from 01:00 on/],
    ['0 9 * * SUN', 'America/Santiago', /Temporal does not tick on 2026-09-06/, /other days/],
    ['0 9,12 * * SUN-THU', 'America/Santiago', /Temporal does not tick on 2026-09-06/, /other days/],
    ['*/7 * * * *', 'Europe/Berlin', /come twice on 2026-10-25/, /at most one tick between 02:00 and 03:00/],
  ])('%s in %s is refused, because a label would have no tick', (text, zone, problem, cure) => {
    expect(cronPeriod(text, zone)).toEqual({
      problem: expect.stringMatching(problem),
      cure: expect.stringMatching(cure),
    });
  });

  test.each([
    ['30 2 * * MON', 'Europe/Berlin'],
    ['30 2 * * 1-5', 'Europe/Berlin'],
    ['30 1 * * *', 'Europe/Berlin'],
    ['0 0 * * *', 'America/Sao_Paulo'],
    ['0 9 * * 1-5', 'America/Santiago'],
    ['30 2,14 * * 6,0', 'Europe/Berlin'],
  ])('%s in %s is fine: the change of the clocks loses no label', (text, zone) => {
    expect(cronPeriod(text, zone)).not.toHaveProperty('problem');
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
        fc.pre(!('problem' in read) && !read.period.startsWith('cron'));
        if ('problem' in read) return;
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

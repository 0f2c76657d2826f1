import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { shiftClock } from '../../chaos/shift-clock.ts';
import { dataEventIn, type DataEvent } from '../../pipeline/data-event.ts';
import { floorToPeriod } from '../../pipeline/period.ts';
import { labelAt } from '../../pipeline/timelabel.ts';
import { openLedgerWorld, type LedgerWorld } from '../support/ledger-world.ts';
import { projectOf } from '../support/project.ts';

/* A machine whose clock is wrong does the work of a worker; everything is decided by the clock of the catalog. */
const HOUR = 3_600_000;
const WRONG = 36 * HOUR;
const LIMIT = 12 * 3600;
const PROJECT = projectOf([
  { name: 'source', period: '1h', cron: '10 * * * *' },
  { name: 'early', period: '1d' },
  { name: 'tardy', period: '1d' },
  {
    name: 'waits',
    period: '1d',
    reads: ['early', 'tardy'],
    also: { deadline: { seconds: LIMIT, then: 'wait' } },
  },
  {
    name: 'partly',
    period: '1d',
    reads: ['early', 'tardy'],
    also: { deadline: { seconds: LIMIT, then: 'partial' } },
  },
  {
    name: 'gives_up',
    period: '1d',
    reads: ['early', 'tardy'],
    also: { deadline: { seconds: LIMIT, then: 'fail' } },
  },
]);
const JOINS = ['gives_up', 'partly', 'waits'];

let world: LedgerWorld;

beforeAll(async () => {
  world = await openLedgerWorld('wrong_clock', {
    ...PROJECT,
    endpoints: [{ name: 'fresh', kind: 'sqs', queueUrl: 'https://sqs/fresh', maxAgeSeconds: 86_400 }],
  });
});
afterAll(() => world.close());

async function withClock<T>(by: number, work: () => Promise<T>): Promise<T> {
  const setRight = shiftClock(by);
  try {
    return await work();
  } finally {
    setRight();
  }
}

async function statuses(day: string): Promise<string[]> {
  const { rows } = await world.db.query<{ said: string }>(
    `select replace(stage, 'p.', '') || ' ' || status || coalesce(' ' || outcome, '') || case when late_at is null then '' else ' late' end as said
       from reefline.stage_run where timelabel = $1 and stage = any($2) order by stage, revision`,
    [day, JOINS.map((name) => `p.${name}`)],
  );
  return rows.map(({ said }) => said);
}

async function bringDeadlinesForward(day: string): Promise<void> {
  await world.db.query(
    `update reefline.stage_run set deadline = clock_timestamp() - interval '1 second' where timelabel = $1 and deadline is not null`,
    [day],
  );
}

describe.each([
  ['ahead', WRONG, '20200110000000'],
  ['behind', -WRONG, '20200111000000'],
] as const)('a worker whose clock is 36 hours %s', (_, by, day) => {
  test('makes the label of an interval that has ended, and none before it has', async () => {
    const labelIn = (hours: number): string => labelAt(floorToPeriod('1h', Date.now() + hours * HOUR));
    const [past, future] = [labelIn(-12), labelIn(12)];
    await withClock(by, async () => {
      expect(await world.open('p.source', past)).toMatchObject({ kind: 'run' });
      expect(await world.open('p.source', future)).toMatchObject({ kind: 'nothing-new' });
    });
  });

  test('lets labels wait for as long as their deadline says', async () => {
    await withClock(by, () => world.run('p.early', day));
    const { rows } = await world.db.query<{ hours: number }>(
      `select distinct round(extract(epoch from deadline - clock_timestamp()) / 3600)::int as hours
         from reefline.stage_run where timelabel = $1 and deadline is not null`,
      [day],
    );
    expect(rows).toEqual([{ hours: 12 }]);
  });

  test('reports and gives up nothing before the deadline, and does both after it', async () => {
    const waiting = ['gives_up WAITING', 'partly WAITING', 'waits WAITING'];
    await withClock(by, async () => {
      for (const stage of JOINS) await world.passDeadline(`p.${stage}`, day);
      await world.open('p.partly', day, { trigger: 'event' });
    });
    expect(await statuses(day)).toEqual(waiting);
    await bringDeadlinesForward(day);
    await withClock(by, async () => {
      for (const stage of JOINS) await world.passDeadline(`p.${stage}`, day);
      await world.open('p.partly', day, { trigger: 'event' });
    });
    expect(await statuses(day)).toEqual([
      'gives_up FAILURE MISSING',
      expect.stringMatching(/^partly RUNNING PARTIAL/),
      'waits WAITING late',
    ]);
  });

  test('reports runs with times of one clock, the right one', async () => {
    const events = await withClock(by, () => world.run('p.tardy', day));
    const { startTime, endTime } = dataEventIn(events) as DataEvent;
    const [started, ended] = [startTime, endTime].map(instantIn);
    expect(started).toBeLessThanOrEqual(ended ?? 0);
    expect(Math.abs(Date.now() - (ended ?? 0))).toBeLessThan(HOUR);
  });

  test('sends an endpoint what is as old as its filter allows, and nothing else', async () => {
    const labelIn = (hours: number): string => labelAt(floorToPeriod('1h', Date.now() + hours * HOUR));
    const [young, old] = [labelIn(by > 0 ? -14 : -13), labelIn(by > 0 ? -49 : -48)];
    await withClock(by, async () => {
      await world.run('p.source', young, {}, { rerun: `young-${day}`, trigger: 'manual' });
      await world.run('p.source', old, {}, { rerun: `old-${day}`, trigger: 'manual' });
    });
    const { rows } = await world.db.query<{ timelabel: string }>(
      `select distinct e.timelabel from reefline.delivery d join reefline.data_event e using (event_id)
        where d.endpoint = 'fresh' and e.timelabel = any($1)`,
      [[young, old]],
    );
    expect(rows).toEqual([{ timelabel: young }]);
  });
});

/** Milliseconds of `2020-03-03 11:25:47:445 +00:00`. */
function instantIn(text: string): number {
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, 23)}Z`);
}

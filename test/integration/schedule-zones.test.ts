import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { reconcileSchedules } from '../../cli/schedules.ts';
import { cronPeriod } from '../../pipeline/cron.ts';
import { scheduleId } from '../../pipeline/ids.ts';
import { addPeriods, floorToPeriod } from '../../pipeline/period.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { offsetAt, offsetSpans } from '../../pipeline/time-zone.ts';
import { labelAt, labelForTick } from '../../pipeline/timelabel.ts';
import { DONE, startEngine, type Engine } from '../support/engine.ts';
import { projectOf } from '../support/project.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/*
 * Temporal's server decides when a schedule ticks, and where clocks change it does so in its own way. So what validate
 * accepts is held against what the server of this run says. Zones whose rules change with a new edition of the tz database are left
 * out, because the server and Node have an edition each.
 */
const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Santiago',
  'America/Havana',
  'Asia/Beirut',
  'Asia/Kolkata',
  'Africa/Cairo',
  'Australia/Lord_Howe',
  'Antarctica/Troll',
];
const CRONS = [
  '10 * * * *',
  '*/20 * * * *',
  '0 0 * * *',
  '30 1 * * *',
  '30 2 * * *',
  '0 3 * * *',
  '0 23 * * *',
  '0 9 * * SUN',
  '30 2 * * 6,0',
  '0 9 * * MON-FRI',
  '0 9 * * SUN-THU',
  '15 0,2,9 * * *',
  '0,30 1-3 * * *',
  '45 0-3 * * SAT,SUN',
  '0 4 1,15 * *',
  '0 12 */2 * MON-FRI',
];

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine('zones', () => DONE);
});

afterAll(async () => {
  await engine.close();
});

/** A stage for each text that validate accepts in the zone. */
function stagesIn(zone: string): readonly StageDefinition[] {
  const [base] = projectOf([{ name: 'clocked', period: '1d' }]).stages as [StageDefinition];
  return CRONS.flatMap((cron, at) => {
    const read = cronPeriod(cron, zone);
    if ('problem' in read) return [];
    const schedule = { cron, ...(read.zone === undefined ? {} : { zone: read.zone }) };
    return [{ ...base, id: `p.clocked${String(at)}`, period: read.period, schedule }];
  });
}

/** When the server ticks, from an instant (inclusive) to another (exclusive). */
async function ticksOf(stage: StageDefinition, from: number, to: number): Promise<readonly number[]> {
  const timestamp = (instant: number): never => ({ seconds: instant / 1000, nanos: 0 }) as never;
  const found = await engine.client.workflowService.listScheduleMatchingTimes({
    namespace: engine.namespace,
    scheduleId: scheduleId(stage.id),
    startTime: timestamp(from - MINUTE),
    endTime: timestamp(to - MINUTE),
  });
  return found.startTime.map(({ seconds }) => Number(seconds) * 1000);
}

/** Spans of some days around the changes of the clocks of a zone, and one where nothing changes. */
function spansAround(zone: string): readonly (readonly [from: number, to: number])[] {
  const changes = offsetSpans(zone, Date.UTC(2026, 0, 1), Date.UTC(2027, 11, 31))
    .map(({ start }) => start)
    .filter((start) => offsetAt(zone, start) !== offsetAt(zone, start - MINUTE));
  return [...changes, Date.UTC(2026, 6, 15)].map((at) => {
    const day = Math.floor(at / DAY) * DAY;
    return [day - 5 * DAY, day + 6 * DAY];
  });
}

/** Labels whose run is due within the span: their next tick of the clock must come before its end. */
function dueLabels({ period }: StageDefinition, from: number, to: number): readonly string[] {
  const labels: string[] = [];
  let start = addPeriods(period, floorToPeriod(period, from), 1);
  // The run of a fixed period comes within the period after its label.
  const patience = period.startsWith('cron') ? 1 : 2;
  for (;;) {
    const due = addPeriods(period, start, patience);
    if (due > to - DAY) return labels;
    labels.push(labelAt(start));
    start = addPeriods(period, start, 1);
  }
}

describe('the schedules that validate accepts', () => {
  test.each(ZONES)(
    'give every label a tick of the real server in %s, also where clocks change',
    async (zone) => {
      const stages = stagesIn(zone);
      expect(stages.length).toBeGreaterThan(5);
      await reconcileSchedules(engine.client, stages);
      let checked = 0;
      for (const stage of stages) {
        for (const [from, to] of spansAround(zone)) {
          const ticks = await ticksOf(stage, from, to);
          const labels = new Set<string>(ticks.map((tick) => labelForTick(stage.period, tick)));
          const due = dueLabels(stage, from, to);
          expect([stage.schedule, due.filter((label) => !labels.has(label))]).toEqual([stage.schedule, []]);
          checked += due.length;
        }
      }
      expect(checked).toBeGreaterThan(200);
    },
  );

  test('tick in the zone that the stage says, and in UTC where it says none', async () => {
    const [berlin] = stagesIn('Europe/Berlin').filter(({ schedule }) => schedule?.cron === '0 9 * * MON-FRI');
    if (berlin === undefined) throw new Error('The text is not accepted.');
    const from = Date.UTC(2026, 6, 6);
    await reconcileSchedules(engine.client, [berlin]);
    expect(await ticksOf(berlin, from, from + DAY)).toEqual([Date.UTC(2026, 6, 6, 7)]);
    const utc = { ...berlin, schedule: { cron: '0 9 * * MON-FRI' } };
    await reconcileSchedules(engine.client, [utc]);
    expect(await ticksOf(utc, from, from + DAY)).toEqual([Date.UTC(2026, 6, 6, 9)]);
  });
});

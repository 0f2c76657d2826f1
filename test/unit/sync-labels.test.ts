import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { layOut } from '../../pipeline/backfill-layout.ts';
import { readBackfillRequest } from '../../pipeline/backfill-request.ts';
import { listProblem } from '../../pipeline/backfill-stages.ts';
import type { Period } from '../../pipeline/period.ts';
import { buildRoutingTable } from '../../pipeline/routing.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { labelsWithout } from '../../pipeline/sync-columns.ts';
import { labelsBetween, newestDueLabel, syncInterval } from '../../pipeline/sync-labels.ts';
import { intervalOf, parseTimelabel, type Timelabel } from '../../pipeline/timelabel.ts';
import { projectOf } from '../support/project.ts';

const NOW = Date.UTC(2020, 2, 1, 12, 5);

function stage(period: Period, cron?: string, bounds: object = {}): StageDefinition {
  const [made] = projectOf([{ name: 'fetch', period }]).stages;
  if (made === undefined) throw new Error('The project has no stage.');
  return { ...made, ...(cron === undefined ? {} : { schedule: { cron, ...bounds } }) };
}

describe('the newest label that may be synced', () => {
  test('is the one that the schedule asked for last, for rows may arrive until then', () => {
    expect(newestDueLabel(stage('1h', '10 * * * *'), NOW)).toBe('20200301100000');
    expect(newestDueLabel(stage('1h', '5 * * * *'), NOW)).toBe('20200301110000');
    expect(newestDueLabel(stage('1h'), NOW)).toBe('20200301110000');
    expect(newestDueLabel(stage('1d', '10 3 * * *'), Date.UTC(2020, 2, 1, 3, 9))).toBe('20200228000000');
  });

  test('is none before the first tick, and the last one after the schedule', () => {
    expect(newestDueLabel(stage('1h', '0 * * * *', { from: '2020-03-02T00:00:00Z' }), NOW)).toBeUndefined();
    expect(newestDueLabel(stage('1h', '0 * * * *', { until: '2020-02-01T06:30:00Z' }), NOW)).toBe(
      '20200201050000',
    );
  });
});

const PERIODS = ['5m', '1h', '1d', '1w', '1mo', '1d@Europe/Berlin', 'cron(0 9 * * 1-5)'] as const;

describe('the time of a sync', () => {
  test('holds exactly the due labels that begin between the borders', () => {
    const instant = fc.integer({ min: Date.UTC(2019, 11, 1), max: Date.UTC(2020, 3, 1) });
    fc.assert(
      fc.property(fc.constantFrom(...PERIODS), instant, instant, (period, from, to) => {
        const one = stage(period);
        const borders = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
        const interval = syncInterval(one, borders, NOW);
        const labels = interval === undefined ? [] : (labelsBetween(one.period, interval, 100_000) ?? []);
        const all = labelsBetween(
          one.period,
          { start: Date.UTC(2019, 9, 1), end: Date.UTC(2020, 4, 1) },
          100_000,
        );
        const wanted = all?.filter((label) => {
          const { start, end } = intervalOf(one.period, label);
          return start >= from && start < to && end <= NOW;
        });
        expect(labels).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });

  test('is refused as labels when there are more than may be', () => {
    const day = { start: Date.UTC(2020, 2, 1), end: Date.UTC(2020, 2, 2) };
    expect(labelsBetween('1h', day, 24)).toHaveLength(24);
    expect(labelsBetween('1h', day, 23)).toBeUndefined();
  });

  test('begins a date when it begins in the zone of the stage', () => {
    const interval = syncInterval(stage('1d@Europe/Berlin'), { from: '2020-02-01', to: '2020-02-02' }, NOW);
    expect(interval).toEqual({ start: Date.UTC(2020, 0, 31, 23), end: Date.UTC(2020, 1, 1, 23) });
  });
});

describe('the labels that lack a column', () => {
  const at = (hour: number): Timelabel => parseTimelabel(`202003010${String(hour)}0000`) ?? ('' as Timelabel);
  const run = (hour: number, began: number, revision = 1) => ({ timelabel: at(hour), revision, began });
  const version = (seenAt: number, hour: number, ...columns: string[]) => ({
    ...{ columns, timelabel: at(hour), revision: 1, seenAt },
  });

  test('are those that began before it was seen, and not the one that saw it', () => {
    const versions = [version(10, 1, 'id'), version(30, 2, 'id', 'a')];
    const runs = [run(1, 5), run(2, 25), run(3, 29), run(4, 31)];
    expect(labelsWithout(['a'], versions, runs)).toEqual([at(1), at(3)]);
    expect(labelsWithout(['id'], versions, runs)).toEqual([]);
  });

  test('are all of them when no run has seen it, or when it went away', () => {
    const runs = [run(1, 5), run(2, 25)];
    expect(labelsWithout(['b'], [version(10, 1, 'id')], runs)).toEqual([at(1), at(2)]);
    const gone = [version(10, 1, 'id', 'a'), version(20, 2, 'id')];
    expect(labelsWithout(['a'], gone, runs)).toEqual([at(1), at(2)]);
    const back = [...gone, version(24, 3, 'id', 'a')];
    expect(labelsWithout(['a'], back, [...runs, run(1, 12), run(3, 23)])).toEqual([at(1), at(1)]);
  });
});

describe('a backfill with a list of labels', () => {
  const table = buildRoutingTable(
    1,
    projectOf([
      { name: 'hourly', period: '1h' },
      { name: 'daily', period: '1d', reads: ['hourly'] },
    ]),
  );
  const LIST = ['20200301060000', '20200227010000', '20200301060000'];

  test('takes each label once, and finds the range by itself', () => {
    const read = readBackfillRequest({ target: 'p.hourly', labels: LIST });
    expect(read).toMatchObject({
      request: {
        labels: ['20200227010000', '20200301060000'],
        ...{ from: '2020-02-27T01:00:00.000Z', to: '2020-03-01T06:01:00.000Z' },
      },
    });
    if ('problems' in read) throw new Error(read.problems.join());
    expect(readBackfillRequest(read.request)).toEqual(read);
  });

  test('runs these labels and what they affect, and none in between', () => {
    const [hourly, daily] = layOut(
      table,
      table.project.stages,
      { from: '', to: '', labels: LIST.slice(0, 2) },
      NOW,
    );
    expect(hourly?.nodes.map(({ timelabel }) => timelabel)).toEqual(LIST.slice(0, 2));
    expect(daily).toMatchObject({ nodes: [{ timelabel: '20200227000000' }], future: 1 });
  });

  test.each([
    [{ target: 'p.hourly', labels: [] }, '"labels" must be a list of 1 to 2000 timelabels'],
    [{ target: 'p.hourly', labels: ['20200301'] }, '"labels" must be a list'],
    [
      { target: 'p.hourly', labels: LIST, from: '2020-03-01', to: '2020-03-02' },
      '"labels" must begin in the range',
    ],
  ])('%j is refused with the sentence', (input, sentence) => {
    const read = readBackfillRequest(input);
    expect('problems' in read ? read.problems.join(' ') : read).toContain(sentence);
  });

  test('refuses labels of a pipeline, and such as the stage does not have', () => {
    expect(listProblem(table, { target: 'p', labels: LIST })).toContain('"p" is a pipeline');
    expect(listProblem(table, { target: 'p.daily', labels: LIST })).toContain(
      '3 of the labels, such as 20200301060000',
    );
    expect(listProblem(table, { target: 'p.hourly', labels: LIST })).toBeUndefined();
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  cureOfFinding,
  describeFinding,
  describeMending,
  describeSweep,
  FINDING_KINDS,
  subjectOf,
  SWEPT_KINDS,
  type Finding,
} from '../../pipeline/findings.ts';
import { overdueLabels, tickedLabels } from '../../pipeline/expected-labels.ts';
import { necessaryInput } from '../../pipeline/necessary-input.ts';
import { floorToPeriod } from '../../pipeline/period.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { instantOf, intervalOf, isOnGrid, labelForTick, type Timelabel } from '../../pipeline/timelabel.ts';
import { aPeriod } from '../support/arbitraries.ts';
import { projectOf } from '../support/project.ts';

const timelabel = '20200303110000' as Timelabel;
const label = { stage: 'orders.load_orders', timelabel };

/** One of each kind. */
const FINDINGS: readonly Finding[] = [
  { kind: 'missing-schedule', stage: 'orders.fetch_orders' },
  {
    kind: 'unreported-event',
    ...label,
    pipeline: 'orders',
    router: 'orders-3',
    revision: 2,
    events: [{ eventId: 'e1' } as never],
  },
  { kind: 'closed-join', ...label, revision: 2 },
  { kind: 'unstarted-hold', ...label, trigger: 'event', request: null },
  {
    kind: 'vanished-run',
    ...label,
    revision: 2,
    status: 'RUNNING',
    workflow: 'closed',
    trigger: 'event',
    configVersion: 7,
  },
  { kind: 'ready-but-waiting', ...label, revision: 2, trigger: 'event' },
  { kind: 'missed-tick', ...label },
  { kind: 'missing-label', ...label },
  { kind: 'stalled-backfill', backfill: 'march', status: 'running', turn: 3 },
  { kind: 'stuck-delivery', endpoint: 'customers', due: 12 },
];

describe('findings in words', () => {
  test('every kind is named here, and the sweep leaves out only schedules', () => {
    expect(FINDINGS.map(({ kind }) => kind)).toEqual(FINDING_KINDS);
    expect(FINDING_KINDS.filter((kind) => !(SWEPT_KINDS as readonly string[]).includes(kind))).toEqual([
      'missing-schedule',
    ]);
  });

  test.each(FINDINGS.map((finding) => [finding.kind, finding] as const))(
    '%s names its subject in a sentence, and a command as its cure',
    (_, finding) => {
      const sentence = describeFinding(finding);
      for (const word of subjectOf(finding).replace(' r2', '').split(' ')) expect(sentence).toContain(word);
      expect(sentence).toMatch(/^(?:[A-Z]|orders\.).*\.$/);
      expect(cureOfFinding(finding)).toMatch(/^reefline doctor --repair/);
      if (finding.kind === 'unreported-event') expect(cureOfFinding(finding)).toContain('router/orders-3');
      expect(describeMending(finding)).not.toBe('');
    },
  );

  test('a run that an open workflow does not work on reads differently from one whose workflow has ended', () => {
    const vanished = FINDINGS.find((finding) => finding.kind === 'vanished-run');
    if (vanished === undefined) throw new Error('no such finding');
    expect(describeFinding(vanished)).toContain('has ended');
    expect(describeFinding({ ...vanished, workflow: 'idle' })).toContain('does not work on it');
    expect(describeMending({ ...vanished, status: 'WAITING' })).toContain('same revision and deadline');
  });

  test('a sweep shows what it found, what it could not look for, or that there was nothing', () => {
    expect(describeSweep([{ kind: 'missed-tick', found: 0, mended: 0 }])).toBe('Nothing was left undone.');
    expect(
      describeSweep([
        { kind: 'missed-tick', found: 2, mended: 1 },
        { kind: 'closed-join', found: 0, mended: 0, error: 'the catalog is away' },
      ]),
    ).toBe('- missed-tick: 2 found, 1 mended\n- closed-join: not looked for: the catalog is away');
  });
});

function stageWith(period: StageDefinition['period'], fields: Partial<StageDefinition>): StageDefinition {
  const [stage] = projectOf([{ name: 'one', period }]).stages;
  if (stage === undefined) throw new Error('no stage');
  return { ...stage, ...fields };
}

const aRecentInstant = fc.integer({ min: Date.UTC(2015, 0, 1), max: Date.UTC(2035, 0, 1) });

describe('the input that decides whether a waiting run is looked at', () => {
  const [, daily] = projectOf([
    { name: 'hourly', period: '1h' },
    { name: 'daily', period: '1d', reads: ['hourly'] },
  ]).stages;
  if (daily === undefined) throw new Error('no stage');
  const lacked = { dataset: 'warehouse.main.hourly', timelabel };

  test('is the first that it lacked', () => {
    expect(necessaryInput(daily, [lacked])).toBe(lacked);
    expect(necessaryInput(daily, [])).toBeUndefined();
  });

  test('is none where another one, the deadline or a newer revision may do', () => {
    const newest = {
      ...daily,
      inputs: daily.inputs.map((input) => ({ ...input, window: 'as_of' as const })),
    };
    expect(necessaryInput(newest, [lacked])).toBeUndefined();
    expect(necessaryInput({ ...daily, when: 'any' }, [lacked])).toBeUndefined();
    expect(necessaryInput({ ...daily, deadline: { seconds: 1, then: 'partial' } }, [lacked])).toBeUndefined();
    expect(necessaryInput(daily, [{ ...lacked, unsettled: lacked }])).toBeUndefined();
    // A check of it is not waited for when the label comes out late or skipped, and the stage takes it so.
    const checked = (on: StageDefinition['inputs'][number]['on']): StageDefinition => ({
      ...daily,
      inputs: daily.inputs.flatMap((input) => [
        { ...input, on },
        { ...input, dataset: 'warehouse.main.check', gate: input.dataset },
      ]),
    });
    const unchecked = { ...lacked, dataset: 'warehouse.main.check' };
    expect(necessaryInput(checked(['SUCCESS', 'SKIPPED']), [unchecked])).toBeUndefined();
    expect(necessaryInput(checked(['SUCCESS']), [unchecked])).toBe(unchecked);
    // The configuration may have changed since it looked.
    expect(necessaryInput(daily, [{ ...lacked, dataset: 'warehouse.main.other' }])).toBeUndefined();
  });
});

describe('labels that the calendar asks for', () => {
  test('overdue are exactly those that begin within the bounds and whose deadline has passed', () => {
    fc.assert(
      fc.property(
        aPeriod,
        aRecentInstant,
        fc.integer({ min: 0, max: 200 }),
        fc.nat(100_000),
        (period, until, length, seconds) => {
          const since = until - length * 3_600_000;
          const stage = stageWith(period, { deadline: { seconds, then: 'wait' } });
          const labels = overdueLabels(stage, { since, until, most: 100_000 });
          const expected: string[] = [];
          let at = labelForTick(period, until);
          while (instantOf(at) >= since) {
            if (intervalOf(period, at).end + seconds * 1000 <= until) expected.push(at);
            at = labelForTick(period, instantOf(at));
          }
          expect(labels).toEqual(expected);
          expect(labels.every((one) => isOnGrid(period, one))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a schedule asks for the label of each tick within its own bounds, newest first', () => {
    const schedule = { cron: '10 * * * *', from: '2020-03-03T05:00:00Z', until: '2020-03-03T11:10:00Z' };
    const stage = stageWith('1h', { schedule });
    const bounds = { since: Date.UTC(2020, 2, 1), until: Date.UTC(2020, 2, 4), most: 100 };
    expect(tickedLabels(stage, bounds)).toEqual([
      '20200303100000',
      '20200303090000',
      '20200303080000',
      '20200303070000',
      '20200303060000',
      '20200303050000',
      '20200303040000',
    ]);
    expect(tickedLabels(stage, { ...bounds, most: 2 })).toEqual(['20200303100000', '20200303090000']);
    expect(tickedLabels(stage, { ...bounds, since: Date.UTC(2020, 2, 3, 10, 10) })).toEqual([
      '20200303100000',
      '20200303090000',
    ]);
    expect(tickedLabels(stage, { ...bounds, until: Date.UTC(2020, 2, 3, 5, 9) })).toEqual([]);
  });

  test('a tick that is due this very instant counts, the next one does not', () => {
    fc.assert(
      fc.property(aRecentInstant, (instant) => {
        const tick = floorToPeriod('1h', instant);
        const stage = stageWith('1h', { schedule: { cron: '0 * * * *' } });
        const since = tick - 1;
        expect(tickedLabels(stage, { since, until: tick, most: 9 })).toEqual([labelForTick('1h', tick)]);
        expect(tickedLabels(stage, { since, until: tick - 1, most: 9 })).toEqual([]);
      }),
    );
  });

  test('without a schedule or a deadline nothing is asked for', () => {
    const bounds = { since: 0, until: Date.UTC(2020, 0, 1), most: 10 };
    expect(overdueLabels(stageWith('1h', {}), bounds)).toEqual([]);
    expect(tickedLabels(stageWith('1h', {}), bounds)).toEqual([]);
  });
});

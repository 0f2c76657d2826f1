import { describe, expect, test } from '@jest/globals';
import { describeJudged, type JudgedCheck } from '../../cli/judge.ts';
import { blockingChecks } from '../../cli/quarantined-checks.ts';
import { requireEnded, requireStage } from '../../cli/known-stages.ts';
import { describeResume } from '../../cli/resume-text.ts';
import { stagesOfScope } from '../../cli/scope.ts';
import { suggest } from '../../config/nearest.ts';
import { diffProjects } from '../../pipeline/config-diff.ts';
import { buildRoutingTable } from '../../pipeline/routing.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { inputsThere, labelCount } from '../../pipeline/verdict.ts';
import { projectOf } from '../support/project.ts';

const PROJECT = projectOf([{ name: 'fetch', period: '1h' }]);
const TABLE = buildRoutingTable(1, PROJECT);
const [FETCH] = PROJECT.stages;
if (FETCH === undefined) throw new Error('no stage');

describe('a sentence about an unknown name', () => {
  test.each([
    ['a stage', () => requireStage(TABLE, 'p.fetsch')],
    ['a scope', () => stagesOfScope(TABLE, 'p.fetsch')],
  ])('ends with one mark: %s', (_what, ask) => {
    expect(ask).toThrow(/did you mean p\.fetch\?$/);
  });

  test('shows a closed list whole', () => {
    const words = Array.from({ length: 12 }, (_, at) => `WORD${String(at)}`);
    expect(suggest('x', words, 'choose another', 'closed')).toBe(
      `choose another; known: ${words.join(', ')}`,
    );
    expect(suggest('x', words, 'choose another')).toMatch(/WORD7, …$/);
  });

  test('says that nothing is checked when no check blocks', () => {
    expect(() => blockingChecks(TABLE, 'warehouse.main.fetch')).toThrow(/No stage is a blocking check/);
  });

  test('names the blocking checks', () => {
    const work = { kind: 'check', from: 'warehouse.main.fetch', blocking: true, assertions: [] } as const;
    const project = projectOf([
      { name: 'fetch', period: '1h' },
      { name: 'customs', period: '1h', reads: ['fetch'], also: { work } },
    ]);
    expect(() => blockingChecks(buildRoutingTable(1, project), 'shop.public.orders')).toThrow(
      /Blocking checks: p\.customs \(of warehouse\.main\.fetch\)\.$/,
    );
  });
});

test('a label whose interval has not ended is refused with its end and the newest that has', () => {
  const now = Date.parse('2020-03-03T11:30:00Z');
  expect(() => requireEnded(FETCH, '20200303110000' as Timelabel, now)).toThrow(
    /ends at 2020-03-03T12:00Z.* ended is 20200303100000\.$/,
  );
  expect(() => requireEnded(FETCH, '20200303100000' as Timelabel, now)).not.toThrow();
});

test('one of something is not plural', () => {
  expect([1, 2].map(labelCount)).toEqual(['1 label', '2 labels']);
  expect(inputsThere({ have: 0, expected: 1 })).toBe('0 of 1 input is there');
  expect(inputsThere({ have: 1, expected: 2 })).toBe('1 of 2 inputs are there');
});

test('resuming a stage of a paused pipeline says that it still stands still', () => {
  const preview = { paused: true, run: [], skip: [], stay: [], others: ['orders'] };
  expect(describeResume('orders.load', 'drain', preview, true)).toContain(
    'orders.load still stands still, because orders is paused: reefline resume orders',
  );
  expect(describeResume('orders', 'drain', { ...preview, others: ['orders.load'] }, true)).toContain(
    'orders.load still stands still, because it is paused itself: reefline resume orders.load',
  );
});

test('a difference shows deadlines and schedules as people write them', () => {
  const after = {
    ...PROJECT,
    stages: [
      { ...FETCH, deadline: { seconds: 3600, then: 'fail' } as const, schedule: { cron: '10 * * * *' } },
    ],
  };
  const [change] = diffProjects(PROJECT, after).stages.changed;
  expect(change?.changes).toEqual([
    { field: 'deadline', before: null, after: '1h, then fail' },
    { field: 'schedule', before: null, after: '10 * * * * (every hour at minute 10)' },
  ]);
});

test('a released label that is rejected is told how to replace it', () => {
  const latest = {
    revision: 3,
    status: 'SUCCESS',
    outcome: 'RELEASED',
    configVersion: 1,
    vector: '',
    pinned: null,
    events: null,
  } as const;
  const judged: JudgedCheck['judged'] = { kind: 'not quarantined', latest };
  expect(describeJudged({ check: 'p.customs', judged }, '20200303000000')).toMatch(
    /was released by p\.customs revision 3.*mend the data and make it again/,
  );
});

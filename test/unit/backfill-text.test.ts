import { describe, expect, test } from '@jest/globals';
import type { BackfillDraft } from '../../activities/backfill-draft.ts';
import { backfillTable, backfillText, draftText } from '../../cli/backfill-text.ts';
import type { CliContext } from '../../cli/context.ts';
import type { BackfillRecord } from '../../catalog/backfill.ts';
import type { StagePlan } from '../../pipeline/backfill-plan.ts';
import {
  describeCounts,
  describeProgress,
  doneOf,
  NO_COUNTS,
  type BackfillProgress,
} from '../../pipeline/backfill-progress.ts';
import type { BackfillRequest } from '../../pipeline/backfill-request.ts';

const CONTEXT = {
  columns: 110,
  paint: (_style: unknown, text: string) => text,
  now: () => Date.parse('2020-03-03T12:00:00Z'),
} as unknown as CliContext;

const REQUEST: BackfillRequest = {
  ...{ target: 'p.hourly', from: '2020-03-01', to: '2020-03-02', downstream: true, only: false },
  ...{ rerun: 'none', maxConcurrent: 4, backwards: false, reason: null, by: null },
};
const RECORD: BackfillRecord = {
  ...{ id: 'march', request: REQUEST, stages: [], status: 'running', attempt: 1, createdBy: 'tester' },
  ...{ createdAt: new Date('2020-03-03T11:59:00Z'), endedAt: null },
};
const PROGRESS: BackfillProgress = {
  ...{ id: 'march', status: 'running', stages: [], pausedStages: [], heldByPause: [], failures: [] },
  counts: NO_COUNTS,
};

function shown(progress: Partial<BackfillProgress>): string {
  return backfillText(CONTEXT, RECORD, { ...PROGRESS, ...progress });
}

describe('how far a backfill is', () => {
  const counts = { ...NO_COUNTS, success: 2, cancelled: 117, blocked: 1 };

  test('counts nothing as done that was cancelled or blocked before it ran', () => {
    expect(doneOf(counts)).toBe(2);
    expect(describeCounts(counts)).toBe('2 of 120 labels: 2 success, 1 blocked, 117 cancelled');
    expect(shown({ counts })).toMatch(/░\] {3}1 %\n2 of 120 labels: /);
    expect(backfillTable(CONTEXT, [{ ...RECORD, counts }])).toMatch(/^march +running +2 +120 /m);
  });

  test('counts as done whatever came to an end of its own', () => {
    const ended = { ...NO_COUNTS, success: 1, existing: 1, failure: 1, skipped: 1, waiting: 1 };
    expect(doneOf({ ...ended, planned: 7, running: 7 })).toBe(5);
    expect(shown({ counts: ended })).toContain('100 %');
  });

  test('says of labels that a pause holds that they fill room and do not run', () => {
    const held = {
      counts: { ...NO_COUNTS, planned: 43, running: 3, success: 3 },
      pausedStages: ['p.loaded', 'p.daily'],
      heldByPause: [{ stage: 'p.loaded', labels: 2, scopes: ['p', 'p.loaded'] }],
    };
    for (const text of [shown(held), describeProgress({ ...PROGRESS, ...held })]) {
      expect(text).toContain('3 of 49 labels: 43 planned, 1 running, 2 held, 3 success');
      expect(text).toContain(
        'p.loaded: 2 labels are held by a pause of p and p.loaded and fill room of --max-concurrent; they run after: reefline resume p and reefline resume p.loaded',
      );
      expect(text).toContain('p.daily is paused; its labels start when it is resumed.');
      expect(text).not.toContain('p.loaded is paused');
    }
  });

  test('reads what histories from before pauses were told of have recorded', () => {
    const { heldByPause: _, ...old } = { ...PROGRESS, counts: { ...NO_COUNTS, running: 2 } };
    expect(describeProgress({ ...old, pausedStages: ['p.loaded'] })).toContain('0 of 2 labels: 2 running');
  });
});

describe('a plan', () => {
  const STAGE: StagePlan = {
    ...{
      stage: 'p.hourly',
      dataset: 'warehouse.main.hourly',
      toRun: 30,
      existing: 4,
      inFlight: 0,
      future: 0,
    },
    ...{ outsideSchedule: 0, incomplete: 0, exampleMissing: null },
    ...{ first: '20200301000000', last: '20200301230000' },
  };
  const drawn = (...stages: Partial<StagePlan>[]): string => {
    const draft: BackfillDraft = {
      ...{ items: [], held: [], paused: [] },
      stages: stages.map((stage) => ({ ...STAGE, ...stage })),
    };
    return draftText(CONTEXT, REQUEST, draft);
  };
  const missing = { timelabel: '20200301000000', dataset: 'a.b.c', inputLabel: '20200301000000' };

  test('ends with each label in one number', () => {
    expect(drawn({})).toMatch(/\n30 labels to run\.$/);
    const waits = { stage: 'p.rev5', toRun: 1, inFlight: 3, incomplete: 2, exampleMissing: missing };
    expect(drawn({}, waits)).toMatch(/\n31 labels to run, 3 to be joined, 2 that will wait\.$/);
    expect(drawn({ toRun: 0, incomplete: 1, exampleMissing: missing })).toMatch(
      /\n0 labels to run, 1 that will wait\.$/,
    );
  });

  test('says that the limit of restated labels does not concern what it orders', () => {
    expect(drawn({ restatedLimit: 20 })).toContain(
      'p.hourly: max_restated_labels (20) limits what events restate; the labels of this backfill are neither held by it nor counted',
    );
    expect(drawn({ restatedLimit: 20, toRun: 0 })).not.toContain('max_restated_labels');
    expect(drawn({})).not.toContain('max_restated_labels');
  });
});

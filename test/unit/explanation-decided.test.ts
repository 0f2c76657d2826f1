import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { explain } from '../../pipeline/explanation.ts';
import type { BackfillFact, RunFact, StandingFacts } from '../../pipeline/explanation-facts.ts';
import { openerOfRun } from '../../pipeline/explanation-words.ts';
import { OUTCOMES } from '../../pipeline/outcome.ts';
import { DAILY, facts, LABEL, NOW } from '../support/standing-facts.ts';

const RUN: RunFact = {
  ...{ revision: 2, status: 'SUCCESS', outcome: 'SUCCESS', trigger: 'event', backfill: null },
  ...{ propagates: true, configVersion: 1, attempt: 1, openedAt: NOW, startedAt: NOW, closedAt: NOW },
  ...{
    deadline: null,
    lateAt: null,
    causedBy: [],
    rows: 3,
    error: null,
    without: [],
    inputs: 1,
    changed: [],
  },
};
const CHANGED = {
  ...{ dataset: 'warehouse.main.fetch', timelabel: LABEL, from: 1, to: 2, origin: null },
};

/** Facts of a daily stage whose newest run is the given one; the rest is anything. */
function standing(change: Partial<StandingFacts>): fc.Arbitrary<StandingFacts> {
  const base = {
    ...{
      asked: 'p.daily',
      stageId: 'p.daily',
      stage: DAILY,
      held: null,
      checks: [],
      backfills: [],
      silent: [],
    },
    ...{ notes: [], missing: [], missingCount: 0, pauses: [], runs: [RUN], runCount: 1, opening: null },
  };
  return facts.map((known) => ({ ...known, ...base, ...change }));
}

function everyAnswer(
  change: Partial<StandingFacts>,
  check: (text: ReturnType<typeof explain>) => void,
): void {
  fc.assert(
    fc.property(standing(change), (known) => check(explain(known))),
    { numRuns: 50 },
  );
}

describe('an explanation of what was decided', () => {
  const error = { class: 'rejected', message: 'the shop was closed', facts: {} };

  test.each(OUTCOMES.filter((outcome) => ['SKIPPED', 'MISSING', 'HELD', 'LATE'].includes(outcome)))(
    'never ends with the class of the error: %s',
    (outcome) => {
      const status = outcome === 'SKIPPED' ? 'SKIPPED' : 'FAILURE';
      everyAnswer({ runs: [{ ...RUN, status, outcome, error }] }, ({ answer }) => {
        expect(answer).not.toContain('(rejected)');
      });
    },
  );
});

describe('an explanation of a label below one that was run with --only', () => {
  const silent = [{ dataset: 'warehouse.main.fetch', timelabel: LABEL }];
  const opening: StandingFacts['opening'] = {
    ...{ kind: 'run', revision: 3, vector: '', inputs: [], alreadyOpen: false, changed: false },
    ...{ partial: false, missing: [], restates: true },
  };

  test('says that nothing follows by itself, and how to take it up', () => {
    everyAnswer({ silent, opening }, ({ answer, next }) => {
      expect(answer).toContain(`warehouse.main.fetch ${LABEL} changed since and was run with --only`);
      expect(answer).not.toContain('has not opened yet');
      expect(next[0]).toMatchObject({ command: `reefline run p.daily ${LABEL}` });
    });
  });

  test('is not told of inputs whose events start runs', () => {
    everyAnswer({ opening }, ({ answer }) => {
      expect(answer).toContain('its inputs have changed since, and the next revision has not opened yet');
    });
  });
});

describe('the opener of a partial run', () => {
  test('is its deadline only when no input came since', () => {
    fc.assert(
      fc.property(standing({}), (known) => {
        const partial: RunFact = { ...RUN, outcome: 'PARTIAL' };
        expect(openerOfRun(known, partial)).toBe('its deadline');
        expect(openerOfRun(known, { ...partial, changed: [CHANGED] })).toBe('an event');
      }),
      { numRuns: 50 },
    );
  });
});

describe('an explanation of a label of an open backfill', () => {
  const backfill: BackfillFact = {
    ...{ id: 'march', status: 'running', createdBy: 'ada', createdAt: NOW, reason: null, item: 'planned' },
  };

  test('sends to the backfill, which runs it', () => {
    everyAnswer({ runs: [], runCount: 0, backfills: [backfill] }, ({ next }) => {
      expect(next).toMatchObject([{ command: 'reefline backfill show march' }]);
    });
  });

  test('goes on with a paused one', () => {
    const paused = { ...backfill, status: 'paused' };
    everyAnswer({ runs: [], runCount: 0, backfills: [paused] }, ({ next }) => {
      expect(next[0]).toMatchObject({ command: 'reefline backfill resume march' });
    });
  });

  test('names first the pause that holds both', () => {
    const held = { cause: 'paused' as const, since: NOW };
    const pauses = [{ scope: 'p', by: 'ada', since: NOW.toISOString(), reason: 'resizing' }];
    everyAnswer({ runs: [], runCount: 0, backfills: [backfill], held, pauses }, ({ next }) => {
      expect(next[0]).toMatchObject({ command: 'reefline resume p --dry-run' });
      expect(next.at(-1)).toMatchObject({ command: 'reefline backfill show march' });
    });
  });
});

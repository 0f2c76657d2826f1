import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { explain } from '../../pipeline/explanation.ts';
import type { BackfillFact, RunFact, StandingFacts } from '../../pipeline/explanation-facts.ts';
import { openerOfRun } from '../../pipeline/explanation-words.ts';
import { RUN_STATUSES } from '../../pipeline/opening.ts';
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
      refused: [],
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

describe('an explanation of a label that its deadline opened', () => {
  const without = [{ dataset: 'warehouse.main.fetch', timelabel: LABEL }];
  const error = { class: 'timeout', message: 'too slow', facts: {} };

  test('says so, and what was left out, also when it failed', () => {
    const run: RunFact = { ...RUN, revision: 1, status: 'FAILURE', outcome: 'FAILURE', error, without };
    everyAnswer({ runs: [run] }, ({ answer, timeline }) => {
      expect(answer).toContain(
        `as revision 1, opened at its deadline without warehouse.main.fetch ${LABEL}: too slow`,
      );
      const [opened = ''] = timeline.map(({ text }) => text).filter((text) => /^Revision 1 was o/.test(text));
      expect(opened).toContain(
        `Revision 1 was opened at its deadline, with 1 input and without warehouse.main.fetch ${LABEL}`,
      );
    });
  });

  test('names what came in and what was still left out', () => {
    const run: RunFact = { ...RUN, outcome: 'PARTIAL', without, changed: [CHANGED] };
    everyAnswer({ runs: [run] }, ({ timeline }) => {
      expect(timeline.map(({ text }) => text).join(' ')).toContain(
        `was opened by an event, because warehouse.main.fetch ${LABEL} got revision 2, without warehouse.main.fetch ${LABEL}`,
      );
    });
  });
});

describe('an explanation of a label whose stage is not in force', () => {
  // What the command line refuses for a stage that is not there.
  const REFUSED = /^reefline (run|release|reject|resume) /;

  test.each(RUN_STATUSES)('of whatever became of its run, %s, names no command that is refused', (status) => {
    fc.assert(
      fc.property(
        standing({ stage: null }),
        fc.option(fc.constantFrom(...OUTCOMES), { nil: null }),
        fc.option(fc.constantFrom('paused' as const, 'storm' as const), { nil: null }),
        (known, outcome, cause) => {
          const held = cause === null ? null : { cause, since: NOW };
          const { next } = explain({ ...known, held, runs: [{ ...RUN, status, outcome }] });
          const commands = next.flatMap((step) => (step.kind === 'command' ? [step.command] : []));
          expect(commands.filter((command) => REFUSED.test(command))).toEqual([]);
          expect(next.map(({ kind }) => kind)).not.toContain('cure');
          expect(commands.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('an explanation of a label that was made of what has been refused since', () => {
  const refused: StandingFacts['refused'] = [
    {
      ...{ dataset: 'warehouse.main.goods', timelabel: LABEL, revision: 4, check: 'p.customs', at: NOW },
      ...{ rejected: true, actor: 'ada', reason: 'the export was cut off.', error: null },
    },
  ];

  test('names the revision, who refused it and why, and does not say that nothing has to be done', () => {
    everyAnswer({ refused }, ({ answer, next }) => {
      expect(answer).toContain(
        `it was made of warehouse.main.goods ${LABEL} revision 4, which ada rejected at 2020-03-04T06:00Z: the export was cut off`,
      );
      expect(next).toMatchObject([
        { command: `reefline run p.customs ${LABEL}` },
        { command: `reefline release warehouse.main.goods ${LABEL} --reason "…"` },
        { command: `reefline runs show p.daily ${LABEL}` },
      ]);
    });
  });

  test('names the check as long as nobody has judged', () => {
    const [one] = refused;
    if (one === undefined) throw new Error('nothing is refused');
    const error = { class: 'data_error', message: 'negative found 2 rows. Repair it.', facts: {} };
    const quarantined = { ...one, rejected: false, actor: null, reason: null, error };
    everyAnswer({ refused: [quarantined, one] }, ({ answer }) => {
      expect(answer).toContain(
        'revision 4 (and 1 more refused label), which p.customs quarantines since 2020-03-04T06:00Z: negative found 2 rows',
      );
    });
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

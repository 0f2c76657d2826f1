import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  HINDERING_STATES,
  judgeItem,
  MAX_STARTS,
  REPEAT_START_SECONDS,
  type ItemEvidence,
} from '../../pipeline/backfill-item.ts';
import { RUN_STATUSES } from '../../pipeline/opening.ts';

const BEGUN: ItemEvidence = {
  baseline: 2,
  starts: 0,
  secondsSinceStart: null,
  newest: null,
  logged: false,
  stale: false,
  held: null,
  upstreamOpen: false,
  hindrance: null,
  childEnded: false,
  stageKnown: true,
  cancelling: false,
};
const judge = (evidence: Partial<ItemEvidence>): ReturnType<typeof judgeItem> =>
  judgeItem({ ...BEGUN, ...evidence });
const run = (status: (typeof RUN_STATUSES)[number], revision = 3): Partial<ItemEvidence> => ({
  newest: { status, revision },
});

describe('an item that has begun', () => {
  test('is started once, when everything before it has ended', () => {
    expect(judge({ upstreamOpen: true })).toEqual({ kind: 'leave' });
    expect(judge({})).toEqual({ kind: 'start' });
    expect(judge({ starts: 1, secondsSinceStart: 1 })).toEqual({ kind: 'leave' });
  });

  test('is started again when nothing shows of it, and given up at last with where to look', () => {
    const lost = { starts: 1, secondsSinceStart: REPEAT_START_SECONDS };
    expect(judge(lost)).toEqual({ kind: 'start' });
    expect(judge({ ...lost, starts: MAX_STARTS })).toMatchObject({ kind: 'end', state: 'failure' });
  });

  test('ends with its revision when its event is in the log, nothing before it is open and its inputs are the newest', () => {
    const done = { ...run('SUCCESS'), logged: true };
    expect(judge(done)).toMatchObject({ state: 'success', revision: 3 });
    expect(judge({ ...done, logged: false })).toEqual({ kind: 'leave' });
    expect(judge({ ...done, upstreamOpen: true })).toEqual({ kind: 'leave' });
    expect(judge({ ...done, stale: true })).toEqual({ kind: 'leave' });
    expect(judge({ ...run('FAILURE'), logged: true })).toMatchObject({ state: 'failure', revision: 3 });
  });

  test('is not ended by a revision from before the backfill', () => {
    expect(judge({ ...run('SUCCESS', 2), logged: true })).toEqual({ kind: 'start' });
    expect(judge({ ...run('FAILURE', 2), logged: true })).toEqual({ kind: 'start' });
  });

  test('was there when its run ended without a new revision', () => {
    const ended = { starts: 1, secondsSinceStart: 1, childEnded: true };
    expect(judge({ ...ended, ...run('SUCCESS', 2) })).toMatchObject({ state: 'existing', revision: 2 });
    expect(judge({ ...ended, ...run('FAILURE', 2) })).toMatchObject({ state: 'failure' });
    expect(judge(ended)).toMatchObject({ state: 'failure' });
  });

  test('is not begun behind a failure, and only waits behind what waits', () => {
    const behind = (state: (typeof HINDERING_STATES)[number]): Partial<ItemEvidence> => ({
      hindrance: { state, item: 'p.hourly 20200301000000' },
    });
    expect(judge(behind('failure'))).toMatchObject({ state: 'blocked' });
    expect(judge({ ...behind('failure'), ...run('WAITING') })).toMatchObject({ state: 'blocked' });
    expect(judge(behind('waiting'))).toMatchObject({ state: 'waiting' });
    expect(judge(behind('skipped'))).toMatchObject({ state: 'skipped' });
    // An event started it all the same: a stage may run on the failure of its input.
    expect(judge({ ...behind('failure'), ...run('SUCCESS'), logged: true })).toMatchObject({
      state: 'success',
    });
  });

  test('that waits for inputs from outside keeps no room', () => {
    expect(judge({ ...run('WAITING'), upstreamOpen: true })).toEqual({ kind: 'leave' });
    expect(judge(run('WAITING'))).toMatchObject({ kind: 'end', state: 'waiting' });
  });

  test('that a pause holds is neither started again nor ended', () => {
    expect(judge({ held: 'paused', starts: 1, secondsSinceStart: 10_000, childEnded: true })).toEqual({
      kind: 'leave',
    });
  });

  test('that is complete and that a pause holds does not end as one that waits for inputs from outside', () => {
    expect(judge({ held: 'paused', ...run('WAITING') })).toEqual({ kind: 'leave' });
  });

  test('that the limit of restated labels holds is started by the backfill, whether or not a run of it waits', () => {
    for (const evidence of [run('SUCCESS', 2), run('WAITING')]) {
      const held = { held: 'storm', ...evidence } as const;
      expect(judge(held)).toEqual({ kind: 'start' });
      expect(judge({ ...held, starts: 1, secondsSinceStart: 1 })).toEqual({ kind: 'leave' });
      // What feeds it comes first, and its event may let it go.
      expect(judge({ ...held, upstreamOpen: true })).toEqual({ kind: 'leave' });
      expect(judge({ ...held, cancelling: true })).toMatchObject({ state: 'cancelled' });
    }
  });

  test('that runs when the backfill is cancelled is followed to its end, whatever its inputs', () => {
    expect(judge({ cancelling: true, ...run('RUNNING') })).toEqual({ kind: 'leave' });
    expect(judge({ cancelling: true, ...run('SUCCESS'), logged: true, stale: true })).toMatchObject({
      state: 'success',
    });
    expect(judge({ cancelling: true, ...run('WAITING') })).toMatchObject({ state: 'cancelled' });
    expect(judge({ cancelling: true })).toMatchObject({ state: 'cancelled' });
  });

  test('always ends: no evidence that has come to rest leaves it open', () => {
    fc.assert(
      fc.property(
        fc.record({
          newest: fc.option(
            fc.record({
              revision: fc.integer({ min: 1, max: 4 }),
              status: fc.constantFrom(...RUN_STATUSES.filter((s) => s !== 'RUNNING' && s !== 'SUPERSEDED')),
            }),
          ),
          hindrance: fc.option(
            fc.record({ state: fc.constantFrom(...HINDERING_STATES), item: fc.constant('x') }),
          ),
          cancelling: fc.boolean(),
          childEnded: fc.boolean(),
          stageKnown: fc.boolean(),
        }),
        (rest) => {
          const settled = { upstreamOpen: false, stale: false, logged: true, held: null, baseline: 2 };
          const late = { starts: MAX_STARTS, secondsSinceStart: REPEAT_START_SECONDS };
          expect(judgeItem({ ...settled, ...late, ...rest }).kind).toBe('end');
        },
      ),
    );
  });
});

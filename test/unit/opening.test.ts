import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Head } from '../../pipeline/completeness.ts';
import { vectorOf } from '../../pipeline/input-vector.ts';
import {
  decideOpening,
  NAMED_MISSING,
  type LedgerState,
  type OpeningRequest,
} from '../../pipeline/opening.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { labelAt, type Timelabel } from '../../pipeline/timelabel.ts';
import { projectOf } from '../support/project.ts';

const [, daily, plain, hourly] = projectOf([
  { name: 'hours', period: '1h' },
  { name: 'daily', period: '1d', reads: ['hours'] },
  { name: 'plain', period: '1d' },
  { name: 'hourly', period: '1h', reads: ['daily'] },
]).stages as [StageDefinition, StageDefinition, StageDefinition, StageDefinition];

const DAY = '20010105000000' as Timelabel;
const NOTHING: LedgerState = {
  latest: null,
  acceptedVector: null,
  highestRevision: 0,
  paused: null,
  restatedLabels: null,
};
const NOW = Date.UTC(2001, 0, 6);
/** What most runs leave unsaid. */
const PLAIN = { outcome: null, deadline: null, late: false, only: false, overtaken: false } as const;
const EVENT: OpeningRequest = { trigger: 'event', rerun: null };

function head(at: number, revision = 1): Head {
  const timelabel = labelAt(Date.UTC(2001, 0, 5, at));
  return { timelabel, revision, eventId: `${timelabel}/r${String(revision)}` };
}

const ALL = Array.from({ length: 24 }, (_, at) => head(at));
const HOURS = 'warehouse.main.hours';

function open(
  heads: readonly Head[],
  ledger: LedgerState,
  request = EVENT,
): ReturnType<typeof decideOpening> {
  return decideOpening(daily, DAY, [{ dataset: HOURS, heads }], ledger, request, NOW);
}

function ended(status: 'SUCCESS' | 'FAILURE', vector: string, request: string | null = null): LedgerState {
  return {
    ...NOTHING,
    latest: { revision: 1, status, vector, request, ...PLAIN },
    acceptedVector: status === 'SUCCESS' ? vector : null,
    highestRevision: 1,
  };
}

const COMPLETE = vectorOf(ALL.map((one) => ({ dataset: HOURS, ...one })));
const RESTATED = [...ALL.slice(0, 8), head(8, 2), ...ALL.slice(9)];

describe('completeness', () => {
  test('a day with 23 of its hours waits for the one that is missing', () => {
    expect(open([...ALL.slice(0, 8), ...ALL.slice(9)], NOTHING)).toEqual({
      kind: 'waiting',
      revision: 1,
      have: 23,
      expected: 24,
      missing: [{ dataset: HOURS, timelabel: '20010105080000' }],
      deadline: null,
    });
  });

  test('hours of other days do not count', () => {
    const other = Array.from({ length: 24 }, (_, at) => head(at + 24));
    expect(open(other, NOTHING)).toMatchObject({ kind: 'waiting', have: 0, expected: 24 });
  });

  test('a few missing inputs are named, and the count is exact', () => {
    const opening = open([], NOTHING);
    if (opening.kind !== 'waiting') throw new Error('it waits');
    expect(opening.missing).toHaveLength(NAMED_MISSING);
    expect(opening.expected).toBe(24);
  });

  test('a stage without inputs is complete at once', () => {
    expect(decideOpening(plain, DAY, [], NOTHING, EVENT, NOW)).toMatchObject({ kind: 'run', revision: 1 });
  });

  test('a source waits for the end of its interval, and a tick is believed that comes a minute before by this clock', () => {
    const kindAt = (seconds: number, trigger: OpeningRequest['trigger']) =>
      decideOpening(plain, DAY, [], NOTHING, { trigger, rerun: null }, NOW - seconds * 1000).kind;
    expect([kindAt(0, 'event'), kindAt(1, 'event'), kindAt(1, 'manual')]).toEqual([
      ...['run', 'nothing-new', 'nothing-new'],
    ]);
    expect([kindAt(60, 'schedule'), kindAt(61, 'schedule')]).toEqual(['run', 'nothing-new']);
  });

  test('a finer stage takes the newest label at or before its own, and waits when there is none', () => {
    const at = '20010105080000' as Timelabel;
    const heads = [head(-48), head(0), head(24)];
    const dataset = 'warehouse.main.daily';
    expect(decideOpening(hourly, at, [{ dataset, heads }], NOTHING, EVENT, NOW)).toMatchObject({
      kind: 'run',
      inputs: [{ timelabel: '20010105000000' }],
    });
    expect(decideOpening(hourly, at, [{ dataset, heads: [head(24)] }], NOTHING, EVENT, NOW)).toMatchObject({
      kind: 'waiting',
      missing: [{ dataset, timelabel: at }],
    });
  });
});

describe('revisions', () => {
  test('the order in which inputs are read changes nothing', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(ALL, { minLength: 24 }), (heads) => {
        expect(open(heads, NOTHING)).toEqual(open(ALL, NOTHING));
      }),
    );
  });

  test('the vector tells every difference of revisions', () => {
    const revisions = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 5, maxLength: 5 });
    const vector = (list: readonly number[]): string =>
      vectorOf(list.map((revision, at) => ({ dataset: HOURS, ...head(at, revision) })));
    fc.assert(
      fc.property(revisions, revisions, (a, b) => {
        expect(vector(a) === vector(b)).toBe(String(a) === String(b));
      }),
      { numRuns: 500 },
    );
  });

  test('the vector of a day stays short', () => {
    expect(COMPLETE).toBe(`${HOURS} 20010105000000-20010105230000 1x24`);
  });

  test('the same inputs again are nothing new, a restated one is the next revision', () => {
    expect(open(ALL, ended('SUCCESS', COMPLETE))).toEqual({
      kind: 'nothing-new',
      revision: 1,
      reason: 'same inputs',
    });
    expect(open(RESTATED, ended('SUCCESS', COMPLETE))).toMatchObject({ kind: 'run', revision: 2 });
  });

  test('a run that waited keeps the revision that it reserved', () => {
    const waiting: LedgerState = {
      ...NOTHING,
      latest: { revision: 3, status: 'WAITING', vector: '', request: null, ...PLAIN },
      highestRevision: 3,
    };
    expect(open(ALL.slice(1), waiting)).toMatchObject({ kind: 'waiting', revision: 3 });
    expect(open(ALL, waiting)).toMatchObject({ kind: 'run', revision: 3, alreadyOpen: false });
  });

  test('a waiting run stays ahead of what somebody else reported of its dataset meanwhile', () => {
    const overtaken: LedgerState = {
      ...NOTHING,
      latest: { revision: 3, status: 'WAITING', vector: '', request: null, ...PLAIN },
      highestRevision: 4,
    };
    expect(open(ALL.slice(1), overtaken)).toMatchObject({ kind: 'waiting', revision: 5 });
    expect(open(ALL, overtaken)).toMatchObject({ kind: 'run', revision: 5, alreadyOpen: false });
  });

  test('whatever comes while a run is open, it is that run', () => {
    const running: LedgerState = {
      ...NOTHING,
      latest: { revision: 2, status: 'RUNNING', vector: COMPLETE, request: null, ...PLAIN },
      highestRevision: 2,
    };
    for (const rerun of [null, 'please'])
      expect(open(RESTATED, running, { trigger: 'manual', rerun })).toMatchObject({
        kind: 'run',
        revision: 2,
        alreadyOpen: true,
      });
  });

  test('a label that an outside service reported goes on from its revision', () => {
    expect(open(ALL, { ...NOTHING, highestRevision: 4 })).toMatchObject({ kind: 'run', revision: 5 });
  });
});

describe('a run that wrote after somebody else had reported the label', () => {
  const overtaken = (only: boolean): LedgerState => {
    const ledger = ended('SUCCESS', COMPLETE);
    const latest = ledger.latest === null ? null : { ...ledger.latest, overtaken: true, only };
    return { ...ledger, latest, highestRevision: 2 };
  };

  test('is followed by another one, so that what it wrote is the newest', () => {
    expect(open(ALL, overtaken(false))).toMatchObject({ kind: 'run', revision: 3, restates: true });
  });

  test('is not when a person ran it on its own, for nobody is to hear of it', () => {
    expect(open(ALL, overtaken(true))).toMatchObject({ kind: 'nothing-new' });
  });
});

describe('after a failure', () => {
  test('an event of unchanged inputs does not repeat it; a person, a schedule and a backfill do', () => {
    const failed = ended('FAILURE', COMPLETE);
    expect(open(ALL, failed)).toMatchObject({ kind: 'nothing-new', reason: 'failed with the same inputs' });
    for (const trigger of ['manual', 'schedule', 'backfill'] as const)
      expect(open(ALL, failed, { trigger, rerun: null })).toMatchObject({ kind: 'run', revision: 2 });
  });

  test('an event of changed inputs starts the next revision', () => {
    expect(open(RESTATED, ended('FAILURE', COMPLETE))).toMatchObject({ kind: 'run', revision: 2 });
  });
});

describe('a revision that a person asks for', () => {
  const request: OpeningRequest = { trigger: 'manual', rerun: 'request 1' };

  test('opens although nothing changed, and once only', () => {
    expect(open(ALL, ended('SUCCESS', COMPLETE), request)).toMatchObject({ kind: 'run', revision: 2 });
    for (const status of ['SUCCESS', 'FAILURE'] as const)
      expect(open(ALL, ended(status, COMPLETE, 'request 1'), request)).toMatchObject({
        kind: 'nothing-new',
        reason: 'request served',
      });
  });

  test('does not hide inputs that changed since it was served', () => {
    expect(open(RESTATED, ended('SUCCESS', COMPLETE, 'request 1'), request)).toMatchObject({ kind: 'run' });
  });

  test('waits for inputs as any run does', () => {
    expect(open(ALL.slice(1), NOTHING, request)).toMatchObject({ kind: 'waiting' });
  });
});

describe('an input behind which something has moved on', () => {
  const [, , joined] = projectOf([
    { name: 'a', period: '1d' },
    { name: 'b', period: '1d' },
    { name: 'joined', period: '1d', reads: ['a', 'b'], also: { when: 'any' } },
  ]).stages as [StageDefinition, StageDefinition, StageDefinition];
  const of = (a: number, b: Partial<Head>) => [
    { dataset: 'warehouse.main.a', heads: [{ timelabel: DAY, revision: a, eventId: 'a' }] },
    { dataset: 'warehouse.main.b', heads: [{ timelabel: DAY, revision: 1, eventId: 'b', ...b }] },
  ];
  const moved = { unsettled: { dataset: 'source', timelabel: DAY } };
  const failed = { ...moved, stalled: true } as const;
  const opening = (inputs: ReturnType<typeof of>, ledger: LedgerState, request = EVENT) =>
    decideOpening(joined, DAY, inputs, ledger, request, NOW);
  const first = opening(of(1, {}), NOTHING);
  const both = first.kind === 'run' ? first.vector : '';

  test('was used before it failed, so the label is not made again without it', () => {
    const same = { kind: 'nothing-new', revision: 1 };
    expect(opening(of(1, failed), ended('SUCCESS', both))).toMatchObject({ ...same, reason: 'same inputs' });
    const twice = { ...same, reason: 'failed with the same inputs' };
    expect(opening(of(1, failed), ended('FAILURE', both))).toMatchObject(twice);
    const running = {
      ...NOTHING,
      latest: { revision: 1, status: 'RUNNING', vector: both, request: null, ...PLAIN },
    };
    expect(opening(of(1, failed), running as LedgerState)).toMatchObject({ kind: 'run', changed: false });
  });

  test('is done without when another input has something new', () => {
    expect(opening(of(2, failed), ended('SUCCESS', both))).toMatchObject({
      kind: 'run',
      revision: 2,
      inputs: [{ dataset: 'warehouse.main.a', revision: 2 }],
    });
  });

  test('opens nothing when an event comes twice, and a run that waits when a person asks', () => {
    expect(opening(of(1, moved), ended('SUCCESS', both))).toMatchObject({ reason: 'same inputs' });
    const asked = opening(of(1, moved), ended('SUCCESS', both), { trigger: 'manual', rerun: null });
    expect(asked).toMatchObject({ kind: 'waiting', revision: 2 });
    expect(opening(of(2, moved), ended('SUCCESS', both))).toMatchObject({ kind: 'waiting', revision: 2 });
  });
});

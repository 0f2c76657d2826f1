import fc from 'fast-check';
import type {
  MissingFact,
  NoteFact,
  ProducerFact,
  ProducerRun,
  RunFact,
  StandingFacts,
  VerdictFact,
} from '../../pipeline/explanation-facts.ts';
import { RUN_STATUSES, TRIGGERS } from '../../pipeline/opening.ts';
import { OUTCOMES } from '../../pipeline/outcome.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { VERDICTS } from '../../pipeline/verdict.ts';
import { projectOf } from './project.ts';

/* What a catalog may say of a label, also what no rule would write: an explanation has to be made of anything. */

export const LABEL = '20200303000000' as Timelabel;
export const NOW = new Date('2020-03-04T06:00:00Z');
const [fetch, daily, check] = projectOf([
  { name: 'fetch', period: '1h', cron: '10 * * * *' },
  { name: 'daily', period: '1d', reads: ['fetch'] },
  {
    name: 'check',
    period: '1d',
    reads: ['daily'],
    also: { work: { kind: 'check', from: 'warehouse.main.daily', blocking: true, assertions: [] } },
  },
]).stages;
if (fetch === undefined || daily === undefined || check === undefined) throw new Error('no stages');
/** An hourly stage with a schedule, and a daily one that reads it. */
export const FETCH = fetch;
export const DAILY = daily;

const date = fc.date({ min: new Date('2020-01-01'), max: new Date('2020-12-31'), noInvalidDate: true });
const words = fc.constantFrom('late rows', 'permission denied for table orders.', 'a: b\nc', 'x'.repeat(300));
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const error = maybe(
  fc.record({ class: fc.constantFrom('unauthorized', 'timeout'), message: words, facts: fc.constant({}) }),
);
const outcome = fc.constantFrom(...OUTCOMES);
const label = fc
  .constantFrom('20200303000000', '20200303010000', '20200304000000')
  .map((text) => text as Timelabel);
const pair = fc.record({ dataset: fc.constant('warehouse.main.fetch'), timelabel: label });
const verdict: fc.Arbitrary<VerdictFact> = fc.record({
  eventId: fc.constant('p.fetch/20200303000000/r1'),
  dataset: fc.constant('warehouse.main.fetch'),
  eventLabel: label,
  eventRevision: fc.integer({ min: 1, max: 9 }),
  outcome,
  stage: fc.constant('p.daily'),
  timelabel: label,
  verdict: fc.constantFrom(...VERDICTS),
  reason: words,
  decidedAt: date,
});
const ended = {
  revision: fc.integer({ min: 1, max: 9 }),
  status: fc.constantFrom(...RUN_STATUSES),
  outcome: maybe(outcome),
};
const dates = { openedAt: date, startedAt: maybe(date), closedAt: maybe(date), lateAt: maybe(date) };
const producerRun: fc.Arbitrary<ProducerRun> = fc.record({ ...ended, ...dates, attempt: fc.nat(3), error });
const run: fc.Arbitrary<RunFact> = fc.record({
  ...ended,
  ...dates,
  trigger: fc.constantFrom(...TRIGGERS),
  backfill: maybe(fc.constant('march')),
  propagates: fc.boolean(),
  configVersion: fc.integer({ min: 1, max: 3 }),
  attempt: fc.nat(3),
  deadline: maybe(date),
  causedBy: fc.constant(['p.fetch/20200303000000/r1']),
  rows: maybe(fc.nat()),
  error,
  without: fc.array(pair, { maxLength: 5 }),
  inputs: fc.nat(24),
  changed: fc.array(
    fc.record({
      dataset: fc.constant('warehouse.main.fetch'),
      timelabel: label,
      from: maybe(fc.constant(1)),
      to: fc.constant(2),
      origin: maybe(
        fc.record({
          dataset: fc.constant('warehouse.main.fetch'),
          timelabel: label,
          stage: maybe(fc.constant('p.fetch')),
          trigger: maybe(fc.constantFrom(...TRIGGERS)),
          backfill: fc.constant(null),
          actor: maybe(fc.constant('ada')),
          reason: maybe(words),
        }),
      ),
    }),
    { maxLength: 3 },
  ),
});
const note: fc.Arbitrary<NoteFact> = fc.record({
  revision: maybe(fc.constant(1)),
  decision: fc.constantFrom(
    ...[
      'opened',
      'waiting',
      'paused',
      'held',
      'late',
      'missing',
      'superseded',
      'skipped',
      'released',
      'rejected',
    ],
    ...['quarantined', 'resumed', 'closed', 'kept', 're-evaluated', 'limit'],
  ),
  reason: words,
  actor: maybe(fc.constant('ada')),
  configVersion: fc.constant(1),
  notedAt: date,
});
const held = maybe(fc.record({ cause: fc.constantFrom('paused' as const, 'storm' as const), since: date }));
const pause = {
  scope: 'p',
  by: 'ada',
  reason: 'the warehouse is being resized',
  since: '2020-03-03T10:00:00Z',
};
const waiting = {
  kind: 'waiting',
  revision: 1,
  have: 11,
  expected: 24,
  missing: [],
  deadline: null,
} as const;
const opening = maybe(
  fc.constantFrom(
    waiting,
    { ...waiting, have: 0, expected: 1 },
    { kind: 'paused', revision: 1, pause, waits: false, deadline: null } as const,
    { kind: 'held', revision: 1, limit: 3, waits: false, deadline: null } as const,
    { kind: 'nothing-new', revision: 1, reason: 'same inputs' } as const,
    {
      kind: 'run',
      revision: 2,
      ...{
        vector: '',
        inputs: [],
        alreadyOpen: false,
        changed: false,
        partial: false,
        missing: [],
        restates: false,
      },
    } as const,
  ),
);
const due = fc.record({
  closes: date.map(Number),
  tick: maybe(date.map(Number)),
  schedule: maybe(fc.constant('every hour')),
});
const newest = maybe(fc.record({ timelabel: label, receivedAt: date }));
export const { missing } = fc.letrec<{ missing: MissingFact; producer: ProducerFact }>((tie) => ({
  silent: fc.array(pair, { maxLength: 3 }),
  missing: fc.record({
    dataset: fc.constant('warehouse.main.fetch'),
    first: label,
    last: label,
    count: fc.integer({ min: 1, max: 24 }),
    need: fc.constantFrom('label' as const, 'newest' as const, 'any' as const),
    on: fc.constant(['SUCCESS']),
    unsettled: maybe(pair),
    event: maybe(
      fc.record({ outcome, revision: fc.constant(1), receivedAt: date, propagates: fc.boolean() }),
    ),
    producer: maybe(tie('producer')),
    newest,
  }),
  producer: fc.record({
    stage: fc.constant('p.fetch'),
    checks: maybe(fc.constant('warehouse.main.daily')),
    hasInputs: fc.boolean(),
    run: maybe(producerRun),
    held,
    pause: maybe(fc.constant(pause)),
    due,
    since: maybe(date),
    opening,
    behind: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant([]),
      fc.tuple(tie('missing')),
    ),
  }),
}));
export const facts: fc.Arbitrary<StandingFacts> = fc.record({
  asked: fc.constantFrom('p.daily', 'warehouse.main.daily'),
  timelabel: fc.constant(LABEL),
  now: fc.constant(NOW),
  dataset: fc.constant('warehouse.main.daily'),
  stageId: maybe(fc.constant('p.daily')),
  stage: maybe(fc.constantFrom(fetch, daily, check)),
  dependents: fc.constantFrom([], ['p.check']),
  config: fc.record({
    version: fc.constant(3),
    stageSince: maybe(date),
    changes: fc.array(
      fc.record({
        version: fc.constant(2),
        appliedAt: date,
        appliedBy: fc.constant('ada'),
        fields: maybe(fc.constant(['sql'])),
      }),
      { maxLength: 2 },
    ),
  }),
  runs: fc.array(run, { maxLength: 4 }),
  runCount: fc.integer({ min: 1, max: 40 }),
  notes: fc.array(note, { maxLength: 6 }),
  verdicts: fc.array(verdict, { maxLength: 6 }),
  events: fc.array(
    fc.record({
      eventId: fc.constant('outside/1'),
      revision: fc.constant(1),
      outcome,
      stage: maybe(fc.constant('p.daily')),
      propagates: fc.boolean(),
      receivedAt: date,
      error,
    }),
    { maxLength: 3 },
  ),
  downstream: fc.array(verdict, { maxLength: 6 }),
  opening,
  silent: fc.array(pair, { maxLength: 3 }),
  missing: fc.array(missing, { maxLength: 4 }),
  missingCount: fc.nat(300),
  pauses: fc.constantFrom([], [pause]),
  held,
  backfills: fc.array(
    fc.record({
      id: fc.constant('march'),
      status: fc.constant('running'),
      createdBy: fc.constant('ada'),
      createdAt: date,
      reason: maybe(words),
      item: maybe(fc.constant('planned')),
    }),
    { maxLength: 2 },
  ),
  checks: fc.array(
    fc.record({ stage: fc.constant('p.check'), run: maybe(producerRun), judgement: maybe(note) }),
    {
      maxLength: 2,
    },
  ),
  refused: fc.array(
    fc.record({
      ...{ dataset: fc.constant('warehouse.main.fetch'), timelabel: label, revision: fc.constant(1) },
      ...{ check: fc.constant('p.check'), rejected: fc.boolean(), actor: maybe(fc.constant('ada')) },
      ...{ reason: maybe(words), error, at: date },
    }),
    { maxLength: 2 },
  ),
  due: maybe(due),
  newest,
  rejected: fc.array(fc.record({ field: fc.constant('status'), reason: words, at: date }), { maxLength: 2 }),
  workflow: maybe(
    fc.record({
      status: maybe(fc.constantFrom('RUNNING', 'COMPLETED')),
      runId: fc.constant(null),
      attempt: maybe(fc.nat(5)),
      lastFailure: maybe(words),
    }),
  ),
});

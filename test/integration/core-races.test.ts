import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { foreseeOpenings } from '../../activities/foresee-openings.ts';
import { ConfigStore, storeConfig } from '../../catalog/config-store.ts';
import { readHeldRuns } from '../../catalog/held-runs.ts';
import { closeRemovedJoins } from '../../catalog/waiting-joins.ts';
import { pauseScope } from '../../catalog/pauses.ts';
import { judgeChecks } from '../../cli/judge.ts';
import { resumeScope } from '../../cli/resume-scope.ts';
import { tellJoins } from '../../cli/tell-joins.ts';
import type { Project } from '../../pipeline/project.ts';
import { RESUME_POLICIES, type ResumePolicy } from '../../pipeline/resume.ts';
import { targetsOf } from '../../pipeline/routing.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { emptyCatalog } from '../support/catalog-contents.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { FlakyPool } from '../support/flaky-pool.ts';
import { projectOf, type StageSketch } from '../support/project.ts';
import { RoutingPlay, type Picking } from '../support/routing-play.ts';
import { label } from '../support/scenario.ts';

/*
 * Routers, runs and people at once, in drawn interleavings, on a real catalog: whatever the order, nobody blocks anybody,
 * and in the end everything is made of the newest inputs that there are.
 */
const LABELS = ['20010105000000', '20010106000000'] as const;
const SOURCES = ['top', 'early', 'tardy', 'slowly'] as const;
const PAUSABLE = ['p.left', 'p.bottom', 'q', 'p.joined', 'p.quick'] as const;
const assertions = [{ name: 'none', sql: 'select 1', file: 'x.sql', severity: 'error' }] as const;
const CHECK = { work: { kind: 'check', from: 'warehouse.main.top', blocking: true, assertions } } as const;
const WITH_DEADLINE = { reads: ['early', 'tardy'], period: '1d' } as const;
const SKETCHES: readonly StageSketch[] = [
  ...SOURCES.map((name): StageSketch => ({ name, period: '1d' })),
  // A diamond over two pipelines, and below it a join with a branch of its own.
  { name: 'left', period: '1d', reads: ['top'] },
  { name: 'right', period: '1d', reads: ['top'], pipeline: 'q' },
  { name: 'bottom', period: '1d', reads: ['left', 'right'] },
  { name: 'joined', period: '1d', reads: ['bottom', 'early'], pipeline: 'q' },
  { name: 'customs', period: '1d', reads: ['top'], also: CHECK },
  {
    name: 'checked',
    period: '1d',
    reads: ['top', 'customs'],
    inputs: { customs: { gate: 'warehouse.main.top' } },
  },
  { name: 'newest', period: '1d', reads: ['early', 'slowly'], inputs: { slowly: { window: 'latest' } } },
  { name: 'older', period: '1h', reads: ['hours', 'slowly'] },
  { name: 'hours', period: '1h' },
  { name: 'waits', ...WITH_DEADLINE, also: { deadline: { seconds: 3600, then: 'wait' } } },
  { name: 'partly', ...WITH_DEADLINE, also: { deadline: { seconds: 3600, then: 'partial' } } },
  { name: 'gives_up', ...WITH_DEADLINE, pipeline: 'q', also: { deadline: { seconds: 3600, then: 'fail' } } },
  { name: 'quick', period: '1d', reads: ['top', 'early'], also: { onRestatement: 'cancel' } },
  { name: 'limited', period: '1d', reads: ['early'], also: { maxRestatedLabels: 1 } },
  { name: 'limited_too', period: '1d', reads: ['early'], pipeline: 'q', also: { maxRestatedLabels: 1 } },
];
const ANY: readonly StageSketch[] = SKETCHES.filter(({ name }) => name !== 'gives_up').map((sketch) =>
  sketch.name === 'waits' ? { ...sketch, also: { ...sketch.also, when: 'any' } } : sketch,
);
const PROJECTS: readonly Project[] = [projectOf(SKETCHES), projectOf(ANY)];
/** Inputs of which the newest label will do start nothing when they change. */
const NEWEST = ['p.newest', 'p.older'];

/** Of each test; more of them when somebody hunts. */
const RUNS = Number(process.env['REEFLINE_TEST_RACES'] ?? '15');

type Happening =
  | {
      readonly kind: 'event';
      readonly router: string;
      readonly events: readonly (readonly [string, string])[];
    }
  | { readonly kind: 'pause'; readonly scope: string }
  | { readonly kind: 'resume'; readonly scope: string; readonly policy: ResumePolicy }
  | { readonly kind: 'deadline'; readonly stage: string; readonly timelabel: string }
  | {
      readonly kind: 'ask';
      readonly stage: string;
      readonly timelabel: string;
      readonly trigger: 'manual' | 'backfill' | 'schedule';
    }
  | { readonly kind: 'judge'; readonly timelabel: string; readonly verdict: 'RELEASED' | 'REJECTED' }
  | { readonly kind: 'apply'; readonly project: number; readonly waiting: 'keep' | 're-evaluate' };

const aLabel = fc.constantFrom(...LABELS);
const anEvent = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom(...SOURCES), aLabel) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('hours'), aLabel) },
);
const signalled = fc.record({
  kind: fc.constant('event' as const),
  router: fc.constantFrom('p', 'q', 'r'),
  events: fc.array(anEvent, { minLength: 1, maxLength: 4 }),
});
const calm: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: signalled },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      stage: fc.constantFrom('p.bottom', 'p.newest', 'p.waits', 'p.quick', 'p.limited'),
      timelabel: aLabel,
      trigger: fc.constantFrom('manual' as const, 'backfill' as const, 'schedule' as const),
    }),
  },
);
const judging = fc.record({
  kind: fc.constant('judge' as const),
  timelabel: aLabel,
  verdict: fc.constantFrom('RELEASED' as const, 'REJECTED' as const),
});
const pausing: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constant('pause' as const), scope: fc.constantFrom(...PAUSABLE) }),
  fc.record({
    kind: fc.constant('resume' as const),
    scope: fc.constantFrom(...PAUSABLE),
    policy: fc.constantFrom(...RESUME_POLICIES),
  }),
);
const passing: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constant('deadline' as const),
  stage: fc.constantFrom('p.waits', 'p.partly', 'q.gives_up'),
  timelabel: aLabel,
});
const applying: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constant('apply' as const),
  project: fc.nat(1),
  waiting: fc.constantFrom('keep' as const, 're-evaluate' as const),
});

/** Happenings in groups: those of a group come at once. */
function groupsOf(one: fc.Arbitrary<Happening>): fc.Arbitrary<readonly (readonly Happening[])[]> {
  return fc.array(fc.array(one, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 });
}

let catalog: TestCatalog;

beforeAll(async () => {
  catalog = await openTestCatalog('races', PROJECTS[0] as Project);
  // What must hold at every instant, the database itself refuses.
  await catalog.db.query(
    `create unique index test_one_open on reefline.stage_run (stage, timelabel) where status in ('WAITING', 'RUNNING')`,
  );
});
afterAll(async () => {
  await catalog.close();
});

class Race {
  readonly configs = new ConfigStore();
  readonly play: RoutingPlay;
  #rows = 0;

  constructor(fails: (stage: string, timelabel: string, revision: number) => boolean) {
    this.play = new RoutingPlay(new FlakyPool(catalog.db), this.configs, ({ stage, timelabel, revision }) => {
      const facts = stage === 'p.customs' ? { violated: 'none' } : {};
      return fails(stage, timelabel, revision) ? { class: 'data_error', message: 'so it goes', facts } : null;
    });
  }

  begin(happening: Happening): void {
    const { play, configs } = this;
    switch (happening.kind) {
      case 'event':
        for (const [table, timelabel] of happening.events) {
          this.#rows += 1;
          const named = { event_type: 'data', type: 'redshift', schema: 'main', table };
          play.send(happening.router, { ...named, timelabel, status: 'SUCCESS', rows: this.#rows });
        }
        return;
      case 'pause':
        play.do((db) => pauseScope(db, happening.scope, 'ada', 'the test'));
        return;
      case 'resume': {
        const { scope, policy } = happening;
        play.do((db, client) => resumeScope(db, configs, client, { scope, policy, actor: 'ada' }));
        return;
      }
      case 'deadline':
        play.do(async (db) => {
          await db.query(
            `update reefline.stage_run set deadline = clock_timestamp() - interval '1 second'
              where stage = $1 and timelabel = $2 and status = 'WAITING' and deadline is not null`,
            [happening.stage, happening.timelabel],
          );
          play.timeOut(happening.stage, happening.timelabel);
        });
        return;
      case 'ask':
        play.ask(happening.stage, happening.timelabel, happening.trigger);
        return;
      case 'judge': {
        const { timelabel, verdict } = happening;
        const judgement = { timelabel: label(timelabel), verdict, actor: 'ada', reason: 'the test' };
        const checks = (PROJECTS[0]?.stages ?? []).filter(({ id }) => id === 'p.customs');
        play.do((db, client) => judgeChecks(db, configs, client, checks, judgement));
        return;
      }
      case 'apply':
        play.do(async (db, client) => {
          await storeConfig(db, PROJECTS[happening.project] as Project, 'ada', {
            waiting: happening.waiting,
          });
          await closeRemovedJoins(db, 'ada');
          await tellJoins(db, client);
        });
    }
  }

  /** A person resumes everything that is paused and releases what limits hold, until nothing is held. */
  async release(picking: Picking): Promise<void> {
    const { play, configs } = this;
    for (const scope of PAUSABLE)
      play.do((db, client) => resumeScope(db, configs, client, { scope, policy: 'drain', actor: 'ada' }));
    await play.settle(picking);
    for (const stage of ['p.limited', 'q.limited_too'])
      for (const { timelabel } of await readHeldRuns(catalog.db, stage, 'storm'))
        play.ask(stage, timelabel, 'manual', { request: null, by: 'ada', reason: 'the test' });
    await play.settle(picking);
  }
}

/** Labels that a pause held and that nobody has started since it ended. */
function heldByNoPause(): Promise<unknown[]> {
  return catalog.values(
    `select stage || ' ' || timelabel from reefline.held_run h where cause = 'paused'
        and not exists (select 1 from reefline.pause where scope in (h.stage, split_part(h.stage, '.', 1)))`,
  );
}

async function expectConsistent({ play, configs }: Race): Promise<void> {
  const { db } = catalog;
  const table = await configs.current(db);
  const found = await db.query<{ stage: string; timelabel: Timelabel; status: string; trigger: 'event' }>(
    `select distinct on (stage, timelabel) stage, timelabel, status, trigger from reefline.stage_run order by stage, timelabel, revision desc`,
  );
  const targets = found.rows.flatMap(({ stage, ...row }) => {
    const definition = table.stages.get(stage);
    return definition === undefined
      ? []
      : [{ ...row, stage: definition, request: { trigger: 'event' as const, rerun: null } }];
  });
  const openings = await foreseeOpenings(db, configs, targets);
  const overlooked = targets.flatMap(({ stage, timelabel, status }, at) => {
    const opening = openings[at];
    // What arrived, or was still to follow, while its stage was not there starts nothing when the stage is back.
    const wasAway = status === 'CLOSED' || (stage.name === 'gives_up' && status !== 'WAITING');
    if (opening?.kind !== 'run' || wasAway || (NEWEST.includes(stage.id) && status !== 'WAITING')) return [];
    return [`${stage.id} ${timelabel} ${status}`];
  });
  const waiting = found.rows.filter(({ status }) => status === 'WAITING');
  const events = await db.query<{ event_id: string; dataset: string; timelabel: Timelabel }>(
    `select event_id, dataset, timelabel from reefline.data_event where event_type = 'data'`,
  );
  const verdicts = new Set(
    await catalog.values(`select event_id || ' ' || stage || ' ' || timelabel from reefline.verdict`),
  );
  const undecided = events.rows.flatMap(({ event_id: id, dataset, timelabel }) =>
    targetsOf(table, dataset, timelabel)
      .filter(({ stage }) => stage.name !== 'gives_up')
      .map((target) => `${id} ${target.stage.id} ${target.timelabel}`)
      .filter((key) => !verdicts.has(key)),
  );
  expect({
    failures: play.failures,
    overlooked,
    undecided,
    held: await catalog.values(`select stage || ' ' || timelabel || ' ' || cause from reefline.held_run`),
    open: play.openRuns(),
    unreported: await catalog.values(
      `select e->>'eventId' from reefline.stage_run, jsonb_array_elements(events) e
        where stage <> 'q.gives_up' and not exists (select 1 from reefline.data_event d where d.event_id = e->>'eventId')`,
    ),
    backwards: await catalog.values(
      `select a.stage || ' ' || a.timelabel from reefline.stage_run a join reefline.stage_run b using (stage, timelabel)
        where a.revision < b.revision and a.opened_at > b.opened_at`,
    ),
    twice: play.begun.filter((run, at) => play.begun.indexOf(run) !== at),
  }).toEqual({
    failures: [],
    overlooked: [],
    undecided: [],
    held: [],
    open: waiting.map(({ stage, timelabel }) => `run/${stage}/${timelabel} waiting`).sort(),
    unreported: [],
    backwards: [],
    twice: [],
  });
}

function pickingOf(seeds: readonly number[]): Picking {
  let at = 0;
  const next = (): number => (seeds[(at += 1) % seeds.length] ?? 0) + at * 7;
  return () => Array.from({ length: 1 + (next() % 8) }, next);
}

function raceOf(one: fc.Arbitrary<Happening>, numRuns: number): Promise<void> {
  return fc.assert(
    fc.asyncProperty(
      groupsOf(one),
      fc.array(fc.nat(10_000), { minLength: 20, maxLength: 60 }),
      fc.nat(6),
      async (groups, seeds, failing) => {
        await emptyCatalog(catalog.db);
        await storeConfig(catalog.db, PROJECTS[0] as Project, 'test');
        const race = new Race((stage, _timelabel, revision) => {
          if (stage === 'p.customs') return revision % 2 === 1;
          return stage === 'p.left' && failing === 1 && revision === 2;
        });
        const picking = pickingOf(seeds);
        for (const group of groups) {
          for (const happening of group) race.begin(happening);
          // The next group comes while this one is under way.
          await race.play.settle(picking, seeds[0] === undefined ? 5 : seeds[0] % 12);
        }
        await race.play.settle(picking);
        expect(await heldByNoPause()).toEqual([]);
        await race.release(picking);
        await expectConsistent(race);
      },
    ),
    {
      numRuns,
      endOnFailure: true,
      ...(process.env['SEED']
        ? { seed: Number(process.env['SEED']), path: process.env['FCPATH'] ?? '' }
        : {}),
    },
  );
}

describe('in whatever interleaving', () => {
  test('events and requests leave every label made of its newest inputs', () => raceOf(calm, RUNS), 600_000);
  test(
    'judgements too',
    () => raceOf(fc.oneof({ weight: 3, arbitrary: calm }, { weight: 1, arbitrary: judging }), RUNS),
    600_000,
  );
  test(
    'deadlines too',
    () => raceOf(fc.oneof({ weight: 3, arbitrary: calm }, { weight: 1, arbitrary: passing }), RUNS),
    600_000,
  );
  test(
    'pauses too',
    () => raceOf(fc.oneof({ weight: 3, arbitrary: calm }, { weight: 1, arbitrary: pausing }), RUNS),
    600_000,
  );
  test(
    'applies too',
    () => raceOf(fc.oneof({ weight: 3, arbitrary: calm }, { weight: 1, arbitrary: applying }), RUNS),
    600_000,
  );
});

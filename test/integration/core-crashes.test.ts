import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigStore, storeConfig } from '../../catalog/config-store.ts';
import { readOwedEvents } from '../../catalog/owed-events.ts';
import { pauseScope } from '../../catalog/pauses.ts';
import { judgeChecks } from '../../cli/judge.ts';
import { resumeScope } from '../../cli/resume-scope.ts';
import { tellJoins } from '../../cli/tell-joins.ts';
import type { EventError } from '../../pipeline/data-event.ts';
import type { ResumePolicy } from '../../pipeline/resume.ts';
import { emptyCatalog, readContents, type CatalogContents } from '../support/catalog-contents.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { FAILURE_MODES, FlakyPool, type FailureMode } from '../support/flaky-pool.ts';
import { projectOf, type StageSketch } from '../support/project.ts';
import { RoutingPlay } from '../support/routing-play.ts';
import { label } from '../support/scenario.ts';

/*
 * The process dies at every statement and every signal, before or after it took effect, and somebody repeats what was
 * under way: Temporal an activity, a person a command. In the end the catalog holds what it holds when nothing happens.
 */
const FIRST = '20010105000000';
const SECOND = '20010106000000';
const DEADLINE = 3_600;
const SKETCHES: readonly StageSketch[] = [
  { name: 'top', period: '1d' },
  { name: 'left', period: '1d', reads: ['top'] },
  { name: 'right', period: '1d', reads: ['top'], pipeline: 'q' },
  { name: 'bottom', period: '1d', reads: ['left', 'right'] },
];
const OTHER: readonly StageSketch[] = [
  { name: 'early', period: '1d' },
  { name: 'tardy', period: '1d' },
];
const CUSTOMER = { name: 'customer', kind: 'sqs', queueUrl: 'https://sqs.invalid/queue' } as const;

let catalog: TestCatalog;

beforeAll(async () => {
  catalog = await openTestCatalog('crashes', projectOf(SKETCHES));
});
afterAll(async () => {
  await catalog.close();
});

interface Scene {
  readonly sketches: readonly StageSketch[];
  /** What happens before anything breaks, and then, from the beginning of which calls break. */
  readonly before?: (play: RoutingPlay) => Promise<void>;
  readonly then: (play: RoutingPlay) => Promise<void>;
  readonly endings?: (run: { stage: string; timelabel: string; revision: number }) => EventError | null;
}

function event(table: string, timelabel: string, rows = 1): object {
  const named = { event_type: 'data', type: 'redshift', schema: 'main', table };
  return { ...named, timelabel, status: 'SUCCESS', rows, eventId: `${table}/${timelabel}/${String(rows)}` };
}

interface Played {
  readonly contents: CatalogContents;
  /** False when the scene ended before the call that was to break. */
  readonly broke: boolean;
  /** Calls before which breaking is the same as after the call before. */
  readonly inside: ReadonlySet<number>;
  /** Calls after which breaking is the same as after the next one of their transaction. */
  readonly goesOn: ReadonlySet<number>;
}

async function playScene(scene: Scene, failure?: { at: number; mode: FailureMode }): Promise<Played> {
  await emptyCatalog(catalog.db);
  const configs = new ConfigStore();
  await storeConfig(catalog.db, projectOf(scene.sketches, [CUSTOMER]), 'test');
  const flaky = new FlakyPool(catalog.db);
  const play = new RoutingPlay(flaky, configs, scene.endings);
  await scene.before?.(play);
  await play.settle();
  flaky.count(failure);
  await scene.then(play);
  await play.settle();
  const broke = flaky.mend();
  const inside = new Set(flaky.inside);
  const goesOn = new Set(flaky.goesOn);
  await sweep(play);
  const busy = play.openRuns().filter((run) => !run.endsWith('waiting'));
  expect({ failures: play.failures, busy }).toEqual({ failures: [], busy: [] });
  return { contents: await readContents(catalog.db), broke, inside, goesOn };
}

/** What a person who repeats a command does not repeat, the sweep does: it reports what the ledger owes. */
async function sweep(play: RoutingPlay): Promise<void> {
  const { rows } = await readOwedEvents(catalog.db, undefined, 0, 100);
  for (const { pipeline, events } of rows) play.send(pipeline, ...events);
  await play.settle();
}

async function expectSameWhereverItBreaks(scene: Scene): Promise<void> {
  const undisturbed = await playScene(scene);
  for (let at = 1; ; at += 1) {
    for (const mode of FAILURE_MODES) {
      if ((mode === 'before' ? undisturbed.inside : undisturbed.goesOn).has(at)) continue;
      const { contents, broke } = await playScene(scene, { at, mode });
      if (!broke) {
        expect(at).toBeGreaterThan(10);
        return;
      }
      expect({ at, mode, ...contents }).toEqual({ at, mode, ...undisturbed.contents });
    }
  }
}

async function letDeadlinePass(play: RoutingPlay, stage: string): Promise<void> {
  await catalog.db.query(
    `update reefline.stage_run set deadline = clock_timestamp() - interval '1 second' where status = 'WAITING'`,
  );
  play.timeOut(stage, FIRST);
}

describe('whichever call breaks', () => {
  test('a batch of events is accepted once, and its runs run once each', async () => {
    await expectSameWhereverItBreaks({
      sketches: SKETCHES,
      then: async (play) => {
        play.send('p', event('top', FIRST), 'no event', event('top', SECOND), event('top', FIRST, 2));
        await play.settle();
      },
    });
  }, 300_000);

  test('a restatement runs every label below it once more', async () => {
    await expectSameWhereverItBreaks({
      sketches: SKETCHES,
      before: async (play) => {
        play.send('p', event('top', FIRST));
        await play.settle();
      },
      then: async (play) => {
        play.send('p', event('top', FIRST, 2));
        await play.settle();
      },
    });
  }, 300_000);

  test.each(['wait', 'partial', 'fail'] as const)(
    'a deadline that is passed with %s is reported once, and what comes late is taken up once',
    async (then) => {
      const stage = { reads: ['early', 'tardy'], also: { deadline: { seconds: DEADLINE, then } } } as const;
      await expectSameWhereverItBreaks({
        sketches: [
          ...OTHER,
          { name: 'join', period: '1d', ...stage },
          { name: 'alarm', period: '1d', reads: ['join'], on: ['LATE', 'MISSING'] },
        ],
        before: async (play) => {
          play.send('p', event('early', FIRST));
          await play.settle();
        },
        then: async (play) => {
          await letDeadlinePass(play, 'p.join');
          await play.settle();
          play.send('p', event('tardy', FIRST));
          await play.settle();
        },
      });
    },
    300_000,
  );

  test.each(['drain', 'latest', 'skip'] as const)(
    'a pause that is ended with %s runs or skips each label that it held once',
    async (policy: ResumePolicy) => {
      await expectSameWhereverItBreaks({
        sketches: SKETCHES,
        before: async (play) => {
          await pauseScope(catalog.db, 'p.left', 'ada', 'the test');
          play.send('p', event('top', FIRST), event('top', SECOND));
          await play.settle();
        },
        then: async (play) => {
          play.do((db, client) =>
            resumeScope(db, new ConfigStore(), client, { scope: 'p.left', policy, actor: 'ada' }),
          );
          await play.settle();
        },
      });
    },
    300_000,
  );

  test.each(['RELEASED', 'REJECTED'] as const)(
    'a quarantine is judged %s once',
    async (verdict) => {
      const assertions = [{ name: 'none', sql: 'select 1', file: 'x.sql', severity: 'error' }] as const;
      const check = {
        work: { kind: 'check', from: 'warehouse.main.top', blocking: true, assertions },
      } as const;
      const project: readonly StageSketch[] = [
        { name: 'top', period: '1d' },
        { name: 'customs', period: '1d', reads: ['top'], also: check },
        {
          name: 'user',
          period: '1d',
          reads: ['top', 'customs'],
          inputs: { customs: { gate: 'warehouse.main.top' } },
        },
      ];
      const customs = projectOf(project).stages.find(({ name }) => name === 'customs');
      await expectSameWhereverItBreaks({
        sketches: project,
        endings: ({ stage }) =>
          stage === 'p.customs'
            ? { class: 'data_error', message: 'one row', facts: { violated: 'none' } }
            : null,
        before: async (play) => {
          play.send('p', event('top', FIRST));
          await play.settle();
        },
        then: async (play) => {
          play.do((db, client) =>
            judgeChecks(db, new ConfigStore(), client, customs === undefined ? [] : [customs], {
              timelabel: label(FIRST),
              verdict,
              actor: 'ada',
              reason: 'the test',
            }),
          );
          await play.settle();
        },
      });
    },
    300_000,
  );

  test.each(['keep', 're-evaluate'] as const)(
    'a configuration is applied once, and joins that waited are closed or settled (%s) once',
    async (waiting) => {
      const before: readonly StageSketch[] = [
        ...OTHER,
        { name: 'join', period: '1d', reads: ['early', 'tardy'] },
        { name: 'gone', period: '1d', reads: ['early', 'tardy'] },
      ];
      const after: readonly StageSketch[] = [
        ...OTHER,
        { name: 'join', period: '1d', reads: ['early', 'tardy'], also: { when: 'any' } },
      ];
      await expectSameWhereverItBreaks({
        sketches: before,
        before: async (play) => {
          play.send('p', event('early', FIRST));
          await play.settle();
        },
        then: async (play) => {
          play.do(async (db, client) => {
            await storeConfig(db, projectOf(after, [CUSTOMER]), 'ada', { waiting });
            await tellJoins(db, client);
          });
          await play.settle();
          play.send('p', event('tardy', FIRST), event('early', SECOND));
          await play.settle();
        },
      });
    },
    300_000,
  );

  test('runs that events restate beyond the limit are held and reported once', async () => {
    await expectSameWhereverItBreaks({
      sketches: [
        OTHER[0] as StageSketch,
        { name: 'limited', period: '1d', reads: ['early'], also: { maxRestatedLabels: 1 } },
      ],
      before: async (play) => {
        play.send('p', event('early', FIRST), event('early', SECOND));
        await play.settle();
      },
      then: async (play) => {
        play.send('p', event('early', FIRST, 2), event('early', SECOND, 2));
        await play.settle();
        play.ask('p.limited', SECOND, 'manual', { request: 'release', by: 'ada', reason: 'the test' });
        await play.settle();
      },
    });
  }, 300_000);

  test('a run that is restated in flight is cancelled, and its inputs are taken up once', async () => {
    await expectSameWhereverItBreaks({
      sketches: [
        OTHER[0] as StageSketch,
        { name: 'quick', period: '1d', reads: ['early'], also: { onRestatement: 'cancel' } },
      ],
      then: async (play) => {
        play.send('p', event('early', FIRST));
        await play.settle();
        play.send('p', event('early', FIRST, 2));
        await play.settle();
      },
    });
  }, 300_000);
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { acceptEvents } from '../../activities/accept-events.ts';
import { foreseeOpenings } from '../../activities/foresee-openings.ts';
import { openRun } from '../../activities/open-run.ts';
import { passDeadline } from '../../activities/pass-deadline.ts';
import { ConfigStore, storeConfig } from '../../catalog/config-store.ts';
import { pauseScope } from '../../catalog/pauses.ts';
import { judgeChecks } from '../../cli/judge.ts';
import { resumeScope } from '../../cli/resume-scope.ts';
import { tellJoins } from '../../cli/tell-joins.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { emptyCatalog } from '../support/catalog-contents.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { FlakyPool } from '../support/flaky-pool.ts';
import { projectOf, type StageSketch } from '../support/project.ts';
import { RoutingPlay } from '../support/routing-play.ts';
import { label } from '../support/scenario.ts';

/*
 * One transaction stops before each of its statements in turn, and another one that concerns the same labels overtakes
 * it, or waits for it. Neither may then have decided by what the other one changed.
 */
const DAY = '20010105000000';
const assertions = [{ name: 'none', sql: 'select 1', file: 'x.sql', severity: 'error' }] as const;
const CHECK = { work: { kind: 'check', from: 'warehouse.main.top', blocking: true, assertions } } as const;
const SKETCHES: readonly StageSketch[] = [
  ...['top', 'early', 'tardy', 'slowly'].map((name): StageSketch => ({ name, period: '1d' })),
  { name: 'left', period: '1d', reads: ['top'] },
  { name: 'customs', period: '1d', reads: ['top'], also: CHECK },
  {
    name: 'user',
    period: '1d',
    reads: ['top', 'customs'],
    inputs: { customs: { gate: 'warehouse.main.top' } },
  },
  { name: 'newest', period: '1d', reads: ['early', 'slowly'], inputs: { slowly: { window: 'latest' } } },
  {
    name: 'waits',
    period: '1d',
    reads: ['early', 'tardy'],
    also: { deadline: { seconds: 3600, then: 'wait' } },
  },
  { name: 'either', period: '1d', reads: ['slowly', 'tardy'] },
  { name: 'gone', period: '1d', reads: ['early', 'tardy'] },
];
const PROJECT = projectOf(SKETCHES);
const NEXT = projectOf(
  SKETCHES.filter(({ name }) => name !== 'gone').map((sketch) =>
    sketch.name === 'either'
      ? { ...sketch, reads: ['slowly', 'tardy', 'early'], also: { when: 'any' } }
      : sketch,
  ),
);

let catalog: TestCatalog;

beforeAll(async () => {
  catalog = await openTestCatalog('overtaking', PROJECT);
});
afterAll(async () => {
  await catalog.close();
});

/** What one party does, and what follows from it. */
type Deed = (db: pg.Pool, configs: ConfigStore, client: Client) => Promise<(play: RoutingPlay) => void>;

const nothing = (): void => undefined;

function event(table: string, rows = 1, timelabel = DAY): object {
  const named = { event_type: 'data', type: 'redshift', schema: 'main', table };
  return { ...named, timelabel, status: 'SUCCESS', rows, eventId: `${table}/${timelabel}/${String(rows)}` };
}

function accepting(...events: readonly object[]): Deed {
  return async (db, configs) => {
    const acceptance = await acceptEvents(db, configs, 'p', events);
    return (play) => {
      play.follow(acceptance);
    };
  };
}

function opening(stage: string): Deed {
  const asked = { stage, timelabel: DAY, trigger: 'backfill', rerun: null } as const;
  return async (db, configs) => {
    await openRun(db, configs, asked);
    return (play) => {
      play.ask(stage, DAY, 'backfill');
    };
  };
}

const RESUMING: Deed = async (db, configs, client) => {
  await resumeScope(db, configs, client, { scope: 'p.left', policy: 'drain', actor: 'ada' });
  return nothing;
};
const APPLYING: Deed = async (db, _configs, client) => {
  await storeConfig(db, NEXT, 'ada');
  await tellJoins(db, client);
  return nothing;
};
const RELEASING: Deed = async (db, configs, client) => {
  const checks = PROJECT.stages.filter(({ name }) => name === 'customs');
  const judgement = { timelabel: label(DAY), verdict: 'RELEASED', actor: 'ada', reason: 'the test' } as const;
  await judgeChecks(db, configs, client, checks, judgement);
  return nothing;
};
const PASSING: Deed = async (db, configs) => {
  await passDeadline(db, configs, () => Promise.resolve(), { stage: 'p.waits', timelabel: DAY });
  return (play) => {
    play.timeOut('p.waits', DAY);
  };
};

const PAIRS: readonly (readonly [string, string, Deed, Deed])[] = [
  ['an acceptance', 'the end of a pause', accepting(event('top', 1, '20010106000000')), RESUMING],
  ['an acceptance', 'an apply', accepting(event('tardy'), event('early', 2)), APPLYING],
  ['an opening', 'an apply', opening('p.gone'), APPLYING],
  [
    'an opening',
    'the first event of what it waits for',
    opening('p.newest'),
    accepting(event('slowly', 1, '20010101000000')),
  ],
  ['a deadline', 'the last input', PASSING, accepting(event('tardy'))],
  ['a deadline', 'an apply', PASSING, APPLYING],
  ['a release', 'newer data', RELEASING, accepting(event('top', 2))],
  ['an acceptance', 'another one', accepting(event('tardy')), accepting(event('early', 2), event('slowly'))],
];

/** Lets the second deed go when the first one is about to make its n-th call; false when it makes fewer. */
async function overtake(first: Deed, at: number, second: Deed): Promise<boolean> {
  await emptyCatalog(catalog.db);
  await storeConfig(catalog.db, PROJECT, 'test');
  const configs = new ConfigStore();
  const play = new RoutingPlay(new FlakyPool(catalog.db), configs, ({ stage }) =>
    stage === 'p.customs' ? { class: 'data_error', message: 'a row', facts: { violated: 'none' } } : null,
  );
  await pauseScope(catalog.db, 'p.left', 'ada', 'the test');
  play.send('p', event('top'), event('early'));
  await play.settle();
  await catalog.db.query(
    `update reefline.stage_run set deadline = clock_timestamp() - interval '1 second' where deadline is not null`,
  );
  const stalling = new FlakyPool(catalog.db);
  const { reached, goOn } = stalling.stallAt(at);
  const one = first(stalling.pool, configs, play.client);
  const stalled = await Promise.race([reached.then(() => true), one.then(() => false)]);
  const other = second(catalog.db, configs, play.client);
  await untilDoneOrBlocked(other);
  goOn();
  for (const follow of await Promise.all([one, other])) follow(play);
  await play.settle();
  await expectNothingOverlooked(play, configs);
  return stalled;
}

/** Until the deed is done, or cannot go on before somebody else has. */
async function untilDoneOrBlocked(deed: Promise<unknown>): Promise<void> {
  const state = { done: false };
  deed.then(
    () => (state.done = true),
    () => (state.done = true),
  );
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while (!state.done && (await catalog.values(waiting)).length === 0) await pause(2);
}

async function expectNothingOverlooked(play: RoutingPlay, configs: ConfigStore): Promise<void> {
  const table = await configs.current(catalog.db);
  const rows = await catalog.db.query<{ stage: string; timelabel: Timelabel; status: string }>(
    `select distinct on (stage, timelabel) stage, timelabel, status from reefline.stage_run order by stage, timelabel, revision desc`,
  );
  const targets = rows.rows.flatMap(({ stage, timelabel }) => {
    const definition = table.stages.get(stage);
    const request = { trigger: 'event', rerun: null } as const;
    return definition === undefined ? [] : [{ stage: definition, timelabel, request }];
  });
  const openings = await foreseeOpenings(catalog.db, configs, targets);
  const held = `select stage || ' ' || cause from reefline.held_run h
                 where not exists (select 1 from reefline.pause where scope = h.stage)`;
  expect({
    overlooked: targets.filter((_, at) => openings[at]?.kind === 'run').map(({ stage }) => stage.id),
    held: await catalog.values(held),
    failures: play.failures,
    orphans: rows.rows.filter(({ stage, status }) => status === 'WAITING' && !table.stages.has(stage)),
    open: play.openRuns(),
  }).toEqual({
    overlooked: [],
    held: [],
    failures: [],
    orphans: [],
    open: rows.rows
      .filter(({ status }) => status === 'WAITING')
      .map(({ stage, timelabel }) => `run/${stage}/${timelabel} waiting`)
      .sort(),
  });
}

async function overtakeEverywhere(first: Deed, second: Deed): Promise<void> {
  let stalls = 0;
  while (await overtake(first, stalls + 1, second)) stalls += 1;
  expect(stalls).toBeGreaterThan(4);
}

describe('wherever', () => {
  test.each(PAIRS)(
    'it is overtaken: case %#',
    async (_one, _other, first, second) => {
      await overtakeEverywhere(first, second);
      await overtakeEverywhere(second, first);
    },
    120_000,
  );
});

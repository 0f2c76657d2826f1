import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inTransaction } from '../../catalog/connect.ts';
import { ConfigStore, storeConfig } from '../../catalog/config-store.ts';
import { readHeldRuns } from '../../catalog/held-runs.ts';
import { pauseScope } from '../../catalog/pauses.ts';
import { previewOpening } from '../../catalog/preview-opening.ts';
import { resumeScope } from '../../cli/resume-scope.ts';
import { tellJoins } from '../../cli/tell-joins.ts';
import { targetsOf, type RoutingTable } from '../../pipeline/routing.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { emptyCatalog, readContents } from '../support/catalog-contents.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import {
  applying,
  FAILED_BEHIND,
  graphs,
  HALVES,
  HELD_WHILE_WAITING,
  LABELS,
  movesOf,
  namesOf,
  pickingOf,
  REPORTED_WHILE_WAITING,
  resuming,
  running,
  sketchesOf,
  SKIPPED_CHECK,
  SOURCES,
  type Drawn,
  type Move,
} from '../support/drawn-moves.ts';
import { FlakyPool } from '../support/flaky-pool.ts';
import { projectOf } from '../support/project.ts';
import { RoutingPlay, type Picking } from '../support/routing-play.ts';

/*
 * Everything that people and services do to a graph, in drawn graphs and drawn order, on a real catalog: restatements,
 * failures and repairs, pauses, runs by hand, limits and new configurations. When nothing moves any more, nobody has been
 * forgotten. test/integration/settled.test.ts looks at one restatement alone, and says how often each label runs.
 */
/** Of each test; more of them when somebody hunts. */
const RUNS = Number(process.env['REEFLINE_TEST_MOVES'] ?? '20');

let catalog: TestCatalog;

beforeAll(async () => {
  catalog = await openTestCatalog('moves', projectOf([{ name: 's0', period: '12h' }]));
});
afterAll(async () => {
  await catalog.close();
});

class Game {
  readonly play: RoutingPlay;
  readonly configs = new ConfigStore();
  readonly drawn: readonly Drawn[];
  readonly #names: readonly string[];
  readonly #broken = new Set<string>();
  readonly #sent: object[] = [];
  /** Another configuration than that of the beginning has been in force. */
  wasApplied = false;
  /** Somebody else reported a label, for which a run may wait. */
  wasReported = false;

  constructor(drawn: readonly Drawn[]) {
    this.drawn = drawn;
    this.#names = namesOf(drawn);
    this.play = new RoutingPlay(new FlakyPool(catalog.db), this.configs, (run) =>
      this.#broken.has(run.stage) ? { class: 'data_error', message: 'the test says so', facts: {} } : null,
    );
  }

  /** Every source label arrives once more, with other content. */
  restateAll(): void {
    for (const [source] of SOURCES.entries()) for (const [at] of HALVES.entries()) this.#restate(source, at);
  }

  async move(move: Move): Promise<void> {
    const { play, configs } = this;
    const name = 'stage' in move ? (this.#names[move.stage % this.#names.length] ?? '') : '';
    const id = `p.${name}`;
    switch (move.kind) {
      case 'restate':
        this.#restate(move.source, move.half);
        if (move.twice) play.send('p', this.#sent.at(-1));
        return;
      case 'report': {
        this.wasReported = true;
        this.#report(name.replace('c', 'd'), this.#labelOf(name, move.half));
        return;
      }
      case 'break':
        this.#broken.add(id);
        return;
      case 'repair':
        return this.#repair(id);
      case 'pause':
        play.do((db) => pauseScope(db, id, 'ada', 'the test'));
        return;
      case 'resume': {
        const { policy } = move;
        play.do((db, client) => resumeScope(db, configs, client, { scope: id, policy, actor: 'ada' }));
        return;
      }
      case 'run': {
        const label = this.#labelOf(name, move.half);
        const request = move.rerun ? `request ${String(play.begun.length)}` : null;
        play.ask(id, label, 'manual', { request, by: 'ada', ...(move.only ? { only: true } : {}) });
        return;
      }
      case 'apply': {
        this.wasApplied = true;
        const project = projectOf(sketchesOf(this.drawn, move.when ?? undefined));
        play.do(async (db, client) => {
          await storeConfig(db, project, 'ada', { waiting: move.waiting });
          await tellJoins(db, client);
        });
      }
    }
  }

  /** A person resumes what is paused and releases what a limit holds, until nothing is held. */
  async release(picking: Picking): Promise<void> {
    const { play, configs } = this;
    const ids = this.#names.map((name) => `p.${name}`);
    for (const scope of ids)
      play.do((db, client) => resumeScope(db, configs, client, { scope, policy: 'drain', actor: 'ada' }));
    await play.settle(picking);
    for (let round = 0; round < 10; round += 1) {
      const held = (await Promise.all(ids.map((id) => readHeldRuns(catalog.db, id, 'storm')))).flat();
      if (held.length === 0) return;
      for (const one of held) play.ask(one.stage, one.timelabel, 'manual', { request: null, by: 'ada' });
      await play.settle(picking);
    }
  }

  async repairAll(): Promise<void> {
    for (const id of [...this.#broken]) await this.#repair(id);
  }

  sendAgain(): void {
    this.play.send('p', ...this.#sent);
  }

  #restate(source: number, at: number): void {
    this.#report(SOURCES[source] ?? '', HALVES[at] ?? '');
  }

  /** A service outside says that a table has a label, be it one that a stage makes. */
  #report(table: string, timelabel: string): void {
    const named = { event_type: 'data', type: 'redshift', schema: 'main', table };
    const event = { ...named, timelabel, status: 'SUCCESS', rows: this.#sent.length };
    this.#sent.push(event);
    this.play.send('p', event);
  }

  #labelOf(name: string, half: number): string {
    return LABELS[this.drawn[Number(name.slice(1))]?.period ?? '1d'][half] ?? HALVES[0] ?? '';
  }

  async #repair(id: string): Promise<void> {
    this.#broken.delete(id);
    const failed = await catalog.values(
      `select timelabel from (select distinct on (timelabel) timelabel, status from reefline.stage_run
         where stage = $1 order by timelabel, revision desc) r where status = 'FAILURE'`,
      id,
    );
    for (const label of failed) this.play.ask(id, String(label), 'manual');
  }
}

/** Labels that an event would start now, although none is to come: somebody has forgotten them. */
async function forgotten(table: RoutingTable, configs: ConfigStore): Promise<readonly string[]> {
  const found = await catalog.db.query<{ stage: string; timelabel: Timelabel }>(
    `select distinct stage, timelabel from reefline.stage_run order by stage, timelabel`,
  );
  const targets = found.rows.flatMap(({ stage: id, timelabel }) => {
    const definition = table.stages.get(id);
    return definition === undefined ? [] : [{ stage: definition, timelabel }];
  });
  const previews = await inTransaction(catalog.db, (client) =>
    previewOpening(client, configs, table, targets),
  );
  return previews
    .filter(({ opening }) => opening.kind === 'run')
    .map((one) => `${one.stage.id} ${one.timelabel} ${one.state.latest?.status ?? ''}`);
}

/** Pairs of an event and a dependent's label without a verdict. */
async function undecided(table: RoutingTable): Promise<readonly string[]> {
  const verdicts = new Set(
    await catalog.values(`select event_id || ' ' || stage || ' ' || timelabel from reefline.verdict`),
  );
  // That a limit holds labels is told to endpoints; no stage listens to it, so nothing is decided.
  const events = await catalog.db.query<{ event_id: string; dataset: string; timelabel: Timelabel }>(
    `select event_id, dataset, timelabel from reefline.data_event where event_type = 'data' and outcome <> 'HELD'`,
  );
  return events.rows
    .flatMap(({ event_id: id, dataset, timelabel }) =>
      targetsOf(table, dataset, timelabel).map((target) => `${id} ${target.stage.id} ${target.timelabel}`),
    )
    .filter((pair) => !verdicts.has(pair));
}

/** Events of runs that the log does not have as they were reported. */
function unreported(): Promise<unknown[]> {
  return catalog.values(
    `select (e->>'eventId') || ' ' || outcome from reefline.stage_run r, jsonb_array_elements(events) e
      where e->>'event_type' = 'data' and not exists (
        select 1 from reefline.data_event d where d.event_id = e->>'eventId' and d.outcome = r.outcome)`,
  );
}

/** Runs that wrote a label after somebody else had reported it, and of which nobody heard anything newer. */
function unheard(): Promise<unknown[]> {
  return catalog.values(
    `select stage || ' ' || timelabel || ' r' || revision from reefline.stage_run r
      where status = 'SUCCESS' and propagates
        and exists (select 1 from reefline.data_event e where e.dataset = r.dataset and e.timelabel = r.timelabel
                       and e.event_type = 'data' and e.revision > r.revision and e.received_at < r.started_at)
        and not exists (select 1 from reefline.stage_run n
          where n.stage = r.stage and n.timelabel = r.timelabel and n.revision > r.revision)`,
  );
}

/** Runs that read, up to the sources, two revisions of one source label. */
function mixtures(): Promise<unknown[]> {
  return catalog.values(
    `with recursive up (stage, timelabel, revision, dataset, input_label, input_revision) as (
       select stage, timelabel, revision, dataset, input_label, input_revision from reefline.run_input
       union
       select u.stage, u.timelabel, u.revision, i.dataset, i.input_label, i.input_revision
         from up u join reefline.stage_run r on r.dataset = u.dataset and r.timelabel = u.input_label and r.revision = u.input_revision
         join reefline.run_input i on i.stage = r.stage and i.timelabel = r.timelabel and i.revision = r.revision)
     select stage || ' ' || timelabel || ' r' || revision || ' of ' || dataset from up
      where dataset in ('warehouse.main.s0', 'warehouse.main.s1')
      group by stage, timelabel, revision, dataset, input_label having count(distinct input_revision) > 1`,
  );
}

/** Runs that took a revision which its check had not passed. */
function unchecked(drawn: readonly Drawn[]): Promise<unknown[]> {
  return catalog.values(
    `select i.stage || ' ' || i.timelabel || ' r' || i.revision || ' took ' || i.dataset || ' r' || i.input_revision from reefline.run_input i
      where i.dataset = any($1::text[]) and i.stage not like 'p.c%' and not exists (
        select 1 from reefline.run_input k
          join reefline.run_input c on c.stage = replace(k.dataset, 'warehouse.main.', 'p.')
           and c.timelabel = k.input_label and c.revision = k.input_revision
         where k.stage = i.stage and k.timelabel = i.timelabel and k.revision = i.revision
           and c.dataset = i.dataset and c.input_label = i.input_label and c.input_revision = i.input_revision)`,
    drawn.flatMap(({ checked }, at) => (checked === true ? [`warehouse.main.d${String(at)}`] : [])),
  );
}

async function expectQuiet({ play, configs, drawn }: Game): Promise<void> {
  const table = await configs.current(catalog.db);
  expect({
    failures: play.failures,
    forgotten: await forgotten(table, configs),
    undecided: await undecided(table),
    unreported: await unreported(),
    unheard: await unheard(),
    unchecked: await unchecked(drawn),
    held: await catalog.values(`select stage || ' ' || timelabel || ' ' || cause from reefline.held_run`),
    running: play.openRuns().filter((run) => !run.endsWith('waiting')),
    twice: play.begun.filter((run, at) => play.begun.indexOf(run) !== at),
  }).toEqual({
    failures: [],
    forgotten: [],
    undecided: [],
    unreported: [],
    unheard: [],
    unchecked: [],
    held: [],
    running: [],
    twice: [],
  });
}

async function expectSameAfterDuplicates(game: Game, picking: Picking): Promise<void> {
  const begun = game.play.begun.length;
  const sendAgain = async () => {
    game.sendAgain();
    await game.play.settle(picking);
    expect(game.play.begun.slice(begun)).toEqual([]);
    return readContents(catalog.db);
  };
  // A join may count more inputs since an apply: the first duplicate finds labels that now wait, the second nothing. And a run that waits is
  // given the revision after one that somebody else reported when it is next decided.
  const moves = game.wasApplied || game.wasReported;
  const before = moves ? await sendAgain() : await readContents(catalog.db);
  expect(await sendAgain()).toEqual(before);
}

function forAll(
  moves: fc.Arbitrary<readonly Move[]>,
  check: (game: Game, picking: Picking) => Promise<void>,
): Promise<void> {
  return fc.assert(
    fc.asyncProperty(
      graphs,
      moves,
      fc.array(fc.nat(1000), { minLength: 1, maxLength: 20 }),
      async (drawn, all, seeds) => {
        await emptyCatalog(catalog.db);
        await storeConfig(catalog.db, projectOf(sketchesOf(drawn)), 'test');
        const game = new Game(drawn);
        const picking = pickingOf(seeds);
        game.restateAll();
        for (const [at, move] of all.entries()) {
          await game.play.settle(picking, (seeds[at % seeds.length] ?? 0) % 40);
          await game.move(move);
        }
        await game.play.settle(picking);
        await game.release(picking);
        await check(game, picking);
      },
    ),
    { numRuns: RUNS, examples: [HELD_WHILE_WAITING, FAILED_BEHIND, SKIPPED_CHECK, REPORTED_WHILE_WAITING] },
  );
}

describe('when nothing moves any more', () => {
  test(
    'restatements, failures, pauses that are drained, limits and reruns have left nobody behind and mixed nothing',
    () =>
      forAll(movesOf(resuming('drain'), running(fc.constant(false))), async (game, picking) => {
        await expectQuiet(game);
        expect(await mixtures()).toEqual([]);
        await expectSameAfterDuplicates(game, picking);
        await game.repairAll();
        await game.play.settle(picking);
        await game.release(picking);
        await expectQuiet(game);
        expect(await mixtures()).toEqual([]);
      }),
    300_000,
  );

  test(
    'configurations that count inputs differently and pauses that skip have left nobody behind',
    () =>
      forAll(
        movesOf(resuming('drain', 'latest', 'skip'), running(fc.constant(false)), applying),
        async (game, picking) => {
          await expectQuiet(game);
          await expectSameAfterDuplicates(game, picking);
        },
      ),
    300_000,
  );

  test(
    'runs on their own (--only) have left nobody behind once everything they read has come again',
    () =>
      forAll(movesOf(resuming('drain'), running(fc.boolean()), applying), async (game, picking) => {
        await game.repairAll();
        await game.play.settle(picking);
        game.restateAll();
        await game.play.settle(picking);
        await game.release(picking);
        await expectQuiet(game);
        await expectSameAfterDuplicates(game, picking);
      }),
    300_000,
  );
});

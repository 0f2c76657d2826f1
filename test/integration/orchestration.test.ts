import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readHeldRuns } from '../../catalog/held-runs.ts';
import { askForRun } from '../../workers/ask-run.ts';
import { eventually } from '../support/eventually.ts';
import { expectLedger } from '../support/expect-ledger.ts';
import { projectOf, type StageSketch } from '../support/project.ts';
import { label, openScenario, type Scenario } from '../support/scenario.ts';

/*
 * Each rule of docs/orchestration.md once on a real Temporal server. Every scenario has stages and a day of its own.
 */
const DAY = '20010105000000';
const QUICK = { seconds: 1 } as const;
const SKETCHES: readonly StageSketch[] = [
  // A diamond whose branches have different lengths and lie in different pipelines.
  { name: 'top', period: '1d' },
  { name: 'left', period: '1d', reads: ['top'] },
  { name: 'longer', period: '1d', reads: ['left'] },
  { name: 'right', period: '1d', reads: ['top'], pipeline: 'q' },
  { name: 'bottom', period: '1d', reads: ['longer', 'right', 'top'] },
  // Joins.
  { name: 'one', period: '1d' },
  { name: 'two', period: '1d' },
  { name: 'three', period: '1d' },
  { name: 'any_of', period: '1d', reads: ['one', 'two', 'three'], also: { when: 'any' } },
  {
    name: 'two_of',
    period: '1d',
    reads: ['one', 'two', 'three'],
    also: { when: { atLeast: 2 } },
  },
  { name: 'week_of', period: '1d', reads: ['one'], inputs: { one: { window: 'last 3' } } },
  { name: 'slowly', period: '1d' },
  { name: 'dimension', period: '1h', reads: ['hours', 'slowly'] },
  { name: 'hours', period: '1h' },
  // Deadlines.
  { name: 'early', period: '1d' },
  { name: 'tardy', period: '1d' },
  {
    name: 'waits',
    period: '1d',
    reads: ['early', 'tardy'],
    also: { deadline: { ...QUICK, then: 'wait' } },
  },
  {
    name: 'partly',
    period: '1d',
    reads: ['early', 'tardy'],
    also: { deadline: { ...QUICK, then: 'partial' } },
  },
  {
    name: 'gives_up',
    period: '1d',
    reads: ['early', 'tardy'],
    also: { deadline: { ...QUICK, then: 'fail' } },
  },
  { name: 'alarm', period: '1d', reads: ['waits'], on: ['LATE'] },
  { name: 'repair', period: '1d', reads: ['early'], on: ['FAILURE'] },
  { name: 'on_empty', period: '1d', reads: ['early'], on: ['EMPTY'] },
  // Limits and cancellations.
  { name: 'tap', period: '1d' },
  { name: 'stream', period: '1d' },
  { name: 'limited', period: '1d', reads: ['stream'], also: { maxRestatedLabels: 2 } },
  { name: 'quick', period: '1d', reads: ['tap'], also: { onRestatement: 'cancel' } },
];
const PROJECT = projectOf(SKETCHES);

let world: Scenario;

beforeAll(async () => {
  world = await openScenario('orchestration', PROJECT);
});
afterAll(async () => {
  await world.close();
});
beforeEach(() => {
  world.executed.length = 0;
  world.failing.clear();
  world.slow.clear();
  world.rows.clear();
});

const ledgerIs = expectLedger(() => world);

describe('a restatement', () => {
  test('runs each label below a diamond once, also across pipelines and when branches have different lengths', async () => {
    await world.run('top', DAY);
    await ledgerIs('bottom', DAY, ['r1 SUCCESS']);
    world.executed.length = 0;
    await world.run('top', DAY, true);
    await ledgerIs('bottom', DAY, ['r1 SUCCESS', 'r2 SUCCESS']);
    expect([...world.executed].sort()).toEqual(
      ['bottom', 'left', 'longer', 'right', 'top'].map((name) => `${name} ${DAY} r2`),
    );
    const inputs = await world.engine.db.query<{ input_revision: number }>(
      `select distinct input_revision from reefline.run_input where stage = 'p.bottom' and revision = 2`,
    );
    expect(inputs.rows).toEqual([{ input_revision: 2 }]);
  });

  test('whose branch fails holds the join, says why, and runs it once when the branch is repaired', async () => {
    const day = '20010106000000';
    await world.run('top', day);
    await ledgerIs('bottom', day, ['r1 SUCCESS']);
    world.failing.set(`right ${day}`, {});
    await world.run('top', day, true);
    await ledgerIs('right', day, ['r1 SUCCESS', 'r2 FAILURE']);
    await ledgerIs('longer', day, ['r1 SUCCESS', 'r2 SUCCESS']);
    await ledgerIs('bottom', day, ['r1 SUCCESS', 'r2 WAITING']);
    await eventually(async () => {
      const details = await world.client.workflow
        .getHandle(`run/p.bottom/${day}`)
        .query<object>('__temporal_workflow_metadata');
      expect(JSON.stringify(details)).toContain(
        `warehouse.main.right ${day}, to take up the newer warehouse.main.top ${day}`,
      );
    });
    world.failing.clear();
    await world.run('right', day);
    await ledgerIs('bottom', day, ['r1 SUCCESS', 'r2 SUCCESS']);
    expect(world.executedOf('bottom')).toEqual([`bottom ${day} r1`, `bottom ${day} r2`]);
  });

  test('with --only starts nothing below, and what is below is not held by it', async () => {
    const day = '20010107000000';
    await world.run('top', day);
    await ledgerIs('bottom', day, ['r1 SUCCESS']);
    await world.run('left', day, true, true);
    await ledgerIs('left', day, ['r1 SUCCESS', 'r2 SUCCESS']);
    await eventually(async () => {
      expect(await world.verdicts(`p.left/${day}/r2`)).toEqual(['longer filtered']);
    });
    expect(world.executedOf('longer')).toEqual([`longer ${day} r1`]);
    // A later restatement elsewhere joins with it as if nothing had happened.
    await world.run('right', day, true);
    await ledgerIs('bottom', day, ['r1 SUCCESS', 'r2 SUCCESS']);
  });

  test('cancels the run in flight where that is asked for, and the next one takes the new inputs', async () => {
    const day = '20010108000000';
    world.slow.set(`quick ${day}`, new Promise(() => undefined));
    await world.run('tap', day);
    await eventually(() => {
      expect(world.executedOf('quick')).toEqual([`quick ${day} r1`]);
    });
    world.slow.clear();
    await world.run('tap', day, true);
    await ledgerIs('quick', day, ['r1 SUPERSEDED', 'r2 SUCCESS']);
    await eventually(async () => {
      expect(await world.events('quick', day)).toEqual(['r2 SUCCESS']);
    });
  });

  test('of more labels than the limit is held, reported once, and released by a person', async () => {
    const days = ['20010201000000', '20010202000000', '20010203000000', '20010204000000'];
    for (const day of days) await world.run('stream', day);
    for (const day of days) await ledgerIs('limited', day, ['r1 SUCCESS']);
    for (const day of days.slice(0, 2)) {
      await world.run('stream', day, true);
      await ledgerIs('limited', day, ['r1 SUCCESS', 'r2 SUCCESS']);
    }
    for (const day of days.slice(2)) await world.run('stream', day, true);
    await eventually(async () => {
      const held = await readHeldRuns(world.engine.db, 'p.limited', 'storm');
      expect(held.map(({ timelabel }) => timelabel)).toEqual(days.slice(2));
    });
    const reported = await world.engine.db.query<{ message: string }>(
      `select body->'error'->>'message' as message from reefline.data_event where outcome = 'HELD'`,
    );
    expect(reported.rows).toEqual([{ message: expect.stringContaining('restated 2 labels of p.limited') }]);
    for (const day of days.slice(2))
      await askForRun(world.client, {
        stage: world.stage('limited'),
        timelabel: label(day),
        trigger: 'manual',
      });
    for (const day of days.slice(2))
      await eventually(async () => {
        expect((await world.ledger('limited', day)).at(-1)).toMatch(/SUCCESS$/);
        expect(await readHeldRuns(world.engine.db, 'p.limited', 'storm')).toEqual([]);
      });
  });
});

describe('joins', () => {
  test('any runs for each input, at_least waits for as many, and both take up what comes later', async () => {
    const day = '20010110000000';
    await world.run('one', day);
    await ledgerIs('any_of', day, ['r1 SUCCESS']);
    await ledgerIs('two_of', day, ['r1 WAITING']);
    await world.run('two', day);
    await ledgerIs('any_of', day, ['r1 SUCCESS', 'r2 SUCCESS']);
    await ledgerIs('two_of', day, ['r1 SUCCESS']);
    await world.run('three', day);
    await ledgerIs('two_of', day, ['r1 SUCCESS', 'r2 SUCCESS']);
  });

  test('a window of the last 3 runs when its newest label is there, opens nothing for days to come, and restates all three', async () => {
    const days = ['20010111000000', '20010112000000', '20010113000000'] as const;
    for (const day of days) await world.run('one', day);
    await ledgerIs('week_of', days[2], ['r1 SUCCESS']);
    expect(await world.ledger('week_of', '20010114000000')).toEqual([]);
    expect(await world.ledger('week_of', '20010115000000')).toEqual([]);
    await world.run('one', days[0], true);
    await ledgerIs('week_of', days[2], ['r1 SUCCESS', 'r2 SUCCESS']);
  });

  test('an input of which the newest label will do starts nothing, and completes a run that waits for its first', async () => {
    await world.run('hours', '20010116050000');
    await ledgerIs('dimension', '20010116050000', ['r1 WAITING']);
    await world.run('slowly', '20010115000000');
    await ledgerIs('dimension', '20010116050000', ['r1 SUCCESS']);
    await world.run('slowly', '20010116000000');
    await ledgerIs('slowly', '20010116000000', ['r1 SUCCESS']);
    expect(world.executedOf('dimension')).toHaveLength(1);
    // Both events have a verdict: whoever asks what became of them is told.
    expect(await world.verdicts('p.slowly/20010115000000/r1')).toEqual(['dimension started']);
    await eventually(async () => {
      expect(await world.verdicts('p.slowly/20010116000000/r1')).toEqual(['dimension filtered']);
    });
  });
});

describe('outcomes', () => {
  test('failure and emptiness start those who listen to them, and an empty label is there all the same', async () => {
    const [failed, empty] = ['20010120000000', '20010121000000'] as const;
    world.failing.set(`early ${failed}`, {});
    await world.run('early', failed);
    await ledgerIs('repair', failed, ['r1 SUCCESS']);
    expect(await world.ledger('on_empty', failed)).toEqual([]);
    world.rows.set(`early ${empty}`, 0);
    await world.run('early', empty);
    await ledgerIs('early', empty, ['r1 EMPTY']);
    await ledgerIs('on_empty', empty, ['r1 SUCCESS']);
    await ledgerIs('waits', empty, ['r1 WAITING']);
    expect(await world.ledger('repair', empty)).toEqual([]);
  });

  test('a deadline reports late and waits on, runs with what is there, or gives up; each recovers', async () => {
    const day = '20010122000000';
    await world.run('early', day);
    await ledgerIs('partly', day, ['r1 PARTIAL']);
    await ledgerIs('gives_up', day, ['r1 MISSING']);
    await eventually(async () => {
      expect(await world.events('waits', day)).toEqual(['r1 LATE']);
      expect(await world.events('gives_up', day)).toEqual(['r1 MISSING']);
    });
    await ledgerIs('alarm', day, ['r1 SUCCESS']);
    const { status } = await world.client.workflow.getHandle(`run/p.gives_up/${day}`).describe();
    expect(status.name).toBe('FAILED');
    await eventually(async () => {
      const partial = await world.engine.db.query<{ missing: unknown }>(
        `select body->'missing' as missing from reefline.data_event where event_id = $1`,
        [`p.partly/${day}/r1`],
      );
      expect(partial.rows).toEqual([{ missing: [{ dataset: 'warehouse.main.tardy', timelabel: day }] }]);
    });
    await world.run('tardy', day);
    await ledgerIs('waits', day, ['r2 RECOVERED']);
    await ledgerIs('partly', day, ['r1 PARTIAL', 'r2 RECOVERED']);
    await ledgerIs('gives_up', day, ['r1 MISSING', 'r2 RECOVERED']);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigStore } from '../../catalog/config-store.ts';
import { readHeldRuns } from '../../catalog/held-runs.ts';
import { pauseScope } from '../../catalog/pauses.ts';
import { resumeScope } from '../../cli/resume-scope.ts';
import { floorToPeriod } from '../../pipeline/period.ts';
import { labelAt } from '../../pipeline/timelabel.ts';
import { askForRun } from '../../workers/ask-run.ts';
import { eventually } from '../support/eventually.ts';
import { expectLedger } from '../support/expect-ledger.ts';
import { projectOf, type StageSketch } from '../support/project.ts';
import { label, openScenario, type Scenario } from '../support/scenario.ts';

/* What people ask for by hand, beside deadlines, limits and joins, on a real Temporal server. */
const DAY = '20010105000000';
const SKETCHES: readonly StageSketch[] = [
  { name: 'source', period: '1d', cron: '10 0 * * *' },
  { name: 'copied', period: '1d', reads: ['source'] },
  { name: 'x', period: '1d' },
  { name: 'y', period: '1d' },
  { name: 'joined', period: '1d', reads: ['x', 'y'] },
  { name: 'below', period: '1d', reads: ['joined'] },
  { name: 'either', period: '1d', reads: ['left', 'right'], also: { when: 'any' } },
  { name: 'top', period: '1d' },
  { name: 'left', period: '1d', reads: ['top'] },
  { name: 'right', period: '1d', reads: ['top'] },
  { name: 'quarters', period: '6h' },
  {
    name: 'partly',
    period: '1d',
    reads: ['quarters'],
    also: { deadline: { seconds: 1, then: 'partial' } },
  },
  { name: 'stream', period: '1d' },
  { name: 'limited', period: '1d', reads: ['stream'], also: { maxRestatedLabels: 1 } },
  {
    name: 'watched',
    period: '1d',
    reads: ['x', 'y'],
    also: { deadline: { seconds: 2, then: 'fail' } },
  },
];

let world: Scenario;

beforeAll(async () => {
  world = await openScenario('requests', projectOf(SKETCHES));
  await world.client.schedule.getHandle('tick/p.source').pause();
});
afterAll(async () => {
  await world.close();
});
beforeEach(() => {
  world.executed.length = 0;
  world.failing.clear();
});

const ledgerIs = expectLedger(() => world);

async function tick(at: string): Promise<void> {
  await world.client.workflow.start('tick', {
    workflowId: `tick/by-hand/${at}`,
    taskQueue: 'reefline',
    args: [{ stage: 'p.source', at }],
  });
}

describe('a person', () => {
  test('cannot run a label of a source before its interval has ended, so that its tick finds it undone', async () => {
    // Not a day that ends while the test runs.
    const today = labelAt(floorToPeriod('1d', Date.now() + 3_600_000));
    await world.run('source', today);
    const handle = world.client.workflow.getHandle(`run/p.source/${today}`);
    expect(await handle.result()).toMatchObject({
      status: 'nothing-new',
      detail: 'its interval has not ended',
    });
    expect(await world.ledger('source', today)).toEqual([]);
  });

  test('who ran a label on its own leaves it undone for its tick, which starts what is below', async () => {
    await world.run('source', DAY, false, true);
    await ledgerIs('source', DAY, ['r1 SUCCESS']);
    await eventually(async () => {
      expect(await world.verdicts(`p.source/${DAY}/r1`)).toEqual(['copied filtered']);
    });
    await tick('2001-01-06T00:10:00Z');
    await ledgerIs('source', DAY, ['r1 SUCCESS', 'r2 SUCCESS']);
    await ledgerIs('copied', DAY, ['r1 SUCCESS']);
  });

  test('who ran an input on its own has not completed a join, and completes it by asking again', async () => {
    await world.run('x', DAY);
    await ledgerIs('joined', DAY, ['r1 WAITING']);
    await world.run('y', DAY, false, true);
    await ledgerIs('y', DAY, ['r1 SUCCESS']);
    // Whoever looks again, such as the sweep, finds it incomplete.
    await askForRun(world.client, { stage: world.stage('joined'), timelabel: label(DAY), trigger: 'event' });
    await eventually(async () => {
      expect(await world.verdicts(`p.y/${DAY}/r1`)).toContain('joined filtered');
    });
    expect(await world.ledger('joined', DAY)).toEqual(['r1 WAITING']);
    await world.run('y', DAY);
    await ledgerIs('joined', DAY, ['r1 SUCCESS']);
    expect(world.executedOf('joined')).toHaveLength(1);
  });

  test('who thinks better of --only while the label waits is heard, and both requests are noted', async () => {
    const day = '20010106000000';
    await world.run('x', day);
    await ledgerIs('joined', day, ['r1 WAITING']);
    const ask = (reason: string, only: boolean): Promise<string> =>
      askForRun(world.client, {
        stage: world.stage('joined'),
        timelabel: label(day),
        trigger: 'manual',
        request: { request: null, by: 'ann', reason, ...(only ? { only } : {}) },
      });
    const notes = async (): Promise<string[]> =>
      (
        await world.engine.db.query<{ reason: string }>(
          `select reason from reefline.run_note where stage = 'p.joined' and timelabel = $1 and decision = 'asked' order by seq`,
          [day],
        )
      ).rows.map(({ reason }) => reason.split(': ').at(-1) ?? '');
    await ask('mine', true);
    await eventually(async () => {
      expect(await notes()).toEqual(['mine']);
    });
    await ask('for all', false);
    await eventually(async () => {
      expect(await notes()).toEqual(['mine', 'for all']);
    });
    await world.run('y', day);
    await ledgerIs('below', day, ['r1 SUCCESS']);
  });
});

describe('a join of some of its inputs', () => {
  test('is not held by a branch that failed, and takes it up when it is repaired', async () => {
    await world.run('top', DAY);
    await ledgerIs('right', DAY, ['r1 SUCCESS']);
    await eventually(async () => {
      expect((await world.ledger('either', DAY)).at(-1)).toMatch(/SUCCESS$/);
    });
    const before = (await world.ledger('either', DAY)).length;
    world.failing.set(`right ${DAY}`, {});
    await world.run('top', DAY, true);
    await ledgerIs('right', DAY, ['r1 SUCCESS', 'r2 FAILURE']);
    await eventually(async () => {
      const inputs = await world.engine.db.query<{ dataset: string }>(
        `select dataset from reefline.run_input where stage = 'p.either' and revision > $1 and input_revision = 2 order by 1`,
        [before],
      );
      expect(inputs.rows).toEqual([{ dataset: 'warehouse.main.left' }]);
    });
    world.failing.clear();
    await world.run('right', DAY);
    await eventually(async () => {
      const newest = await world.engine.db.query<{ input_revision: number }>(
        `select input_revision from reefline.run_input i where stage = 'p.either'
            and revision = (select max(revision) from reefline.stage_run where stage = 'p.either' and status = 'SUCCESS')
          order by dataset`,
      );
      expect(newest.rows.map((row) => row.input_revision)).toEqual([2, 3]);
    });
  });
});

describe('a deadline', () => {
  test('that takes what is there does so once: what comes later is taken up when all of it is there', async () => {
    const quarters = ['00', '06', '12', '18'].map((hour) => `20010105${hour}0000`);
    const [first = '', ...rest] = quarters;
    await world.run('quarters', first);
    await ledgerIs('partly', DAY, ['r1 PARTIAL']);
    for (const quarter of rest.slice(0, 2)) await world.run('quarters', quarter);
    await ledgerIs('partly', DAY, ['r1 PARTIAL', 'r2 WAITING']);
    await world.run('quarters', rest[2] ?? '');
    await ledgerIs('partly', DAY, ['r1 PARTIAL', 'r2 RECOVERED']);
    expect(world.executedOf('partly')).toHaveLength(2);
  });

  test('is reported also of a label that is complete and paused, and such a label is not given up', async () => {
    const day = '20010107000000';
    await pauseScope(world.engine.db, 'p.watched', 'ann', 'the warehouse is being resized');
    await world.run('x', day);
    await ledgerIs('watched', day, ['r1 WAITING']);
    await world.run('y', day);
    await eventually(async () => {
      const found = await world.engine.db.query<{ message: string }>(
        `select body->'error'->>'message' as message from reefline.data_event where dataset = 'warehouse.main.watched'
            and timelabel = $1 and outcome = 'LATE'`,
        [day],
      );
      expect(found.rows[0]?.message).toContain('p.watched is paused since');
    });
    await resumeScope(world.engine.db, new ConfigStore(), world.client, {
      scope: 'p.watched',
      policy: 'drain',
      actor: 'ann',
    });
    await ledgerIs('watched', day, ['r2 RECOVERED']);
  });
});

describe('the limit of restated labels', () => {
  test('counts a label once, however often it is restated', async () => {
    const day = '20010110000000';
    await world.run('stream', day);
    await ledgerIs('limited', day, ['r1 SUCCESS']);
    for (const revision of [2, 3]) {
      await world.run('stream', day, true);
      await eventually(async () => {
        expect((await world.ledger('limited', day)).at(-1)).toBe(`r${String(revision)} SUCCESS`);
      });
    }
    expect(await readHeldRuns(world.engine.db, 'p.limited', 'storm')).toEqual([]);
  });

  test('holds what a resumed pause lets go above it, says so, and lets a person release it', async () => {
    const days = ['20010111000000', '20010112000000'];
    for (const day of days) {
      await world.run('stream', day);
      await ledgerIs('limited', day, ['r1 SUCCESS']);
    }
    await pauseScope(world.engine.db, 'p.limited', 'ann', 'to look at it');
    for (const day of days) await world.run('stream', day, true);
    await eventually(async () => {
      expect(await readHeldRuns(world.engine.db, 'p.limited', 'paused')).toHaveLength(2);
    });
    await resumeScope(world.engine.db, new ConfigStore(), world.client, {
      scope: 'p.limited',
      policy: 'drain',
      actor: 'ann',
    });
    // The label of the test before is the one that the limit allows.
    await eventually(async () => {
      const held = await readHeldRuns(world.engine.db, 'p.limited', 'storm');
      expect(held.map(({ timelabel }) => timelabel)).toEqual(days);
    });
    expect(await readHeldRuns(world.engine.db, 'p.limited', 'paused')).toEqual([]);
    const reported = await world.engine.db.query(`select 1 from reefline.data_event where outcome = 'HELD'`);
    expect(reported.rowCount).toBe(1);
    for (const day of days)
      await askForRun(world.client, {
        stage: world.stage('limited'),
        timelabel: label(day),
        trigger: 'manual',
      });
    for (const day of days)
      await eventually(async () => {
        expect((await world.ledger('limited', day)).at(-1)).toMatch(/SUCCESS$/);
      });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigStore } from '../../catalog/config-store.ts';
import { readHeldRuns } from '../../catalog/held-runs.ts';
import { pauseScope } from '../../catalog/pauses.ts';
import { judgeChecks, type JudgedCheck } from '../../cli/judge.ts';
import { previewResume, resumeScope } from '../../cli/resume-scope.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { eventually } from '../support/eventually.ts';
import { expectLedger } from '../support/expect-ledger.ts';
import { projectOf, type StageSketch } from '../support/project.ts';
import { label, openScenario, type Scenario } from '../support/scenario.ts';

/* What people hold back and let go, and what blocking checks hold back for them, on a real Temporal server. */
const DAY = '20010105000000';
const CHECK: Partial<StageDefinition> = {
  work: { kind: 'check', from: 'warehouse.main.goods', blocking: true, assertions: [] },
};

const SKETCHES: readonly StageSketch[] = [
  { name: 'tap', period: '1d' },
  { name: 'bucket', period: '1d', reads: ['tap'] },
  { name: 'cellar', period: '1d', reads: ['bucket'], on: ['SUCCESS', 'SKIPPED'] },
  // A blocking check.
  { name: 'goods', period: '1d' },
  { name: 'customs', period: '1d', reads: ['goods'], also: CHECK },
  {
    name: 'shop',
    period: '1d',
    reads: ['goods', 'customs'],
    inputs: { customs: { gate: 'warehouse.main.goods' } },
  },
];

let world: Scenario;

beforeAll(async () => {
  world = await openScenario('holding', projectOf(SKETCHES));
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

describe('a pause', () => {
  async function hold(days: readonly string[]): Promise<void> {
    await pauseScope(world.engine.db, 'p.bucket', 'ann', 'the bucket leaks');
    for (const day of days) await world.run('tap', day);
    await eventually(async () => {
      const held = await readHeldRuns(world.engine.db, 'p.bucket', 'paused');
      expect(held.map(({ timelabel }) => timelabel)).toEqual(days);
    });
  }

  test.each([
    ['drain', '200103', ['SUCCESS', 'SUCCESS', 'SUCCESS']],
    ['latest', '200104', ['SKIPPED', 'SKIPPED', 'SUCCESS']],
    ['skip', '200105', ['SKIPPED', 'SKIPPED', 'SKIPPED']],
  ] as const)(
    'resumed with %s loses nothing: what it held runs or is skipped with an event',
    async (policy, month, ends) => {
      const days = ['01', '02', '03'].map((day) => `${month}${day}000000`);
      await hold(days);
      expect(await world.verdicts(`p.tap/${days[0] ?? ''}/r1`)).toContain('bucket paused');
      expect(world.executedOf('bucket')).toEqual([]);
      const preview = await previewResume(world.engine.db, 'p.bucket', policy);
      const resume = { scope: 'p.bucket', policy, actor: 'ann' } as const;
      const done = await resumeScope(world.engine.db, new ConfigStore(), world.client, resume);
      expect(done).toEqual(preview);
      expect(preview.run).toHaveLength(ends.filter((end) => end === 'SUCCESS').length);
      for (const [at, day] of days.entries()) {
        await ledgerIs('bucket', day, [`r1 ${ends[at] ?? ''}`]);
        await eventually(async () => {
          expect(await world.events('bucket', day)).toEqual([`r1 ${ends[at] ?? ''}`]);
        });
        await ledgerIs('cellar', day, ['r1 SUCCESS']);
      }
      expect(await readHeldRuns(world.engine.db, 'p', 'paused')).toEqual([]);
      // What was skipped still runs when its input changes, and when a person asks.
      const [first = ''] = days;
      await world.run('tap', first, true);
      await ledgerIs('bucket', first, [`r1 ${ends[0]}`, 'r2 SUCCESS']);
      await ledgerIs('cellar', first, ['r1 SUCCESS', 'r2 SUCCESS']);
    },
  );

  test('keeps a tick that comes meanwhile, and lets a person run a label all the same', async () => {
    await pauseScope(world.engine.db, 'p', 'ann', 'everything stops');
    await world.client.workflow.start('tick', {
      workflowId: 'tick/by-hand',
      taskQueue: 'reefline',
      args: [{ stage: 'p.tap', at: '2001-06-02T00:10:00Z' }],
    });
    await eventually(async () => {
      const held = await readHeldRuns(world.engine.db, 'p', 'paused');
      expect(held.map(({ stage, timelabel }) => `${stage} ${timelabel}`)).toEqual(['p.tap 20010601000000']);
    });
    await world.run('tap', '20010602000000');
    await ledgerIs('tap', '20010602000000', ['r1 SUCCESS']);
    await resumeScope(world.engine.db, new ConfigStore(), world.client, {
      scope: 'p',
      policy: 'drain',
      actor: 'ann',
    });
    await ledgerIs('tap', '20010601000000', ['r1 SUCCESS']);
    await ledgerIs('cellar', '20010601000000', ['r1 SUCCESS']);
    await ledgerIs('cellar', '20010602000000', ['r1 SUCCESS']);
  });
});

describe('a blocking check', () => {
  async function quarantine(day: string): Promise<void> {
    world.failing.set(`customs ${day}`, { violated: 'no_negative' });
    await world.run('goods', day);
    await ledgerIs('customs', day, ['r1 QUARANTINED']);
    await ledgerIs('shop', day, ['r1 WAITING']);
  }

  function judge(day: string, verdict: 'RELEASED' | 'REJECTED'): Promise<readonly JudgedCheck[]> {
    const judgement = { timelabel: label(day), verdict, actor: 'ann', reason: 'seen and understood' };
    return judgeChecks(world.engine.db, new ConfigStore(), world.client, [world.stage('customs')], judgement);
  }

  test('that holds lets the dependents run', async () => {
    await world.run('goods', DAY);
    await ledgerIs('shop', DAY, ['r1 SUCCESS']);
  });

  test('quarantines the label until a person releases it, once, and newer data is checked anew', async () => {
    const day = '20010130000000';
    await quarantine(day);
    await judge(day, 'RELEASED');
    await judge(day, 'RELEASED');
    await ledgerIs('shop', day, ['r1 SUCCESS']);
    expect(await world.ledger('customs', day)).toEqual(['r1 QUARANTINED', 'r2 RELEASED']);
    const notes = await world.engine.db.query(
      `select actor, reason from reefline.run_note where stage = 'p.customs' and decision = 'released'`,
    );
    expect(notes.rows).toEqual([{ actor: 'ann', reason: 'seen and understood' }]);
    await world.run('goods', day, true);
    await ledgerIs('customs', day, ['r1 QUARANTINED', 'r2 RELEASED', 'r3 QUARANTINED']);
    await ledgerIs('shop', day, ['r1 SUCCESS', 'r2 WAITING']);
  });

  test('holds what a person rejects until newer data passes', async () => {
    const day = '20010131000000';
    await quarantine(day);
    await judge(day, 'REJECTED');
    await eventually(async () => {
      expect(await world.events('customs', day)).toEqual(['r1 QUARANTINED', 'r2 REJECTED']);
    });
    expect(await world.ledger('shop', day)).toEqual(['r1 WAITING']);
    world.failing.clear();
    await world.run('goods', day, true);
    await ledgerIs('shop', day, ['r1 SUCCESS']);
    expect(await world.ledger('customs', day)).toEqual(['r1 QUARANTINED', 'r2 REJECTED', 'r3 SUCCESS']);
  });
});

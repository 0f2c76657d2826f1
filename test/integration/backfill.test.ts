import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { readBackfill, readProgress } from '../../catalog/backfill.ts';
import { ConfigStore } from '../../catalog/config-store.ts';
import { pauseScope } from '../../catalog/pauses.ts';
import { orderBackfill } from '../../cli/backfill-orders.ts';
import { resumeScope } from '../../cli/resume-scope.ts';
import type { BackfillProgress } from '../../pipeline/backfill-progress.ts';
import { hasEnded } from '../../pipeline/backfill-progress.ts';
import { backfillId, ROUTING_QUEUE } from '../../pipeline/ids.ts';
import { DONE, startEngine, type Engine, type Work } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const PROJECT = projectOf([
  { name: 'shift', period: '4h', cron: '10 */4 * * *', maxAttempts: 1 },
  { name: 'loaded', period: '4h', reads: ['shift'] },
  { name: 'daily', period: '1d', reads: ['loaded'] },
  { name: 'priced', period: '1d', reads: [OUTSIDE] },
  { name: 'fetched', period: '4h', cron: '10 */4 * * *', pipeline: 'q' },
  { name: 'limited', period: '4h', reads: ['fetched'], pipeline: 'q', also: { maxRestatedLabels: 1 } },
]);

/** Shifts of a day. */
const SHIFTS = 6;

const executed: string[] = [];
const failing = new Set<string>();
const slow = new Map<string, Promise<void>>();
let atOnce = 0;
let mostAtOnce = 0;

const work: Work = async (run) => {
  const key = `${run.stage.name} ${run.timelabel}`;
  atOnce += 1;
  mostAtOnce = Math.max(mostAtOnce, atOnce);
  try {
    await slow.get(key);
    await new Promise((resolve) => setTimeout(resolve, 20));
    executed.push(`${key} r${String(run.revision)}`);
    if (failing.has(key)) throw new Error('the test makes this run fail');
    return DONE;
  } finally {
    atOnce -= 1;
  }
};

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine('backfill', work);
  await engine.apply(PROJECT);
  for (const stage of ['p.shift', 'q.fetched'])
    await engine.client.schedule.getHandle(`tick/${stage}`).pause();
  await engine.startWorkers();
});

afterAll(async () => {
  await engine.close();
});

async function start(name: string, input: object): Promise<void> {
  await engine.client.workflow.start('backfill', {
    workflowId: backfillId(name),
    taskQueue: ROUTING_QUEUE,
    args: [input],
  });
}

async function order(name: string, signal: 'pause' | 'resume' | 'cancel'): Promise<void> {
  await engine.client.workflow.getHandle(backfillId(name)).signal(signal);
}

async function retry(name: string): Promise<void> {
  const record = await readBackfill(engine.db, name);
  if (record === undefined) throw new Error(`There is no backfill ${name}.`);
  await orderBackfill(engine.client, record, 'retry');
}

async function progressOf(name: string): Promise<BackfillProgress> {
  const record = await readBackfill(engine.db, name);
  if (record === undefined) throw new Error(`There is no backfill ${name} yet.`);
  return readProgress(engine.db, record);
}

async function ended(name: string): Promise<BackfillProgress> {
  let progress: BackfillProgress | undefined;
  await eventually(async () => {
    progress = await progressOf(name);
    if (!hasEnded(progress.status)) throw new Error(JSON.stringify(progress.counts));
  }, 150_000);
  if (progress === undefined) throw new Error(name);
  return progress;
}

async function runs(stage: string, day: string): Promise<string[]> {
  const found = await engine.db.query<{ run: string }>(
    `select substr(timelabel, 9, 2) || ' r' || revision || ' ' || status as run from reefline.stage_run
      where stage = $1 and timelabel like $2 order by timelabel, revision`,
    [stage.includes('.') ? stage : `p.${stage}`, `${day}%`],
  );
  return found.rows.map(({ run }) => run);
}

/** The hours at which so many shifts of a day begin, each followed by the suffix. */
function shifts(count: number, suffix: string): string[] {
  return Array.from({ length: count }, (_, at) => `${String(at * 4).padStart(2, '0')} ${suffix}`);
}

describe('a backfill', () => {
  test('runs every label of the graph once, after what it needs and with no more at once than it may, and says so', async () => {
    mostAtOnce = 0;
    const range = { from: '2020-03-01', to: '2020-03-03' };
    await start('two-days', { target: 'p.shift', ...range, downstream: true, maxConcurrent: 6 });
    const { status, counts } = await ended('two-days');
    expect({ status, counts }).toMatchObject({ status: 'completed', counts: { success: 4 * SHIFTS + 2 } });
    for (const day of ['20200301', '20200302']) {
      expect(await runs('shift', day)).toEqual(shifts(SHIFTS, 'r1 SUCCESS'));
      expect(await runs('loaded', day)).toEqual(shifts(SHIFTS, 'r1 SUCCESS'));
      expect(await runs('daily', day)).toEqual(['00 r1 SUCCESS']);
    }
    // Also the day, whose inputs came as six events, ran once, and after all of them.
    const at = (stage: string, label: string): number => executed.indexOf(`${stage} ${label} r1`);
    for (const day of ['20200301', '20200302'])
      for (const shift of shifts(SHIFTS, '')) {
        const label = `${day}${shift.trim()}0000`;
        expect(at('shift', label)).toBeGreaterThanOrEqual(0);
        expect(at('loaded', label)).toBeGreaterThan(at('shift', label));
        expect(at('daily', `${day}000000`)).toBeGreaterThan(at('loaded', label));
      }
    expect(mostAtOnce).toBeLessThanOrEqual(6);
    const result: unknown = await engine.client.workflow.getHandle(backfillId('two-days')).result();
    expect(result).toMatchObject({ id: 'two-days', status: 'completed' });
  });

  test('of labels that are there has nothing to do', async () => {
    const before = executed.length;
    await start('again', { target: 'p.shift', from: '2020-03-01', to: '2020-03-03', downstream: true });
    expect(await ended('again')).toMatchObject({
      status: 'completed',
      stages: [{ total: 0 }, { total: 0 }, { total: 0 }],
    });
    expect(executed).toHaveLength(before);
  });

  test('with rerun all makes a new revision of every label, once', async () => {
    const range = { from: '2020-03-01T00:00:00Z', to: '2020-03-01T16:00:00Z' };
    await start('anew', { target: 'p.shift', ...range, downstream: true, rerun: 'all' });
    expect(await ended('anew')).toMatchObject({ status: 'completed', counts: { success: 4 + 4 + 1 } });
    for (const stage of ['shift', 'loaded']) {
      const made = await runs(stage, '20200301');
      expect(made.filter((run) => run.endsWith('r2 SUCCESS'))).toEqual(shifts(4, 'r2 SUCCESS'));
      expect(made).toHaveLength(SHIFTS + 4);
    }
    expect((await runs('daily', '20200301')).length).toBeGreaterThan(1);
  });

  test('starts a lower stage itself when what feeds it is there', async () => {
    await start('top-only', { target: 'p.shift', from: '2020-03-05', to: '2020-03-06', only: true });
    await ended('top-only');
    expect(await runs('loaded', '20200305')).toEqual([]);
    await start('below', { target: 'p.loaded', from: '2020-03-05', to: '2020-03-06', downstream: true });
    expect(await ended('below')).toMatchObject({ status: 'completed', counts: { success: SHIFTS + 1 } });
    expect(await runs('shift', '20200305')).toEqual(shifts(SHIFTS, 'r1 SUCCESS'));
  });

  test('leaves what waits for inputs from outside, and ends', async () => {
    await start('unpriced', { target: 'p.priced', from: '2020-03-01', to: '2020-03-04' });
    expect(await ended('unpriced')).toMatchObject({ status: 'completed', counts: { waiting: 3 } });
    expect(await runs('priced', '202003')).toEqual(Array(3).fill('00 r1 WAITING'));
  });
});

describe('failures', () => {
  test('block what depends on them; a retry runs exactly what failed and was blocked', async () => {
    failing.add('shift 20200307040000');
    await start('failing', { target: 'p.shift', from: '2020-03-07', to: '2020-03-08', downstream: true });
    const failed = await ended('failing');
    expect(failed).toMatchObject({
      status: 'failed',
      counts: { success: 2 * SHIFTS - 2, failure: 1, blocked: 2 },
    });
    expect(failed.failures[0]).toMatchObject({ stage: 'p.shift', timelabel: '20200307040000' });
    await expect(engine.client.workflow.getHandle(backfillId('failing')).result()).rejects.toThrow();
    failing.clear();
    executed.length = 0;
    await retry('failing');
    await eventually(async () => {
      expect(await progressOf('failing')).toMatchObject({
        status: 'completed',
        counts: { success: 2 * SHIFTS + 1 },
      });
    });
    expect([...executed].sort()).toEqual([
      'daily 20200307000000 r1',
      'loaded 20200307040000 r1',
      'shift 20200307040000 r2',
    ]);
  });
});

describe('orders', () => {
  test('pause begins nothing more, resume goes on, and both survive the workers', async () => {
    let release = (): void => undefined;
    slow.set('shift 20200309000000', new Promise<void>((resolve) => (release = resolve)));
    await start('paused', { target: 'p.shift', from: '2020-03-09', to: '2020-03-10', maxConcurrent: 1 });
    await eventually(async () => {
      expect(await runs('shift', '20200309')).toEqual(['00 r1 RUNNING']);
    });
    await order('paused', 'pause');
    await eventually(async () => {
      expect(await progressOf('paused')).toMatchObject({ status: 'paused' });
    });
    release();
    await eventually(async () => {
      expect(await progressOf('paused')).toMatchObject({
        counts: { success: 1, planned: SHIFTS - 1, running: 0 },
      });
    });
    await engine.stopWorkers();
    await order('paused', 'resume');
    await engine.startWorkers();
    expect(await ended('paused')).toMatchObject({ status: 'completed', counts: { success: SHIFTS } });
    expect(await runs('shift', '20200309')).toEqual(shifts(SHIFTS, 'r1 SUCCESS'));
  });

  test('cancel starts nothing more, follows what runs, and can be taken back by a retry', async () => {
    let release = (): void => undefined;
    slow.set('shift 20200311000000', new Promise<void>((resolve) => (release = resolve)));
    await start('cancelled', { target: 'p.shift', from: '2020-03-11', to: '2020-03-12', maxConcurrent: 1 });
    await eventually(async () => {
      expect(await runs('shift', '20200311')).toEqual(['00 r1 RUNNING']);
    });
    await order('cancelled', 'cancel');
    await eventually(async () => {
      const { status, counts } = await progressOf('cancelled');
      expect({ status, counts }).toMatchObject({
        status: 'cancelling',
        counts: { cancelled: SHIFTS - 1, running: 1 },
      });
    });
    release();
    expect(await ended('cancelled')).toMatchObject({
      status: 'cancelled',
      counts: { success: 1, cancelled: SHIFTS - 1 },
      stages: [{ stage: 'p.shift', done: 1, total: SHIFTS }],
    });
    expect(await runs('shift', '20200311')).toEqual(['00 r1 SUCCESS']);
    await retry('cancelled');
    await eventually(async () => {
      expect(await progressOf('cancelled')).toMatchObject({
        status: 'completed',
        counts: { success: SHIFTS },
      });
    });
    expect(await runs('shift', '20200311')).toEqual(shifts(SHIFTS, 'r1 SUCCESS'));
  });

  test('a backfill of labels that an open one holds is refused with its name', async () => {
    let release = (): void => undefined;
    slow.set('shift 20200313000000', new Promise<void>((resolve) => (release = resolve)));
    const range = { from: '2020-03-13T00:00:00Z', to: '2020-03-13T08:00:00Z' };
    await start('first', { target: 'p.shift', ...range });
    await eventually(async () => {
      await progressOf('first');
    });
    await start('second', { target: 'p.shift', ...range });
    await expect(engine.client.workflow.getHandle(backfillId('second')).result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('belong to the backfill first, which has not ended') },
    });
    release();
    await ended('first');
  });
});

describe('a pause of a stage', () => {
  test('fills the room and holds the backfill, which loses nothing when the stage is resumed', async () => {
    await pauseScope(engine.db, 'p.loaded', 'test', 'the warehouse is being resized');
    const range = { from: '2020-03-17', to: '2020-03-18' };
    await start('stage-paused', { target: 'p.shift', ...range, downstream: true, maxConcurrent: 4 });
    await eventually(async () => {
      const held = await engine.db.query(`select 1 from reefline.held_run where stage = 'p.loaded'`);
      expect(held.rows).toHaveLength(3);
    });
    // A label counts until its load has ended, too, so nobody fetches far ahead of a warehouse that stands still.
    // Three loads wait, and the fourth place is too small for a shift and its load.
    expect(await runs('shift', '20200317')).toEqual(shifts(3, 'r1 SUCCESS'));
    // Resumed, they all run at once: were they not counted, they would be more than the backfill may run.
    expect(await progressOf('stage-paused')).toMatchObject({
      status: 'running',
      pausedStages: ['p.loaded'],
      heldByPause: [{ stage: 'p.loaded', labels: 3, scopes: ['p.loaded'] }],
    });
    const resume = { scope: 'p.loaded', policy: 'drain', actor: 'test' } as const;
    await resumeScope(engine.db, new ConfigStore(), engine.client, resume);
    expect(await ended('stage-paused')).toMatchObject({
      status: 'completed',
      counts: { success: 2 * SHIFTS + 1 },
    });
    expect(await runs('loaded', '20200317')).toEqual(shifts(SHIFTS, 'r1 SUCCESS'));
  });
});

describe('the limit of restated labels', () => {
  const range = { from: '2020-03-19T00:00:00Z', to: '2020-03-19T16:00:00Z', rerun: 'all', maxConcurrent: 2 };

  async function held(): Promise<string[]> {
    const found = await engine.db.query<{ hour: string }>(
      `select substr(timelabel, 9, 2) as hour from reefline.held_run where cause = 'storm' order by 1`,
    );
    return found.rows.map(({ hour }) => hour);
  }

  test('neither holds nor counts what a backfill has ordered, though its own events bring it', async () => {
    const whole = { target: 'q.fetched', ...range, downstream: true };
    await start('first-made', whole);
    expect(await ended('first-made')).toMatchObject({ counts: { success: 8 } });
    await start('ordered', whole);
    expect(await ended('ordered')).toMatchObject({ status: 'completed', counts: { success: 8 } });
    expect(await runs('q.limited', '20200319')).toEqual(
      shifts(4, '').flatMap((hour) => [`${hour}r1 SUCCESS`, `${hour}r2 SUCCESS`]),
    );
    const told = await engine.db.query(
      `select 1 from reefline.run_note where stage = 'q.limited' and decision in ('held', 'limit')
       union all select 1 from reefline.stage_run where stage = 'q.limited' and restates`,
    );
    expect(told.rows).toEqual([]);
  });

  test('holds what follows from a backfill that does not cover it, until one does', async () => {
    await start('uncovered', { target: 'q.fetched', ...range });
    expect(await ended('uncovered')).toMatchObject({ counts: { success: 4 } });
    await eventually(async () => {
      expect(await held()).toHaveLength(3);
    });
    await start('covering', { target: 'q.limited', ...range, rerun: 'none' });
    expect(await ended('covering')).toMatchObject({ status: 'completed', counts: { success: 3 } });
    expect(await held()).toEqual([]);
  });
});

describe('beside a backfill of the schedule', () => {
  test('over the same range no label runs twice', async () => {
    const day = '20200315';
    await Promise.all([
      start('beside', { target: 'p.shift', from: '2020-03-15', to: '2020-03-16', downstream: true }),
      engine.client.schedule.getHandle('tick/p.shift').backfill({
        start: new Date('2020-03-15T00:59:00Z'),
        end: new Date('2020-03-16T00:30:00Z'),
        overlap: ScheduleOverlapPolicy.ALLOW_ALL,
      }),
    ]);
    expect(await ended('beside')).toMatchObject({ status: 'completed' });
    await eventually(async () => {
      const ticks = await engine.client.workflow.count(
        `WorkflowType = 'tick' AND ExecutionStatus = 'Completed'`,
      );
      expect(ticks.count).toBe(SHIFTS);
    });
    for (const at of shifts(SHIFTS, '')) {
      const id = `run/p.shift/${day}${at.trim()}0000`;
      await engine.client.workflow.getHandle(id).result();
    }
    expect(await runs('shift', day)).toEqual(shifts(SHIFTS, 'r1 SUCCESS'));
    expect(await runs('loaded', day)).toEqual(shifts(SHIFTS, 'r1 SUCCESS'));
    expect(await runs('daily', day)).toEqual(['00 r1 SUCCESS']);
  });
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { acceptEvents } from '../../activities/accept-events.ts';
import { closeRun } from '../../activities/close-run.ts';
import { openRun } from '../../activities/open-run.ts';
import { ConfigStore, storeConfig } from '../../catalog/config-store.ts';
import { inTransaction } from '../../catalog/connect.ts';
import { appendEvents } from '../../catalog/event-log.ts';
import { endPause, pauseScope } from '../../catalog/pauses.ts';
import { backfillId, publisherId, ROUTING_QUEUE, runId, SWEEP_ID } from '../../pipeline/ids.ts';
import type { Project } from '../../pipeline/project.ts';
import { askForRun } from '../../workers/ask-run.ts';
import { expectFound, fares, Gate, ledger, signal, sweep, workflowOf } from '../support/damage.ts';
import { DONE, startEngine, type Engine, type Work } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { freshQueue, type FreshQueue } from '../support/local-cloud.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const SKETCHES = [
  { name: 'source', period: '1d' },
  { name: 'priced', period: '1d', reads: [OUTSIDE] },
  { name: 'joined', period: '1d', reads: ['source', 'priced'] },
  { name: 'removed', period: '1d', reads: ['source', 'priced'] },
] as const;

const executed: string[] = [];
const gates = new Map<string, Gate>();

const work: Work = async ({ stage, timelabel, revision, attempt }) => {
  executed.push(`${stage.name} ${timelabel} r${String(revision)}`);
  // The attempt that a crash interrupts never ends by itself.
  if (attempt === 1) await gates.get(`${stage.name} ${timelabel} r${String(revision)}`)?.opened;
  return DONE;
};

let engine: Engine;
let queue: FreshQueue;
let project: Project;
const configs = new ConfigStore();

beforeAll(async () => {
  engine = await startEngine('selfrepair', work);
  queue = await freshQueue('selfrepair');
  project = projectOf(SKETCHES, [{ name: 'customer', kind: 'sqs', queueUrl: queue.url }]);
  await engine.apply(project);
  // The sweeps of this suite are its own: one that the clock starts would find first what they are to find.
  await engine.client.schedule.getHandle(SWEEP_ID).pause();
  await engine.startWorkers();
});

afterAll(async () => {
  for (const gate of gates.values()) gate.open();
  await engine.close();
  await queue.drop();
});

function definition(name: string): Project['stages'][number] {
  const stage = project.stages.find((one) => one.name === name);
  if (stage === undefined) throw new Error(name);
  return stage;
}

async function runSource(timelabel: string): Promise<void> {
  await askForRun(engine.client, {
    stage: definition('source'),
    timelabel: timelabel as never,
    trigger: 'manual',
  });
  await eventually(async () => {
    expect(await ledger(engine, 'source', timelabel)).toEqual(['r1 SUCCESS']);
  });
}

async function terminate(stage: string, timelabel: string): Promise<void> {
  await engine.client.workflow.getHandle(runId(`p.${stage}`, timelabel)).terminate('the test');
}

/** Until everything that was asked for has been reported, so that nothing in progress is taken for a finding. */
async function quiet(): Promise<void> {
  await eventually(async () => {
    const found = await engine.db.query<{ busy: number }>(
      `select (select count(*) from reefline.stage_run r where r.status = 'RUNNING')
            + (select count(*) from reefline.stage_run r where r.events <> '[]' and not exists
                 (select 1 from reefline.data_event e where e.event_id = r.events->-1->>'eventId')
                and r.events->-1->>'eventId' <> 'gone/1')
            + (select count(*) from reefline.delivery where status = 'owed') as busy`,
    );
    expect(Number(found.rows[0]?.busy)).toBe(0);
    // A router opens a label that waits before it starts its workflow.
    const waiting = await engine.db.query<{ stage: string; timelabel: string }>(
      `select split_part(stage, '.', 2) as stage, timelabel from reefline.stage_run where status = 'WAITING'`,
    );
    for (const { stage, timelabel } of waiting.rows)
      expect(await workflowOf(engine, stage, timelabel)).toBe('RUNNING');
  });
}

async function expectNothingLeft(): Promise<void> {
  await quiet();
  expect(await sweep(engine)).toEqual({});
}

const DIES = new Error('the process dies here');

describe('the sweep', () => {
  test('signals events again that a run recorded and a dead process never sent', async () => {
    const day = '20010101000000';
    await signal(engine, fares(day));
    await eventually(async () => {
      expect(await ledger(engine, 'joined', day)).toEqual(['r1 WAITING']);
    });
    await quiet();
    const opened = await openRun(engine.db, configs, {
      stage: 'p.source',
      timelabel: day,
      trigger: 'manual',
      rerun: null,
    });
    expect(opened).toMatchObject({ kind: 'run', revision: 1 });
    const run = {
      stage: 'p.source',
      timelabel: day,
      revision: 1,
      temporalRunId: 'dead',
      output: DONE,
      error: null,
    };
    await expect(closeRun(engine.db, configs, () => Promise.reject(DIES), run)).rejects.toThrow(DIES);
    // What the router does about it at once may look undone to the same sweep, which waits for nothing here.
    await eventually(async () => {
      expect(await sweep(engine)).toMatchObject({ 'unreported-event': 1 });
    });
    await eventually(async () => {
      expect(await ledger(engine, 'joined', day)).toEqual(['r1 SUCCESS']);
    });
    await expectNothingLeft();
    const recorded = await engine.db.query(
      `select subject, mended from reefline.mending where kind = 'unreported-event'`,
    );
    expect(recorded.rows).toEqual([{ subject: `p.source ${day} r1`, mended: true }]);
  });

  test('does not take an event for unreported that the router has rejected', async () => {
    const day = '20010102000000';
    const dataset = 'warehouse.main.unheard_of';
    await runSource(day);
    // The router must refuse it: what produced this dataset is not in the configuration.
    await engine.db.query(
      `update reefline.stage_run set events = jsonb_build_array(
         (events->-1) || jsonb_build_object('eventId', 'gone/1', 'dataset', $2::text)) where stage = 'p.source' and timelabel = $1`,
      [day, dataset],
    );
    await eventually(async () => {
      await expectFound(engine, { 'unreported-event': 1 });
    });
    await eventually(async () => {
      const found = await engine.db.query('select reason from reefline.rejected_event where raw like $1', [
        `%${dataset}%`,
      ]);
      expect(found.rows).toHaveLength(1);
    });
    await expectNothingLeft();
  });

  test('lets a waiting run look again whose inputs are all there', async () => {
    const day = '20010103000000';
    await runSource(day);
    await eventually(async () => {
      expect(await ledger(engine, 'joined', day)).toEqual(['r1 WAITING']);
    });
    await quiet();
    // The log has the event, and whoever logged it decided nothing.
    const identity = { dataset: 'warehouse.main.priced', timelabel: day, revision: 1, stage: 'p.priced' };
    const event = { event_type: 'data', eventId: `by-hand/${day}`, status: 'SUCCESS', outcome: 'SUCCESS' };
    const logged = { ...event, ...identity, type: 'redshift', schema: 'main', table: 'priced' };
    await inTransaction(engine.db, (client) =>
      appendEvents(client, [{ event: logged as never, endpoints: [] }], [], 'p'),
    );
    await eventually(async () => {
      await sweep(engine);
      expect(await ledger(engine, 'joined', day)).toEqual(['r1 SUCCESS']);
      expect(await ledger(engine, 'removed', day)).toEqual(['r1 SUCCESS']);
    });
    await expectNothingLeft();
  });

  test('starts a waiting run again whose workflow is gone, and it runs once when its inputs are there', async () => {
    const day = '20010104000000';
    await runSource(day);
    await eventually(async () => {
      expect(await workflowOf(engine, 'joined', day)).toBe('RUNNING');
    });
    await quiet();
    await terminate('joined', day);
    await expectFound(engine, { 'vanished-run': 1 });
    expect(await workflowOf(engine, 'joined', day)).toBe('RUNNING');
    expect(await ledger(engine, 'joined', day)).toEqual(['r1 WAITING']);
    await expectNothingLeft();
    await signal(engine, fares(day));
    await eventually(async () => {
      expect(await ledger(engine, 'joined', day)).toEqual(['r1 SUCCESS']);
    });
    expect(executed.filter((line) => line.startsWith(`joined ${day}`))).toEqual([`joined ${day} r1`]);
    await expectNothingLeft();
  });

  test('lets an interrupted run go on under its revision, and take up what changed meanwhile', async () => {
    const day = '20010105000000';
    const key = `priced ${day} r1`;
    gates.set(key, new Gate());
    await signal(engine, fares(day));
    await eventually(() => expect(executed).toContain(key));
    await terminate('priced', day);
    // A newer event comes while nobody works on the run: the router can only have told a workflow that is gone.
    const gate = gates.get(key);
    gates.delete(key);
    await acceptEvents(engine.db, configs, 'p', [fares(day, { rows: 2 })]);
    expect(await sweep(engine)).toMatchObject({ 'vanished-run': 1 });
    await eventually(async () => {
      expect(await ledger(engine, 'priced', day)).toEqual(['r1 SUCCESS', 'r2 SUCCESS']);
    });
    // Twice the interrupted revision, once the next one.
    expect(executed.filter((line) => line.startsWith(`priced ${day}`))).toEqual([
      key,
      key,
      `priced ${day} r2`,
    ]);
    // The interrupted attempt ends last, and nobody listens to it any more.
    const reported = await engine.db.query('select event_id from reefline.data_event order by seq');
    gate?.open();
    await expectNothingLeft();
    expect((await engine.db.query('select event_id from reefline.data_event order by seq')).rows).toEqual(
      reported.rows,
    );
  });

  test('starts what a router had decided when it died: new runs, and runs that wait', async () => {
    const day = '20010106000000';
    await runSource(day);
    await eventually(async () => {
      expect(await workflowOf(engine, 'joined', day)).toBe('RUNNING');
    });
    await quiet();
    await acceptEvents(engine.db, configs, 'p', [fares(day)]);
    // `joined` waits, and this opens it without telling its workflow.
    const identity = { type: 'redshift', schema: 'main', table: 'priced', dataset: 'warehouse.main.priced' };
    const decided = { event_type: 'data', eventId: `decided/${day}`, status: 'SUCCESS', ...identity };
    await acceptEvents(engine.db, configs, 'p', [{ ...decided, timelabel: day }]);
    expect(await ledger(engine, 'joined', day)).toEqual(['r1 RUNNING']);
    // priced has neither a workflow nor begun; joined and removed have idle ones.
    await eventually(async () => {
      await sweep(engine);
      expect((await ledger(engine, 'joined', day)).at(0)).toBe('r1 SUCCESS');
      expect((await ledger(engine, 'priced', day)).at(-1)).toContain('SUCCESS');
    });
    await expectNothingLeft();
  });

  test('does not let a run go on for ever that ends without a result each time', async () => {
    const timelabel = '20010110000000';
    await openRun(engine.db, configs, { stage: 'p.source', timelabel, trigger: 'manual', rerun: null });
    await engine.db.query(
      `insert into reefline.mending (kind, subject, detail, mended)
       select 'vanished-run', $1, 'again', true from generate_series(1, 5)`,
      [`p.source ${timelabel} r1`],
    );
    await expect(sweep(engine)).rejects.toThrow();
    const recorded = await engine.db.query<{ mended: boolean; detail: string }>(
      'select mended, detail from reefline.mending order by seq desc limit 1',
    );
    expect(recorded.rows).toMatchObject([{ mended: false }]);
    expect(recorded.rows[0]?.detail).toContain('5 times within an hour');
    expect(executed).not.toContain(`source ${timelabel} r1`);
    await engine.db.query(`update reefline.mending set found_at = found_at - interval '1 hour'`);
    await expectFound(engine, { 'vanished-run': 1 });
    await eventually(async () => {
      expect(await ledger(engine, 'source', timelabel)).toEqual(['r1 SUCCESS']);
    });
    await expectNothingLeft();
  });

  test('wakes a publisher that is gone while messages are due', async () => {
    const handle = engine.client.workflow.getHandle(publisherId('customer'));
    await handle.terminate('the test');
    // Starts nothing, so nobody else wakes the publisher.
    await acceptEvents(engine.db, configs, 'p', [fares('20010109000000', { status: 'FAILURE' })]);
    expect(await sweep(engine)).toEqual({ 'stuck-delivery': 1 });
    await eventually(async () => {
      const owed = await engine.db.query(`select 1 from reefline.delivery where status = 'owed'`);
      expect(owed.rows).toEqual([]);
    });
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await expectNothingLeft();
  });

  test('starts labels that a pause held and a resume that died did not', async () => {
    const day = '20010107000000';
    await pauseScope(engine.db, 'p.priced', 'tester', 'maintenance');
    await signal(engine, fares(day));
    await eventually(async () => {
      const held = await engine.db.query('select stage, timelabel from reefline.held_run');
      expect(held.rows).toEqual([{ stage: 'p.priced', timelabel: day }]);
    });
    await expectFound(engine, {});
    await inTransaction(engine.db, (client) => endPause(client, 'p.priced'));
    // The label runs at once, and runs that it opens may look vanished until their router has started them.
    await expectFound(engine, { 'unstarted-hold': 1 }, ['vanished-run']);
    await eventually(async () => {
      expect(await ledger(engine, 'priced', day)).toEqual(['r1 SUCCESS']);
      expect((await engine.db.query('select 1 from reefline.held_run')).rows).toEqual([]);
    });
    await expectNothingLeft();
  });

  test('lets a backfill go on whose workflow is gone', async () => {
    const from = '2001-02-01';
    const key = 'source 20010202000000 r1';
    gates.set(key, new Gate());
    await engine.client.workflow.start('backfill', {
      workflowId: backfillId('february'),
      taskQueue: ROUTING_QUEUE,
      args: [{ target: 'p.source', from, to: '2001-02-05', maxConcurrent: 1 }],
    });
    await eventually(() => expect(executed).toContain(key));
    await engine.client.workflow.getHandle(backfillId('february')).terminate('the test');
    await expectFound(engine, { 'stalled-backfill': 1 });
    await expectFound(engine, {});
    gates.get(key)?.open();
    await eventually(async () => {
      const found = await engine.db.query(`select status from reefline.backfill where id = 'february'`);
      expect(found.rows).toEqual([{ status: 'completed' }]);
    });
    expect(executed.filter((line) => line.startsWith('source 200102'))).toHaveLength(4);
    await expectNothingLeft();
  });

  test('tells waiting runs of a removed stage that an apply which died has closed them', async () => {
    const day = '20010108000000';
    await runSource(day);
    await eventually(async () => {
      expect(await workflowOf(engine, 'removed', day)).toBe('RUNNING');
    });
    await quiet();
    const stages = project.stages.filter(({ name }) => name !== 'removed');
    const open = (await engine.db.query(
      `select count(*)::int as count from reefline.stage_run where stage = 'p.removed' and status = 'WAITING'`,
    )) as { rows: { count: number }[] };
    await storeConfig(engine.db, { ...project, stages }, 'test');
    expect(await workflowOf(engine, 'removed', day)).toBe('RUNNING');
    await expectFound(engine, { 'closed-join': open.rows[0]?.count ?? 0 });
    await eventually(async () => {
      expect(await workflowOf(engine, 'removed', day)).toBe('COMPLETED');
    });
    expect(await ledger(engine, 'removed', day)).toEqual(['r1 CLOSED']);
    await expectNothingLeft();
    // A router that had decided before, and starts the run only now, tells it to wait for what is closed.
    const step = { kind: 'waiting', have: 1, expected: 2, missing: [] };
    await engine.client.workflow.start('stageRun', {
      workflowId: runId('p.removed', day),
      taskQueue: ROUTING_QUEUE,
      args: [{ stage: 'p.removed', timelabel: day, trigger: 'event', step }],
    });
    await eventually(async () => {
      await expectFound(engine, { 'closed-join': 1 });
    });
    await eventually(async () => {
      expect(await workflowOf(engine, 'removed', day)).toBe('COMPLETED');
    });
    await expectNothingLeft();
  });
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { examine, repair } from '../../cli/doctor.ts';
import { publisherId, runId, SWEEP_ID, scheduleId } from '../../pipeline/ids.ts';
import type { Project } from '../../pipeline/project.ts';
import { acceptEvents } from '../../activities/accept-events.ts';
import { closeRun } from '../../activities/close-run.ts';
import { openRun } from '../../activities/open-run.ts';
import { ConfigStore } from '../../catalog/config-store.ts';
import { askForRun } from '../../workers/ask-run.ts';
import { fares, isAllTold, ledger, signal, sweep, workflowOf } from '../support/damage.ts';
import { DONE, startEngine, type Engine, type Work } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { freshQueue, type FreshQueue } from '../support/local-cloud.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';
import { notSoon } from '../support/not-soon.ts';

const DAY = '20010105000000';
const RUNNING_DAY = '20010106000000';
const OWED_DAY = '20010107000000';

const executed: string[] = [];
let lost = false;

/** One run works until the cluster is lost; the worker is then told to stop it. */
const work: Work = async ({ stage, timelabel, revision }, { signal: stop }) => {
  executed.push(`${stage.name} ${timelabel} r${String(revision)}`);
  if (stage.name === 'priced' && timelabel === RUNNING_DAY && !lost)
    await new Promise((_, reject) => stop.addEventListener('abort', () => reject(new Error('stopped'))));
  return DONE;
};

let before: Engine;
let after: Engine;
let queue: FreshQueue;
let project: Project;

beforeAll(async () => {
  queue = await freshQueue('lost');
  const sketches = [
    { name: 'hourly', period: '1h', cron: notSoon() },
    { name: 'daily', period: '1d', reads: ['hourly'] },
    { name: 'priced', period: '1d', reads: [OUTSIDE] },
    { name: 'after', period: '1d', reads: ['priced'] },
  ] as const;
  const sketched = projectOf(sketches, [{ name: 'customer', kind: 'sqs', queueUrl: queue.url }]);
  const deadline = { seconds: 30 * 86_400, then: 'wait' } as const;
  project = {
    ...sketched,
    stages: sketched.stages.map((stage) => (stage.name === 'daily' ? { ...stage, deadline } : stage)),
  };
  before = await startEngine('beforeloss', work);
  await before.apply(project);
  await before.startWorkers();
});

afterAll(async () => {
  await after.close();
  await before.close();
  await queue.drop();
});

function definition(name: string): Project['stages'][number] {
  const stage = project.stages.find((one) => one.name === name);
  if (stage === undefined) throw new Error(name);
  return stage;
}

const hour = (at: number): string => `20010105${String(at).padStart(2, '0')}0000`;

async function runHour(engine: Engine, at: number): Promise<void> {
  await askForRun(engine.client, {
    stage: definition('hourly'),
    timelabel: hour(at) as never,
    trigger: 'manual',
  });
}

async function waitingRow(): Promise<unknown> {
  const found = await before.db.query(
    `select revision, status, deadline from reefline.stage_run where stage = 'p.daily' and timelabel = $1`,
    [DAY],
  );
  return found.rows;
}

async function owed(): Promise<number> {
  const found = await before.db.query<{ count: number }>(
    `select count(*)::int as count from reefline.delivery where status = 'owed'`,
  );
  return found.rows[0]?.count ?? -1;
}

describe('a Temporal cluster that was lost with everything in it', () => {
  let waitedAs: unknown;

  test('leaves a waiting join, a run in flight, an unsent event and owed messages in the catalog', async () => {
    for (let at = 0; at < 23; at += 1) await runHour(before, at);
    await eventually(async () => {
      expect(executed.filter((line) => line.startsWith('hourly'))).toHaveLength(23);
      expect(await ledger(before, 'daily', DAY)).toEqual(['r1 WAITING']);
      const found = await before.db.query('select 1 from reefline.data_event where stage = $1', ['p.hourly']);
      expect(found.rows).toHaveLength(23);
    });
    await signal(before, fares(RUNNING_DAY));
    await eventually(() => expect(executed).toContain(`priced ${RUNNING_DAY} r1`));
    await before.client.workflow.getHandle(publisherId('customer')).terminate('the test');
    await before.stopWorkers();
    const configs = new ConfigStore();
    const run = { stage: 'p.hourly', timelabel: '20010201000000' };
    await openRun(before.db, configs, { ...run, trigger: 'manual', rerun: null });
    const ended = { ...run, revision: 1, temporalRunId: 'dead', output: DONE, error: null };
    const dies = (): Promise<void> => Promise.reject(new Error('the process dies here'));
    await expect(closeRun(before.db, configs, dies, ended)).rejects.toThrow('dies here');
    await acceptEvents(before.db, configs, 'p', [fares(OWED_DAY)]);
    expect(await owed()).toBeGreaterThan(0);
    expect(await ledger(before, 'priced', RUNNING_DAY)).toEqual(['r1 RUNNING']);
    waitedAs = await waitingRow();
  }, 360_000);

  test('is examined: the doctor names all of it and changes nothing', async () => {
    after = await startEngine('afterloss', work, before.catalogUrl);
    lost = true;
    const { checks, findings } = await examine({ db: after.db, client: after.client, age: 0 });
    const wrong = checks.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(wrong).toEqual(expect.arrayContaining(['workers', 'sweep', 'publishers']));
    const kinds = findings.map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(
      new Set(['missing-schedule', 'unreported-event', 'vanished-run', 'stuck-delivery']),
    );
    // The join of the day, the run in flight, and the run that nobody had started.
    expect(kinds.filter((kind) => kind === 'vanished-run')).toHaveLength(3);
    await expect(after.client.schedule.getHandle(SWEEP_ID).describe()).rejects.toThrow();
    await expect(workflowOf(after, 'daily', DAY)).rejects.toThrow();
  });

  test('is repaired without a worker, also twice', async () => {
    const patient = { db: after.db, client: after.client, age: 0 };
    const { done, mendings, checks } = await repair(patient);
    expect(done.join('\n')).toContain('created the schedule "sweep"');
    expect(mendings.filter(({ mended }) => !mended)).toEqual([]);
    expect(checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['workers']);
    await after.client.schedule.getHandle(SWEEP_ID).describe();
    await after.client.schedule.getHandle(scheduleId('p.hourly')).describe();
    expect(await workflowOf(after, 'daily', DAY)).toBe('RUNNING');
    // What a router has to take when a worker comes is still not in the log; everything else is under way.
    const again = await repair(patient);
    const kinds = new Set(again.mendings.map(({ finding }) => finding.kind));
    expect([...kinds].filter((kind) => kind !== 'unreported-event')).toEqual([]);
  });

  test('goes on: each revision once, but for the one that was interrupted, and every message is sent', async () => {
    await after.startWorkers();
    await eventually(async () => {
      expect(await ledger(after, 'priced', RUNNING_DAY)).toEqual(['r1 SUCCESS']);
      expect(await ledger(after, 'after', RUNNING_DAY)).toEqual(['r1 SUCCESS']);
      expect(await ledger(after, 'after', OWED_DAY)).toEqual(['r1 SUCCESS']);
      expect(await ledger(after, 'daily', '20010201000000')).toEqual(['r1 WAITING']);
    });
    // It waits as it did before: the same revision, the same deadline.
    expect(await waitingRow()).toEqual(waitedAs);
    await runHour(after, 23);
    await eventually(async () => {
      expect(await ledger(after, 'daily', DAY)).toEqual(['r1 SUCCESS']);
      expect(await isAllTold(after)).toBe(true);
    });
    const twice = executed.filter((line, at) => executed.indexOf(line) !== at);
    expect(twice).toEqual([`priced ${RUNNING_DAY} r1`]);
    const events = await after.db.query<{ event_id: string }>('select event_id from reefline.data_event');
    const sent = await after.db.query<{ event_id: string }>(
      `select event_id from reefline.delivery where status = 'delivered'`,
    );
    expect(new Set(sent.rows.map((row) => row.event_id))).toEqual(
      new Set(events.rows.map((row) => row.event_id)),
    );
    const reported = events.rows.filter((row) => row.event_id === `p.priced/${RUNNING_DAY}/r1`);
    expect(reported).toHaveLength(1);
    expect(await sweep(after)).toEqual({});
    const result = await after.client.workflow.getHandle(runId('p.priced', RUNNING_DAY)).result();
    expect(result).toMatchObject({ revision: 1 });
  });
});

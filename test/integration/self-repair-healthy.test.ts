import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pauseScope } from '../../catalog/pauses.ts';
import { examine } from '../../cli/doctor.ts';
import { backfillId, ROUTING_QUEUE, scheduleId } from '../../pipeline/ids.ts';
import type { Project } from '../../pipeline/project.ts';
import { askForRun } from '../../workers/ask-run.ts';
import { runReefline } from '../support/cli-terminal.ts';
import { fares, Gate, isAllTold, ledger, signal, sweep } from '../support/damage.ts';
import { DONE, startEngine, type Engine, type Work } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { freshQueue, fromEnvironment, type FreshQueue } from '../support/local-cloud.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';
import { notSoon } from '../support/not-soon.ts';

const FAILING = '20010103000000';
const SLOW = '20010104000000';
const HELD = '20010105000000';

const gate = new Gate();
const working = new Set<string>();

const work: Work = async ({ stage, timelabel }) => {
  working.add(`${stage.name} ${timelabel}`);
  if (stage.name === 'source' && timelabel === SLOW) await gate.opened;
  if (stage.name === 'priced' && timelabel === FAILING) throw new Error('the test makes this run fail');
  return DONE;
};

let engine: Engine;
let queue: FreshQueue;
let project: Project;

beforeAll(async () => {
  engine = await startEngine('healthy', work);
  queue = await freshQueue('healthy');
  const sketches = [
    { name: 'clocked', period: '1h', cron: notSoon() },
    { name: 'source', period: '1d', maxAttempts: 1 },
    { name: 'priced', period: '1d', reads: [OUTSIDE], maxAttempts: 1 },
    { name: 'joined', period: '1d', reads: ['source', 'priced'] },
    { name: 'paused', period: '1d', reads: ['priced'] },
  ] as const;
  project = projectOf(sketches, [{ name: 'customer', kind: 'sqs', queueUrl: queue.url }]);
  await engine.apply(project);
  await engine.startWorkers();
});

afterAll(async () => {
  gate.open();
  await engine.close();
  await queue.drop();
});

/** Everything that is open at length and as it should be: waiting, running, failed, held, and a backfill at work. */
async function populate(): Promise<void> {
  await pauseScope(engine.db, 'p.paused', 'tester', 'maintenance');
  await signal(engine, [fares('20010101000000'), fares(FAILING), fares(HELD)]);
  await engine.client.workflow.start('backfill', {
    workflowId: backfillId('slow'),
    taskQueue: ROUTING_QUEUE,
    args: [{ target: 'p.source', from: '2001-01-04', to: '2001-01-05' }],
  });
  await eventually(async () => {
    expect(await ledger(engine, 'joined', '20010101000000')).toEqual(['r1 WAITING']);
    expect(await ledger(engine, 'joined', HELD)).toEqual(['r1 WAITING']);
    expect(await ledger(engine, 'priced', FAILING)).toEqual(['r1 FAILURE']);
    expect(working).toContain(`source ${SLOW}`);
    const held = await engine.db.query('select timelabel from reefline.held_run order by 1');
    expect(held.rows).toHaveLength(2);
    expect(await isAllTold(engine)).toBe(true);
  });
}

describe('a system in which nothing is wrong', () => {
  test('has no findings, however old what waits, runs or is held', async () => {
    await populate();
    // With no threshold at all: whatever stays as it is for long is looked at as if it were old.
    expect(await sweep(engine)).toEqual({});
    const { checks, findings } = await examine({ db: engine.db, client: engine.client, age: 0 });
    expect(findings).toEqual([]);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('has no findings while one label after another goes through it', async () => {
    const days = Array.from({ length: 60 }, (_, at) => new Date(Date.UTC(2002, 0, 1 + at)).toISOString());
    const labels = days.map((day) => `${day.slice(0, 10).replaceAll('-', '')}000000`);
    const found: object[] = [];
    const over = new AbortController();
    const sweeping = (async () => {
      while (!over.signal.aborted) found.push(await sweep(engine, { ageSeconds: 120 }));
    })();
    try {
      for (const [at, timelabel] of labels.entries()) {
        await signal(engine, fares(timelabel));
        if (at % 3 === 0)
          await askForRun(engine.client, {
            stage: project.stages[1] as Project['stages'][number],
            timelabel: timelabel as never,
            trigger: 'manual',
          });
      }
      await eventually(async () => {
        const joined = await engine.db.query(
          `select 1 from reefline.stage_run where stage = 'p.joined' and timelabel like '2002%' and status = 'SUCCESS'`,
        );
        expect(joined.rows).toHaveLength(20);
      }, 270_000);
    } finally {
      over.abort();
    }
    await sweeping;
    expect(found.length).toBeGreaterThan(1);
    expect(found.filter((one) => Object.keys(one).length > 0)).toEqual([]);
    const recorded = await engine.db.query('select kind, subject from reefline.mending');
    expect(recorded.rows).toEqual([]);
  }, 450_000);
});

describe('reefline doctor', () => {
  const env = (): NodeJS.ProcessEnv => ({ REEFLINE_CATALOG_URL: engine.catalogUrl });

  beforeAll(() => {
    process.env['TEMPORAL_NAMESPACE'] = engine.namespace;
    process.env['TEMPORAL_ADDRESS'] = fromEnvironment('TEMPORAL_ADDRESS');
  });

  afterAll(() => {
    delete process.env['TEMPORAL_NAMESPACE'];
  });

  test('says that all is well, and ends with 0', async () => {
    const { exitCode, stdout } = await runReefline(['doctor'], { env: env() });
    expect(stdout).toContain('All is well.');
    expect(stdout).toContain('ok     sweep');
    expect(exitCode).toBe(0);
  });

  test('names what is missing with its cure and ends with 1, and mends it when it is told to', async () => {
    await engine.client.schedule.getHandle(scheduleId('p.clocked')).delete();
    const examined = await runReefline(['doctor', '--json'], { env: env() });
    expect(examined.exitCode).toBe(1);
    expect(JSON.parse(examined.stdout)).toMatchObject({
      healthy: false,
      findings: [
        {
          kind: 'missing-schedule',
          subject: 'p.clocked',
          detail: 'Temporal has no schedule tick/p.clocked, so no clock starts p.clocked.',
          cure: 'reefline doctor --repair',
        },
      ],
    });
    const repaired = await runReefline(['doctor', '--repair'], { env: env() });
    expect(repaired.stdout).toContain('created the schedule again');
    expect(repaired.stdout).toContain('1 mended.');
    expect(repaired.exitCode).toBe(0);
    await engine.client.schedule.getHandle(scheduleId('p.clocked')).describe();
  });

  test('says what cannot be reached, and how to mend that', async () => {
    const { exitCode, stdout } = await runReefline(['doctor'], {});
    expect(exitCode).toBe(1);
    expect(stdout).toContain('wrong  catalog');
    expect(stdout).toContain('cure: set REEFLINE_CATALOG_URL');
  });

  test('refuses an age that is none', async () => {
    const { exitCode, stderr } = await runReefline(['doctor', '--older-than', 'soon'], { env: env() });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('"soon" is no length of time. Write a whole number of seconds from 0 to 86400.');
  });
});

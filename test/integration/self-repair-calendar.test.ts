import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { examine, repair } from '../../cli/doctor.ts';
import { scheduleId, SWEEP_ID } from '../../pipeline/ids.ts';
import type { Project } from '../../pipeline/project.ts';
import { subjectOf } from '../../pipeline/findings.ts';
import { ledger, sweep } from '../support/damage.ts';
import { DONE, startEngine, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { distantMinute, notSoon } from '../support/not-soon.ts';
import { projectOf } from '../support/project.ts';

/**
 * `hourly` is started by a clock; `due` wants the hourly rates of an outside service, some minutes after each hour. Neither
 * a tick nor a deadline comes while the suite runs.
 */
function calendarProject(): Project {
  const minute = distantMinute();
  const sketched = projectOf([
    { name: 'hourly', period: '1h', cron: notSoon(minute) },
    { name: 'due', period: '1h', reads: ['hourly'] },
  ]);
  const rates = { dataset: 'warehouse.partners.rates', period: '1h' } as const;
  const stages = sketched.stages.map((stage) =>
    stage.name === 'due'
      ? {
          ...stage,
          inputs: [{ ...rates, window: 'same' as const, on: ['SUCCESS' as const] }],
          deadline: { seconds: 60 * minute, then: 'wait' as const },
        }
      : stage,
  );
  return { ...sketched, stages, datasets: [...sketched.datasets, { ...rates, type: 'redshift' }] };
}

const executed: string[] = [];
const PROJECT = calendarProject();
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine('calendar', ({ stage, timelabel, revision }) => {
    executed.push(`${stage.name} ${timelabel} r${String(revision)}`);
    return DONE;
  });
  await engine.apply(PROJECT);
  // It has been in force for two and a half hours, in which at least two ticks were missed.
  await engine.db.query(
    `update reefline.config_version set applied_at = clock_timestamp() - interval '150 minutes'`,
  );
  // The sweeps of this suite are its own: one that the clock starts would find first what they are to find.
  await engine.client.schedule.getHandle(SWEEP_ID).pause();
  await engine.startWorkers();
});

afterAll(async () => {
  await engine.close();
});

async function labels(stage: string): Promise<string[]> {
  const found = await engine.db.query<{ timelabel: string }>(
    'select distinct timelabel from reefline.stage_run where stage = $1 order by 1',
    [stage],
  );
  return found.rows.map(({ timelabel }) => timelabel);
}

describe('labels that the calendar asks for and nobody started', () => {
  test('are left alone while the schedule is paused or gone: it is a person who decides that', async () => {
    const handle = engine.client.schedule.getHandle(scheduleId('p.hourly'));
    await handle.pause('maintenance');
    expect(await sweep(engine)).not.toHaveProperty('missed-tick');
    await handle.unpause();
    expect(await labels('p.hourly')).toEqual([]);
  });

  test('a label past its deadline that has no run begins to wait, and is reported late', async () => {
    // The sweep before has asked for it.
    await eventually(async () => expect(await labels('p.due')).not.toEqual([]));
    const [first = ''] = await labels('p.due');
    await eventually(async () => {
      const found = await engine.db.query(
        `select body->>'outcome' as outcome from reefline.data_event where dataset = 'warehouse.main.due' and timelabel = $1`,
        [first],
      );
      expect(found.rows).toEqual([{ outcome: 'LATE' }]);
    });
    expect(await ledger(engine, 'due', first)).toEqual(['r2 WAITING']);
  });

  test('a schedule that is gone is created again by the doctor, and its missed ticks run once', async () => {
    await engine.client.schedule.getHandle(scheduleId('p.hourly')).delete();
    const patient = { db: engine.db, client: engine.client, age: 0 };
    const before = await examine(patient);
    expect(before.findings.map(({ kind }) => kind)).toEqual(['missing-schedule']);
    const { mendings } = await repair(patient);
    const mended = mendings.map(({ finding: { kind }, mended: ok }) => `${kind} ${String(ok)}`);
    expect(mended[0]).toBe('missing-schedule true');
    expect(new Set(mended.slice(1))).toEqual(new Set(['missed-tick true']));
    const missed = mendings.slice(1).map(({ finding }) => subjectOf(finding).replace('p.hourly ', ''));
    expect(missed.length).toBeGreaterThanOrEqual(2);
    await eventually(async () => {
      for (const label of missed) expect(await ledger(engine, 'hourly', label)).toEqual(['r1 SUCCESS']);
    });
    expect(executed.filter((line) => line.startsWith('hourly')).length).toBe(new Set(executed).size);
    await eventually(async () => expect(await sweep(engine)).toEqual({}));
  });
});

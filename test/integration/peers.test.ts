import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { acceptEvents } from '../../activities/accept-events.ts';
import { instantOf, labelAt } from '../../pipeline/timelabel.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { eventually } from '../support/eventually.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';
import { label, openScenario, type Scenario } from '../support/scenario.ts';

/*
 * What users of other orchestrators suffer from and no other suite shows; docs/orchestration.md lists the threads.
 */
const DAY_LENGTH = 86_400_000;

function fares(timelabel: string, extra: object = {}): object {
  const event = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'fares' };
  return { ...event, timelabel, status: 'SUCCESS', ...extra };
}

function days(from: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => labelAt(instantOf(label(from)) + at * DAY_LENGTH));
}

describe('on a real server', () => {
  const project = projectOf([
    { name: 'priced', period: '1d', reads: [OUTSIDE] },
    { name: 'fine', period: '5m' },
    { name: 'weekly', period: '1w', reads: ['fine'] },
    { name: 'six_hours', period: '6h' },
    { name: 'daily', period: '1d', reads: ['six_hours'] },
    { name: 'monthly', period: '1mo', reads: ['daily'] },
  ]);
  let world: Scenario;

  beforeAll(async () => {
    world = await openScenario('peers', project);
  });
  afterAll(async () => {
    await world.close();
  });

  test('100 partitions reported at once are 100 runs, none lost, merged or doubled', async () => {
    const labels = days('20020101000000', 100);
    await Promise.all(labels.map((day) => world.signal(fares(day))));
    await eventually(async () => {
      const found = await world.engine.db.query<{ count: number }>(
        `select count(*)::int as count from reefline.stage_run where stage = 'p.priced' and status = 'SUCCESS'`,
      );
      expect(found.rows).toEqual([{ count: 100 }]);
    }, 180_000);
    expect(world.executed.filter((line) => line.startsWith('priced ')).sort()).toEqual(
      labels.map((day) => `priced ${day} r1`),
    );
  }, 270_000);

  test('one event sent through three routers at the same moment is one event and one run', async () => {
    const day = '20030101000000';
    await Promise.all(
      ['router/p', 'router/other', 'router/third'].map((workflowId) =>
        world.client.workflow.signalWithStart('router', {
          workflowId,
          taskQueue: 'reefline',
          args: [{ pipeline: workflowId.split('/')[1] }],
          signal: 'dataEvent',
          signalArgs: [fares(day)],
        }),
      ),
    );
    await eventually(async () => {
      expect(await world.ledger('priced', day)).toEqual(['r1 SUCCESS']);
      const routers = ['router/p', 'router/other', 'router/third'].map((id) =>
        world.client.workflow.getHandle(id).query<{ queued: number }>('status'),
      );
      for (const { queued } of await Promise.all(routers)) expect(queued).toBe(0);
    });
    expect(world.executed.filter((line) => line.startsWith(`priced ${day}`))).toHaveLength(1);
  });

  test('who sends too fast is slowed and refused nothing, and another dataset goes between', async () => {
    await world.engine.apply({ ...project, signals: { maxEventsPerSecond: 80 } });
    const flood = days('20040101000000', 150).map((day) => fares(day, { status: 'FAILURE' }));
    const quarter = { ...fares('20040101060000'), schema: 'main', table: 'six_hours' };
    const router = await world.client.workflow.signalWithStart('router', {
      workflowId: 'router/loop',
      taskQueue: 'reefline',
      args: [{ pipeline: 'loop' }],
      signal: 'dataEvent',
      signalArgs: [[...flood, quarter]],
    });
    await eventually(async () => {
      expect(await router.query('status')).toMatchObject({ queued: 0, accepted: 151, rejected: 0 });
    }, 60_000);
    const found = await world.engine.db.query<{ before: number }>(
      `select count(*)::int as before from reefline.data_event
        where router = 'loop' and seq < (select seq from reefline.data_event where router = 'loop' and dataset = 'warehouse.main.six_hours')`,
    );
    expect(found.rows).toEqual([{ before: expect.any(Number) }]);
    expect(found.rows[0]?.before).toBeLessThan(100);
    const { events } = await router.fetchHistory();
    expect(events?.some(({ timerStartedEventAttributes }) => timerStartedEventAttributes != null)).toBe(true);
    await world.engine.apply(project);
  }, 90_000);

  test('an event whose clock is years ahead, or behind, counts like any other', async () => {
    const times = (year: string): object => ({ startTime: `${year}-01-01 00:00:00:000 +00:00` });
    await world.signal(fares('20030201000000', times('2099')), fares('20030202000000', times('1999')));
    await eventually(async () => {
      expect(await world.ledger('priced', '20030201000000')).toEqual(['r1 SUCCESS']);
      expect(await world.ledger('priced', '20030202000000')).toEqual(['r1 SUCCESS']);
    });
    // What came last is the newest, whatever it says of its time.
    await world.signal(fares('20030201000000', times('1970')));
    await eventually(async () => {
      expect(await world.ledger('priced', '20030201000000')).toEqual(['r1 SUCCESS', 'r2 SUCCESS']);
    });
  });

  test('a run that waits for 2,016 inputs runs once, when the last of them is there', async () => {
    const start = instantOf(label('20010101000000'));
    const events = Array.from({ length: 2_016 }, (_, at) => ({
      event_type: 'data',
      type: 'redshift',
      schema: 'main',
      table: 'fine',
      timelabel: labelAt(start + at * 300_000),
      status: 'SUCCESS',
    }));
    const [last, ...rest] = events;
    for (let at = 0; at < rest.length; at += 100) await world.signal(...rest.slice(at, at + 100));
    await eventually(async () => {
      const found = await world.engine.db.query<{ count: number }>(
        `select count(*)::int as count from reefline.data_event where dataset = 'warehouse.main.fine'`,
      );
      expect(found.rows).toEqual([{ count: 2_015 }]);
    }, 180_000);
    expect(await world.ledger('weekly', '20010101000000')).toEqual(['r1 WAITING']);
    await world.signal(last);
    await eventually(async () => {
      expect(await world.ledger('weekly', '20010101000000')).toEqual(['r1 SUCCESS']);
    });
    expect(world.executed.filter((line) => line.startsWith('weekly '))).toEqual(['weekly 20010101000000 r1']);
  }, 360_000);

  test('a month of days of quarter days runs once, and a restated quarter runs one day and the month', async () => {
    const start = instantOf(label('20010201000000'));
    const quarters = Array.from({ length: 112 }, (_, at) => labelAt(start + at * 21_600_000));
    const event = (timelabel: string, extra: object = {}): object => ({
      event_type: 'data',
      type: 'redshift',
      schema: 'main',
      table: 'six_hours',
      timelabel,
      status: 'SUCCESS',
      ...extra,
    });
    await world.signal(...quarters.map((at) => event(at)));
    await eventually(async () => {
      expect(await world.ledger('monthly', '20010201000000')).toEqual(['r1 SUCCESS']);
    }, 180_000);
    world.executed.length = 0;
    await world.signal(event('20010214060000', { rows: 7 }));
    await eventually(async () => {
      expect(await world.ledger('monthly', '20010201000000')).toEqual(['r1 SUCCESS', 'r2 SUCCESS']);
    });
    expect(world.executed).toEqual(['daily 20010214000000 r2', 'monthly 20010201000000 r2']);
  }, 270_000);
});

describe('on the catalog alone', () => {
  let catalog: TestCatalog;

  beforeAll(async () => {
    catalog = await openTestCatalog(
      'peers_catalog',
      projectOf([
        { name: 'left', period: '1d', reads: [OUTSIDE] },
        { name: 'right', period: '1d', reads: [OUTSIDE] },
        { name: 'joined', period: '1d', reads: ['left', 'right'] },
      ]),
    );
  });
  afterAll(async () => {
    await catalog.close();
  });

  test('what one event costs does not grow with the log: no acceptance reads a whole table', async () => {
    // A vacuum that comes by itself reads tables, too, for their BRIN index, and those readings are counted.
    for (const table of ['data_event', 'stage_run', 'verdict', 'run_input'])
      await catalog.db.query(`alter table reefline.${table} set (autovacuum_enabled = off)`);
    await catalog.db.query(
      `insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, status, outcome, router, body)
       select d || '/' || n, 'data', 'warehouse.' || d, to_char(timestamp '1900-01-01' + n * interval '1 day', 'YYYYMMDD"000000"'),
              1, 'SUCCESS', 'SUCCESS', 'p', '{}'::jsonb
         from generate_series(1, 20000) n, unnest(array['partners.fares', 'main.left', 'main.right']) d`,
    );
    await catalog.db.query(
      `insert into reefline.stage_run (stage, timelabel, revision, status, pipeline, dataset, config_version, trigger, vector)
       select 'p.' || s, to_char(timestamp '1900-01-01' + n * interval '1 day', 'YYYYMMDD"000000"'), 1, 'SUCCESS', 'p',
              'warehouse.main.' || s, 1, 'event', 'old'
         from generate_series(1, 20000) n, unnest(array['left', 'right', 'joined']) s`,
    );
    await catalog.db.query('analyze');
    const scans = async (): Promise<unknown[]> => {
      // The statistics of a session are complete once it has ended; of an idle one they may be ten seconds behind.
      await catalog.values(
        `select pg_terminate_backend(pid, 30000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      );
      await catalog.values('select pg_stat_force_next_flush()');
      // Until the pool has seen which of its connections are gone.
      await eventually(() => expect(catalog.db.totalCount).toBe(1));
      return catalog.values(
        `select relname || ' ' || seq_scan from pg_stat_user_tables
          where schemaname = 'reefline' and relname in ('data_event', 'stage_run', 'verdict', 'run_input') order by 1`,
      );
    };
    const before = await scans();
    for (const day of days('20100101000000', 20))
      await acceptEvents(catalog.db, catalog.configs, 'p', [fares(day, { rows: 3 })]);
    const restated = days('19100101000000', 20);
    for (const day of restated)
      await acceptEvents(catalog.db, catalog.configs, 'p', [fares(day, { rows: 4 })]);
    expect(await scans()).toEqual(before);
  });
});

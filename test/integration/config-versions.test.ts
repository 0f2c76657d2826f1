import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Client } from '@temporalio/client';
import { StalePlan, storeConfig, checksumOf } from '../../catalog/config-store.ts';
import { readHistory, readVersionInForce } from '../../catalog/config-history.ts';
import { readJoinsToTell } from '../../catalog/joins-to-tell.ts';
import { closeRemovedJoins } from '../../catalog/waiting-joins.ts';
import { makePlan } from '../../cli/plan.ts';
import { tellJoins } from '../../cli/tell-joins.ts';
import type { Project } from '../../pipeline/project.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { eventually } from '../support/eventually.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const BASE = projectOf([
  { name: 'hours', period: '1h', cron: '10 * * * *' },
  { name: 'days', period: '1d', reads: ['hours', OUTSIDE] },
  { name: 'news', period: '1d', reads: ['days'] },
]);

function withStage(name: string, change: Partial<StageDefinition>, project = BASE): Project {
  const stages = project.stages.map((stage) => (stage.name === name ? { ...stage, ...change } : stage));
  return { ...project, stages };
}

function without(name: string, project = BASE): Project {
  return { ...project, stages: project.stages.filter((stage) => stage.name !== name) };
}

const days = BASE.stages[1]!;
/** The same stage, which does not need the outside dataset any more. */
const ALONE = withStage('days', { inputs: days.inputs.slice(0, 1) });

describe('a config version', () => {
  let catalog: TestCatalog;

  beforeEach(async () => {
    catalog = await openTestCatalog('config', BASE);
  });

  afterEach(async () => {
    await catalog.close();
  });

  /** A row of the ledger, opened under the version in force unless another is named. */
  const openRow = (stage: string, timelabel: string, status = 'WAITING', version = 1): Promise<unknown> =>
    catalog.db.query(
      `insert into reefline.stage_run (stage, timelabel, revision, status, pipeline, dataset, config_version, trigger)
       values ($1, $2, 1, $3, 'p', 'warehouse.main.' || split_part($1, '.', 2), $4, 'event')`,
      [stage, timelabel, status, version],
    );
  const states = (): Promise<unknown[]> =>
    catalog.values(
      `select stage || ' ' || timelabel || ' ' || status || coalesce(' ' || pinned, '') from reefline.stage_run order by 1`,
    );
  const notes = (): Promise<unknown[]> =>
    catalog.values(`select decision || ' ' || stage || ' ' || timelabel from reefline.run_note order by seq`);
  const logEvent = (dataset: string, timelabel: string): Promise<unknown> =>
    catalog.db.query(
      `insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, status, outcome, router, body)
       values ($1 || '/' || $2, 'data', $1, $2, 1, 'SUCCESS', 'SUCCESS', 'p', '{}')`,
      [dataset, timelabel],
    );

  test('keeps who applied it, why, and its outcomes and triggers in the dependencies', async () => {
    await storeConfig(catalog.db, ALONE, 'ada', { note: 'fares come too late' });
    expect(await readVersionInForce(catalog.db)).toMatchObject({
      version: 2,
      appliedBy: 'ada',
      note: 'fares come too late',
      rollbackOf: null,
      checksum: checksumOf(ALONE),
    });
    const rows = await catalog.db.query(
      `select dataset, outcomes, follows from reefline.dependency where config_version = 1 and stage = 'p.days' order by dataset`,
    );
    const outcomes = ['SUCCESS', 'EMPTY', 'PARTIAL', 'RECOVERED', 'RELEASED'];
    expect(rows.rows).toEqual([
      { dataset: 'warehouse.main.hours', outcomes, follows: true },
      { dataset: OUTSIDE, outcomes, follows: true },
    ]);
    const asOf = projectOf([
      { name: 'months', period: '1mo' },
      { name: 'days', period: '1d', reads: ['months'], cron: '10 0 * * *' },
    ]);
    await storeConfig(catalog.db, asOf, 'ada');
    expect(await catalog.values('select follows from reefline.dependency where config_version = 3')).toEqual([
      false,
    ]);
  });

  test('is not stored again for the same project, nor for one in another order', async () => {
    const reordered = { ...BASE, stages: [...BASE.stages].reverse() };
    expect(await storeConfig(catalog.db, BASE, 'ada')).toMatchObject({ version: 1, changed: false });
    expect(await storeConfig(catalog.db, reordered, 'ada')).toMatchObject({ version: 1, changed: false });
    expect(await catalog.values('select count(*)::int from reefline.config_version')).toEqual([1]);
  });

  test('of two that were planned against the same one, the second is refused and changes nothing', async () => {
    const expected = { version: 1, checksum: checksumOf(BASE) };
    const both = await Promise.allSettled([
      storeConfig(catalog.db, ALONE, 'ada', { expected }),
      storeConfig(catalog.db, without('news'), 'bob', { expected }),
    ]);
    const refused = both.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(refused[0]?.reason).toBeInstanceOf(StalePlan);
    expect(String(refused[0]?.reason)).toMatch(
      /Config version 2, applied by (ada|bob) at .*, is in force, and this change was planned against version 1\. Nothing was applied\./,
    );
    expect(await catalog.values('select max(version) from reefline.config_version')).toEqual([2]);
    expect(await catalog.values('select count(distinct config_version)::int from reefline.stage')).toEqual([
      2,
    ]);
  });

  test('is not refused when what was planned is in force already: applying again goes on after a crash', async () => {
    const expected = { version: 1, checksum: checksumOf(BASE) };
    await storeConfig(catalog.db, ALONE, 'ada', { expected });
    expect(await storeConfig(catalog.db, ALONE, 'ada', { expected })).toMatchObject({
      version: 2,
      changed: false,
    });
  });

  test('is refused against an empty store or another catalog', async () => {
    await expect(storeConfig(catalog.db, ALONE, 'ada', { expected: { version: 0 } })).rejects.toThrow(
      'planned against an empty config store',
    );
    const other = { version: 1, checksum: 'of another project' };
    await expect(storeConfig(catalog.db, ALONE, 'ada', { expected: other })).rejects.toThrow(StalePlan);
    expect(await catalog.values('select max(version) from reefline.config_version')).toEqual([1]);
  });

  test('closes the waiting labels of a stage that it lacks, keeps its verdicts and its runs, and drops what it held', async () => {
    await openRow('p.news', '20010105000000');
    await openRow('p.news', '20010106000000', 'RUNNING');
    await openRow('p.days', '20010105000000');
    await logEvent('warehouse.main.days', '20010105000000');
    await catalog.db.query(
      `insert into reefline.verdict values ('warehouse.main.days/20010105000000', 'p.news', '20010105000000', 'joined', 'waits', 1);
       insert into reefline.held_run (stage, timelabel, cause, trigger) values
         ('p.news', '20010107000000', 'paused', 'event'), ('p.days', '20010107000000', 'paused', 'event');
       insert into reefline.pause (scope, paused_by, reason) values
         ('p.news', 'ada', 'repairs'), ('p', 'ada', 'repairs'), ('q', 'ada', 'gone')`,
    );

    const stored = await storeConfig(catalog.db, without('news'), 'ada');

    expect(stored.joins).toEqual({ closed: 1, kept: 0, reEvaluated: 0 });
    expect(await states()).toEqual([
      'p.days 20010105000000 WAITING',
      'p.news 20010105000000 CLOSED',
      'p.news 20010106000000 RUNNING',
    ]);
    expect(
      await catalog.values(`select reason || '|' || actor from reefline.run_note where decision = 'closed'`),
    ).toEqual(['stage p.news was removed by config version 2|ada']);
    expect(await catalog.values('select verdict from reefline.verdict')).toEqual(['joined']);
    expect(await catalog.values('select stage from reefline.held_run')).toEqual(['p.days']);
    expect(await catalog.values('select scope from reefline.pause order by 1')).toEqual(['p']);
    expect((await notes()).sort()).toEqual([
      'closed p.news 20010105000000',
      'dropped p.news 20010107000000',
      'pause removed p.news ',
      'pause removed q ',
    ]);
  });

  test('lets waiting labels look again, or keep the definition that they wait under', async () => {
    await openRow('p.days', '20010105000000');
    await openRow('p.news', '20010105000000');
    const kept = await storeConfig(catalog.db, ALONE, 'ada', { waiting: 'keep' });
    expect(kept.joins).toEqual({ closed: 0, kept: 1, reEvaluated: 0 });
    expect(await states()).toEqual(['p.days 20010105000000 WAITING 1', 'p.news 20010105000000 WAITING']);
    expect(await readJoinsToTell(catalog.db)).toEqual([]);

    // A second change with "keep" leaves it at the version that it began with.
    await storeConfig(catalog.db, withStage('days', { when: 'any' }), 'ada', { waiting: 'keep' });
    expect(await states()).toContain('p.days 20010105000000 WAITING 1');

    const freed = await storeConfig(catalog.db, ALONE, 'ada');
    expect(freed.joins).toEqual({ closed: 0, kept: 0, reEvaluated: 1 });
    expect(await states()).toContain('p.days 20010105000000 WAITING');
    expect(await readJoinsToTell(catalog.db)).toMatchObject([
      { stage: 'p.days', timelabel: '20010105000000' },
    ]);
    expect(await notes()).toEqual(['kept p.days 20010105000000', 're-evaluated p.days 20010105000000']);
  });

  test('lets a label look that has to keep a definition under which it has not looked yet', async () => {
    await openRow('p.days', '20010105000000');
    await storeConfig(catalog.db, ALONE, 'ada');
    // Before its workflow hears of that.
    await storeConfig(catalog.db, BASE, 'ada', { waiting: 'keep' });
    expect(await states()).toContain('p.days 20010105000000 WAITING 2');
    expect(await readJoinsToTell(catalog.db)).toMatchObject([
      { stage: 'p.days', timelabel: '20010105000000' },
    ]);
  });

  test('gives a label that looks again the new deadline and dataset, and closes one that is off the new grid', async () => {
    await openRow('p.days', '20010105000000');
    await openRow('p.days', '20010101000000');
    const output = 'warehouse.main.weeks';
    const weekly = withStage('days', { period: '1w', output, deadline: { seconds: 3600, then: 'wait' } });
    const stored = await storeConfig(catalog.db, without('news', weekly), 'ada');
    expect(stored.joins).toEqual({ closed: 1, kept: 0, reEvaluated: 1 });
    expect(await states()).toEqual(['p.days 20010101000000 WAITING', 'p.days 20010105000000 CLOSED']);
    expect(
      await catalog.values(
        `select dataset || ' ' || (deadline > clock_timestamp()) from reefline.stage_run where status = 'WAITING'`,
      ),
    ).toEqual([`${output} true`]);
  });

  test('leaves alone what waits when nothing about the joins changes', async () => {
    await openRow('p.days', '20010105000000');
    const work = { ...days.work, sql: 'select 2' } as StageDefinition['work'];
    const stored = await storeConfig(catalog.db, withStage('days', { work }), 'ada', { waiting: 'keep' });
    expect(stored.joins).toEqual({ closed: 0, kept: 0, reEvaluated: 0 });
    expect(await states()).toEqual(['p.days 20010105000000 WAITING']);
    expect(await readJoinsToTell(catalog.db)).toEqual([]);
  });

  test('is stored although routing locks the same labels in another order', async () => {
    await openRow('p.days', '20010105000000');
    await openRow('p.news', '20010105000000');
    const lock = `select 1 from reefline.stage_run where stage = $1 for update`;
    const routing = await catalog.db.connect();
    await routing.query('begin');
    // PostgreSQL ends whoever looks for a deadlock first: never this one.
    await routing.query(`set local deadlock_timeout = '1h'`);
    await routing.query(lock, ['p.news']);
    const storing = storeConfig(catalog.db, without('news', ALONE), 'ada');
    await eventually(async () =>
      expect(
        await catalog.values(
          `select count(*)::int from pg_locks where not granted and locktype = 'transactionid'`,
        ),
      ).toEqual([1]),
    );
    await routing.query(lock, ['p.days']);
    await routing.query('commit');
    routing.release();
    expect(await storing).toMatchObject({ changed: true, joins: { closed: 1, reEvaluated: 1 } });
    expect(await catalog.values('select count(*)::int from reefline.config_version')).toEqual([2]);
  });

  test('closes also what a transaction opened that had begun under the older version', async () => {
    await storeConfig(catalog.db, without('news'), 'ada');
    await openRow('p.news', '20010105000000');
    expect(await closeRemovedJoins(catalog.db, 'ada')).toBe(1);
    expect(await closeRemovedJoins(catalog.db, 'ada')).toBe(0);
    expect(await states()).toEqual(['p.news 20010105000000 CLOSED']);
  });

  test('has its closed labels told once, however often the telling breaks off', async () => {
    for (const day of ['05', '06', '07']) await openRow('p.news', `200101${day}000000`);
    await storeConfig(catalog.db, without('news'), 'ada');
    const signalled: string[] = [];
    const clientThat = (signal: (id: string) => Promise<void>): Client =>
      ({ workflow: { getHandle: (id: string) => ({ signal: () => signal(id) }) } }) as never;
    const failing = clientThat(() => Promise.reject(new Error('no Temporal')));
    await expect(tellJoins(catalog.db, failing)).rejects.toThrow('no Temporal');
    const working = clientThat(async (id) => void signalled.push(id));
    expect(await tellJoins(catalog.db, working)).toBe(3);
    expect(await tellJoins(catalog.db, working)).toBe(0);
    expect(signalled.sort()).toEqual([
      'run/p.news/20010105000000',
      'run/p.news/20010106000000',
      'run/p.news/20010107000000',
    ]);
  });

  test('stands in the history with what it changed and what it brought back', async () => {
    await storeConfig(catalog.db, without('news', ALONE), 'ada', { note: 'simpler' });
    const rollbackOf = { version: 1, checksum: checksumOf(BASE) };
    await storeConfig(catalog.db, BASE, 'bob', { rollbackOf });
    expect(await readHistory(catalog.db, 2)).toMatchObject([
      {
        version: 3,
        inForce: true,
        rollbackOf: 1,
        appliedBy: 'bob',
        changes: { added: 1, changed: 1, removed: 0 },
      },
      {
        version: 2,
        inForce: false,
        rollbackOf: null,
        note: 'simpler',
        changes: { added: 0, changed: 1, removed: 1 },
      },
    ]);
  });

  describe('as a plan', () => {
    test('counts what waits and runs and suggests the backfills, without changing anything', async () => {
      for (const day of ['05', '06', '07']) {
        await logEvent(OUTSIDE, `200101${day}000000`);
        await openRow('p.days', `200101${day}000000`, day === '07' ? 'RUNNING' : 'SUCCESS');
      }
      for (const day of ['08', '09', '10', '11', '12', '13', '14'])
        await openRow('p.days', `200101${day}000000`);
      const fares: StageDefinition = {
        ...days,
        id: 'p.fares',
        name: 'fares',
        output: 'warehouse.main.fares',
        inputs: days.inputs.filter(({ dataset }) => dataset === OUTSIDE),
      };
      const target: Project = {
        ...ALONE,
        endpoints: [{ name: 'crm', kind: 'sqs', queueUrl: 'q' }],
        stages: [...without('news', ALONE).stages, fares],
      };
      const before = await states();
      const plan = await makePlan(catalog.db, null, target, 're-evaluate');
      expect(plan).toMatchObject({
        base: { version: 1, checksum: checksumOf(BASE) },
        project: checksumOf(target),
        changed: true,
        temporal: null,
        joins: [{ stage: 'p.days', effect: 're-evaluated', count: 7 }],
        running: [{ stage: 'p.days', configVersion: 1, count: 1 }],
      });
      expect(plan.joins[0]?.labels).toHaveLength(5);
      expect(plan.backfills.map(({ for: what, labels, command }) => [what, labels, command])).toEqual([
        [
          'p.days',
          2,
          'reefline backfill create p.days --from 20010105000000 --to 20010107000000 --rerun all',
        ],
        ['p.fares', 3, 'reefline backfill create p.fares --from 20010105000000 --to 20010108000000'],
        ['crm', 2, 'reefline backfill create p --from 20010105000000 --to 20010106000100 --rerun all'],
      ]);
      expect(await states()).toEqual(before);
      expect(await readVersionInForce(catalog.db)).toMatchObject({ version: 1 });
    });

    test('says what becomes of waiting labels as applying then does it', async () => {
      await openRow('p.days', '20010105000000');
      await openRow('p.news', '20010105000000');
      const target = without('news', ALONE);
      const plan = await makePlan(catalog.db, null, target, 'keep');
      expect(plan.joins.map(({ stage, effect, count }) => [stage, effect, count])).toEqual([
        ['p.days', 'kept', 1],
        ['p.news', 'closed', 1],
      ]);
      const stored = await storeConfig(catalog.db, target, 'ada', {
        expected: plan.base,
        waiting: plan.waiting,
      });
      expect(stored.joins).toEqual({ closed: 1, kept: 1, reEvaluated: 0 });
    });
  });
});

import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { planBackfill } from '../../activities/backfill-plan.ts';
import { inTransaction } from '../../catalog/connect.ts';
import { judgeQuarantine } from '../../catalog/judge-quarantine.ts';
import { pauseScope } from '../../catalog/pauses.ts';
import { skipLabels } from '../../catalog/skip-labels.ts';
import {
  again,
  explainedStage,
  openExplainedWorld,
  SKETCHES,
  type ExplainedWorld,
} from '../support/explained-world.ts';
import { countingMeter } from '../support/counting-meter.ts';
import { eventually } from '../support/eventually.ts';
import { projectOf } from '../support/project.ts';
import type { BackfillRequest } from '../../pipeline/backfill-request.ts';
import { label } from '../support/scenario.ts';

/* What runs, fails, is held back or comes late, as the activities write it and `reefline why` explains it. */

let world: ExplainedWorld;

beforeAll(async () => {
  world = await openExplainedWorld('whyheld');
});

afterAll(async () => {
  await world.close();
});

describe('a label that failed or runs', () => {
  test('failed: the error, its class, the attempts, and the cure with its command', async () => {
    const at = '20200305010000';
    const error = { class: 'unavailable', message: 'connection refused.', facts: {} };
    await world.run('orders.fetch', at, { error, attempt: 2 });
    const fetch = await world.why(`orders.fetch ${at}`);
    expect(fetch.answer).toBe(
      `orders.fetch ${at} failed at T after 2 attempts as revision 1: connection refused (unavailable).`,
    );
    expect(fetch.text).toContain('When it is back, run it again:');
    expect(fetch.commands[0]).toBe(`reefline run orders.fetch ${at}`);
  });

  test('running: since when, which attempt, and what Temporal says when it answers', async () => {
    const at = '20200305020000';
    await world.open('orders.fetch', at);
    expect((await world.why(`orders.fetch ${at}`)).answer).toBe(
      `orders.fetch ${at} is about to run: revision 1 was opened at T by its schedule, and no worker has begun it yet.`,
    );
    await world.begin('orders.fetch', at, 2);
    const silent = await world.why(`orders.fetch ${at}`);
    expect(silent.answer).toBe(
      `orders.fetch ${at} is running since T: revision 1, opened by its schedule (attempt 2 of 2).`,
    );
    expect(silent.text).not.toContain('now');
    await world.withTemporal(async () => {
      // An explanation does not wait for a Temporal that is busy.
      await eventually(async () => {
        expect((await world.why(`orders.fetch ${at}`)).timeline.at(-1)).toBe(
          'now Temporal has no open workflow for it; the sweep starts it again.',
        );
      });
      const connection = await Connection.connect({ address: world.temporalAddress });
      const handle = await new Client({ connection }).workflow.start('stageRun', {
        taskQueue: 'nobody-works-here',
        workflowId: `run/orders.fetch/${at}`,
      });
      await eventually(async () => {
        expect((await world.why(`orders.fetch ${at}`)).timeline.at(-1)).toBe(
          'now Its workflow is open in Temporal.',
        );
      });
      await handle.terminate();
      await connection.close();
    });
    await world.settle();
  });

  test('superseded: cancelled in flight because its inputs changed, and then made again', async () => {
    const at = '20200306000000';
    await world.run('p.tap', at);
    await world.begin('p.quick', at);
    await world.run('p.tap', at, {}, again('ada', 'once more'));
    await world.end('p.quick', at, { superseded: true });
    expect((await world.why(`p.quick ${at}`)).answer).toBe(
      `p.quick ${at} was cancelled at T, because its inputs changed while revision 1 ran, and the next revision has not opened yet.`,
    );
    await world.open('p.quick', at, { trigger: 'event' });
    await world.settle();
    const quick = await world.why(`p.quick ${at}`);
    expect(quick.answer).toMatch(/^p.quick 20200306000000 is done: it ran twice, and revision 2 succeeded/);
    expect(quick.timeline).toContain(
      'Revision 1 was cancelled in flight, because its inputs changed (on_restatement: cancel).',
    );
  });
});

describe('a label that somebody or something holds back', () => {
  test('paused: by whom and why, which event made it ready, and what resuming does', async () => {
    const at = '20200308000000';
    await pauseScope(world.db, 'p.bucket', 'ada', 'the warehouse is being resized');
    await world.run('p.tap', at);
    const bucket = await world.why(`p.bucket ${at}`);
    expect(bucket.answer).toBe(
      `p.bucket ${at} is ready since T and held, because p.bucket is paused since T by ada: the warehouse is being resized.`,
    );
    expect(bucket.timeline).toEqual([
      `It was ready when warehouse.main.tap ${at} came as revision 1, and a pause held it: p.bucket is paused: the warehouse is being resized.`,
    ]);
    expect(bucket.commands).toEqual([
      'reefline resume p.bucket --dry-run',
      'reefline resume p.bucket --on-resume drain',
      `reefline run p.bucket ${at}`,
    ]);
    await world.db.query('delete from reefline.pause');
    expect((await world.why(`p.bucket ${at}`)).answer).toMatch(
      /the pause is over, and the run has not started yet\.$/,
    );
  });

  test('skipped: by whom and why, and how to make it after all', async () => {
    const at = '20200308000000';
    await inTransaction(world.db, (client) =>
      skipLabels(client, world.configs, [{ stage: explainedStage('p.bucket'), timelabel: label(at) }], {
        actor: 'bob',
        reason: 'p.bucket was resumed with skip',
      }),
    );
    const bucket = await world.why(`p.bucket ${at}`);
    expect(bucket.answer).toBe(
      `p.bucket ${at} was skipped at T by bob: p.bucket was resumed with skip; it runs when its inputs change or a person asks for it.`,
    );
    expect(bucket.commands).toEqual([`reefline run p.bucket ${at}`]);
    await world.settle();
  });

  test('held by the limit of restated labels, until it is released', async () => {
    const days = ['20200309000000', '20200310000000'];
    for (const at of days) await world.run('p.tap', at);
    await world.settle();
    for (const at of days) await world.run('p.tap', at, {}, again('ada', 'all of them'));
    const limited = await world.why('p.limited 20200310000000');
    expect(limited.answer).toBe(
      'p.limited 20200310000000 is ready to be made again and held since T, because its limit of 1 restated label within 24 hours is reached (max_restated_labels).',
    );
    expect(limited.commands).toEqual(['reefline release p.limited 20200310000000 --reason "…"']);
    const { stdout } = await world.reefline(['events', 'show', 'p.limited/20200310000000/r2']);
    expect(stdout).toMatch(/outcome +HELD\n/);
    expect(stdout).toMatch(/Caused by\n {2}p.tap\/20200310000000\/r2 +SUCCESS +its run was opened by manual/);
    expect(stdout).not.toContain('p.tap/20200310000000/r1');
    // No router took it, so whoever wrote it tells of it.
    const reports = world.traced.filter((happening) => happening.kind === 'reported');
    expect(reports).toMatchObject([
      {
        event: { eventId: 'p.limited/20200310000000/r2', outcome: 'HELD' },
        causes: [{ eventId: 'p.tap/20200310000000/r2' }],
      },
    ]);
    await world.settle();
  });

  test('quarantined, rejected, released: what the check found, who decided and why, and its dependents', async () => {
    const at = '20200311000000';
    const message = `Check p.customs holds back warehouse.main.goods ${at}: negative found 2 rows. Repair the data.`;
    await world.run('p.goods', at);
    await world.end('p.customs', at, {
      error: { class: 'data_error', message, facts: { violated: 'negative' } },
    });
    const goods = await world.why(`warehouse.main.goods ${at}`);
    expect(goods.answer).toBe(
      `warehouse.main.goods ${at} is quarantined: revision 1 was made at T, and p.customs holds its dependents back since T: Check p.customs holds back warehouse.main.goods ${at}: negative found 2 rows.`,
    );
    expect(goods.commands).toEqual([
      `reefline run p.customs ${at}`,
      `reefline release warehouse.main.goods ${at} --reason "…"`,
      `reefline reject warehouse.main.goods ${at} --reason "…"`,
    ]);
    expect((await world.why(`p.shop ${at}`)).answer).toMatch(
      /it lacks a pass of p.customs for warehouse.main.goods \d+, because p.customs quarantines warehouse.main.goods since T\.$/,
    );
    const judge = async (verdict: 'RELEASED' | 'REJECTED', reason: string): Promise<void> => {
      const judgement = {
        check: explainedStage('p.customs'),
        timelabel: label(at),
        verdict,
        actor: 'ada',
        reason,
      } as const;
      const judged = await inTransaction(world.db, (client) =>
        judgeQuarantine(client, world.configs, judgement),
      );
      if (judged.kind !== 'judged') throw new Error('There was nothing to judge.');
      await world.accept(judged.event);
    };
    await judge('REJECTED', 'the export was cut off');
    expect((await world.why(`warehouse.main.goods ${at}`)).answer).toMatch(
      /is rejected: revision 1 was made at T, and ada rejected it at T: the export was cut off\.$/,
    );
    expect((await world.why(`p.customs ${at}`)).answer).toBe(
      `p.customs ${at} was rejected at T by ada: the export was cut off; the dependents hold until newer data passes the check.`,
    );
    await judge('RELEASED', 'refunds of a cancelled event');
    await world.settle();
    expect((await world.why(`warehouse.main.goods ${at}`)).answer).toMatch(
      /is done and released: .*; its quarantine was released at T by ada: refunds of a cancelled event\.$/,
    );
    expect((await world.why(`p.customs ${at}`)).answer).toBe(
      `p.customs ${at} was released at T by ada: refunds of a cancelled event.`,
    );
    expect((await world.why(`p.shop ${at}`)).answer).toMatch(/^p.shop 20200311000000 is done: it ran once/);
  });

  test('made of what its check quarantines afterwards: which revision, and how to end that', async () => {
    const at = '20200319000000';
    await world.run('p.goods', at);
    await world.settle();
    const message = 'returned found 1 row. Repair the data.';
    const error = { class: 'data_error', message, facts: { violated: 'returned' } };
    await world.run('p.customs', at, { error }, again('ada', 'goods came back'));
    const shop = await world.why(`p.shop ${at}`);
    expect(shop.answer).toMatch(
      /is done: .*; it was made of warehouse.main.goods 20200319000000 revision 1, which p.customs quarantines since T: returned found 1 row\.$/,
    );
    expect(shop.commands.slice(0, 2)).toEqual([
      `reefline run p.customs ${at}`,
      `reefline release warehouse.main.goods ${at} --reason "…"`,
    ]);
    expect(shop.text).not.toContain('Nothing has to be done');
    await world.run('p.goods', at, {}, again('ada', 'repaired'));
    await world.settle();
    expect((await world.why(`p.shop ${at}`)).answer).not.toContain('it was made of');
  });
});

describe('a label whose deadline passed', () => {
  const at = '20200312000000';
  const stages = ['p.waits', 'p.partly', 'p.gives_up'];

  test('is late, made in part, or given up: since when and for lack of what', async () => {
    await world.run('p.early', at);
    expect((await world.why(`p.waits ${at}`)).timeline.at(-1)).toBe(
      'now At its deadline, T, it is reported late and waits on, unless all its inputs are there.',
    );
    await world.db.query(
      `update reefline.stage_run set deadline = clock_timestamp() - interval '1 minute' where status = 'WAITING' and timelabel = $1`,
      [at],
    );
    const { meter, counted } = countingMeter();
    for (const id of [...stages, ...stages]) await world.passDeadline(id, at, meter);
    expect(counted).toEqual({
      'partition_late_total p p.waits LATE': 1,
      'partition_late_total p p.gives_up MISSING': 1,
    });
    const overdue = world.traced.flatMap((happening) =>
      happening.kind === 'overdue' ? `${happening.event.eventId} ${happening.event.outcome}` : [],
    );
    expect(overdue).toEqual([`p.waits/${at}/r1 LATE`, `p.gives_up/${at}/r1 MISSING`]);
    await world.settle();
    const [late, partial, missing] = [
      await world.why(`p.waits ${at}`),
      await world.why(`p.partly ${at}`),
      await world.why(`p.gives_up ${at}`),
    ];
    const lacks = `1 of 2 inputs is there; it lacks warehouse.main.tardy ${at}, because p.tardy never ran; it has no schedule, so somebody has to ask for it`;
    expect(late.answer).toBe(`p.waits ${at} waits since T and is late since T: ${lacks}.`);
    expect(missing.answer).toBe(
      `p.gives_up ${at} was given up at its deadline, at T: ${lacks}; it runs when its inputs come after all.`,
    );
    expect(partial.answer).toBe(
      `p.partly ${at} is made in part, without warehouse.main.tardy ${at}, because its deadline had passed: it ran once, started by its deadline, and succeeded at T as revision 1 (1 row).`,
    );
    expect(partial.timeline).toContain(
      `Revision 1 was opened at its deadline, with 1 input and without warehouse.main.tardy ${at}.`,
    );
    expect(late.commands).toEqual([`reefline run p.tardy ${at}`]);
  });

  test('and that then failed: that the deadline had opened it, and for lack of what', async () => {
    const day = '20200318000000';
    await world.run('p.early', day);
    await world.db.query(
      `update reefline.stage_run set deadline = clock_timestamp() - interval '1 minute' where status = 'WAITING' and timelabel = $1`,
      [day],
    );
    await world.passDeadline('p.partly', day);
    await world.end('p.partly', day, { error: { class: 'timeout', message: 'too slow', facts: {} } });
    const partly = await world.why(`p.partly ${day}`);
    expect(partly.answer).toBe(
      `p.partly ${day} failed at T as revision 1, opened at its deadline without warehouse.main.tardy ${day}: too slow (timeout).`,
    );
    expect(partly.timeline).toContain(
      `Revision 1 was opened at its deadline, with 1 input and without warehouse.main.tardy ${day}.`,
    );
    await world.passDeadline('p.gives_up', day);
    expect((await world.why(`p.gives_up ${day}`)).answer).toContain('was given up at its deadline');
  });

  test('and that recovered: what came after all', async () => {
    await world.run('p.tardy', at);
    await world.settle();
    expect((await world.why(`p.waits ${at}`)).answer).toMatch(
      /^p.waits 20200312000000 is done after it was late: it ran once/,
    );
    expect((await world.why(`p.partly ${at}`)).answer).toMatch(
      /is done after it was late: it ran twice, .*, because warehouse.main.tardy 20200312000000 came \(its schedule ran p.tardy 20200312000000\)\.$/,
    );
    const givenUp = await world.why(`p.gives_up ${at}`);
    expect(givenUp.answer).toMatch(/^p.gives_up 20200312000000 is done after it was late/);
    expect(givenUp.timeline).toContain(
      `It was given up: it was not complete at its deadline: 1 of 2 inputs are there, missing warehouse.main.tardy ${at}. It runs when its inputs come after all.`,
    );
  });
});

test('a label of a backfill: which one, whose, and where its item stands', async () => {
  const request: BackfillRequest = {
    ...{ target: 'p.top', from: '2020-02-01', to: '2020-02-02', downstream: false, only: false },
    ...{ rerun: 'none', maxConcurrent: 1, backwards: false, reason: 'history', by: 'ada' },
  };
  await planBackfill(world.db, world.configs, { id: 'february', request });
  const planned = await world.why('p.top 2020-02-01');
  expect(planned.timeline).toEqual(['Backfill february of ada took it in: history (its item is planned).']);
  await world.run('p.top', '20200201000000', {}, { trigger: 'backfill', backfill: 'february' });
  expect((await world.why('p.top 2020-02-01')).answer).toBe(
    'p.top 20200201000000 is done: it ran once, started by backfill february, and succeeded at T as revision 1 (1 row).',
  );
});

test('a label that keeps the definition under which it began to wait: by which version', async () => {
  const at = '20200317000000';
  await world.run('p.early', at);
  const changed = SKETCHES.map((one) =>
    one.name === 'waits' ? { ...one, reads: ['early', 'tardy', 'tap'] } : one,
  );
  await world.apply(projectOf(changed), { waiting: 'keep' });
  const waits = await world.why(`p.waits ${at}`);
  expect(waits.answer).toContain(`1 of 2 inputs is there; it lacks warehouse.main.tardy ${at}`);
  expect(waits.timeline).toContain(
    'It was kept by ada: config version 2 changed what p.waits waits for; this label keeps version 1.',
  );
});

test('docs/why.md shows what the command prints of labels that are held back', () => {
  expect(world.expectDocumented((heading) => heading === 'Who holds it back?')).toBeGreaterThanOrEqual(3);
});

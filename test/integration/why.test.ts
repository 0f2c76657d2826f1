import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pauseScope } from '../../catalog/pauses.ts';
import {
  again,
  fares,
  openExplainedWorld,
  SKETCHES,
  type ExplainedWorld,
} from '../support/explained-world.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

/* The activities themselves write the ledger, and `reefline why` explains it. Every test has labels of its own. */

const DENIED = { class: 'unauthorized', message: 'permission denied for table orders', facts: {} };

let world: ExplainedWorld;

beforeAll(async () => {
  world = await openExplainedWorld('why');
});

afterAll(async () => {
  await world.close();
});

function hour(day: string, at: number): string {
  return `${day}${String(at).padStart(2, '0')}0000`;
}

describe('a label that is done', () => {
  const day = '20200303';
  test('by an event, once: what started it, with what, and what its event did below', async () => {
    await world.run('orders.fetch', hour(day, 3), { rows: 100 });
    await world.end('orders.load', hour(day, 3), { rows: 100 });
    const load = await world.why('warehouse.main.load 20200303030000');
    expect(load.answer).toBe(
      'warehouse.main.load 20200303030000 is done: orders.load ran once, started by an event, and succeeded at T as revision 1 (100 rows).',
    );
    expect(load.timeline).toEqual([
      'Revision 1 was opened by an event, with 1 input, when warehouse.main.fetch 20200303030000 came as revision 1.',
      'Revision 1 succeeded with 100 rows.',
      'Its event (revision 1) counts for orders.revenue 20200303000000: 1 of 24 inputs are there.',
    ]);
    expect(load.commands[0]).toBe('reefline run orders.load 20200303030000 --rerun --reason "…"');
  });

  test('three times: who set the restatement in motion, several stages above', async () => {
    await world.run('orders.fetch', hour(day, 3), { rows: 148 }, again('ada', 'late rows'));
    await world.settle();
    await world.run('orders.load', hour(day, 3), {}, again('bob', 'to be sure'));
    const load = await world.why('orders.load 20200303030000');
    expect(load.answer).toBe(
      'orders.load 20200303030000 is done: it ran 3 times, and revision 3 succeeded at T (1 row), started by bob with unchanged inputs.',
    );
    expect(load.timeline).toContain(
      'Revision 2 was opened by an event, because warehouse.main.fetch 20200303030000 got revision 2 (ada ran orders.fetch 20200303030000: late rows).',
    );
    expect(load.timeline).toContain('Revision 3 was opened by bob, with unchanged inputs: to be sure.');
    await world.run('p.top', '20200302000000');
    await world.settle();
    await world.run('p.top', '20200302000000', {}, again('ada', 'a new rate'));
    await world.settle();
    expect((await world.why('p.bottom 20200302000000')).answer).toBe(
      'p.bottom 20200302000000 is done: it ran twice, and revision 2 succeeded at T (1 row), because warehouse.main.left 20200302000000 got revision 2 (ada ran p.top 20200302000000: a new rate) and 1 more input changed.',
    );
  });

  test('without rows, and by a stage whose definition has changed since', async () => {
    await world.run('p.top', '20200301000000', { rows: 0 });
    expect((await world.why('p.top 2020-03-01')).answer).toMatch(
      /^p.top 20200301000000 is done and has no rows: /,
    );
    await world.end('p.passing', '20200301000000');
    await world.apply(
      projectOf(SKETCHES.map((one) => (one.name === 'passing' ? { ...one, maxAttempts: 5 } : one))),
    );
    const passing = await world.why('p.passing 20200301000000');
    expect(passing.timeline).toContain('Config version 2, applied by ada, changed the stage: maxAttempts.');
    expect(passing.timeline[0]).toMatch(/\(config version 1\)\.$/);
  });
});

describe('a label that waits', () => {
  const day = '20200304';
  test('names what is missing as ranges, since when, and for each range the cause at the source', async () => {
    for (let at = 0; at < 11; at += 1) await world.run('orders.fetch', hour(day, at));
    await world.run('orders.fetch', hour(day, 11), { error: DENIED });
    await world.settle();
    const now = Date.parse('2020-03-04T14:05:00Z');
    const revenue = await world.why('orders.revenue 2020-03-04', { now });
    expect(revenue.answer).toBe(
      'orders.revenue 20200304000000 waits since T: 11 of 24 inputs are there; it lacks warehouse.main.load 20200304110000, warehouse.main.load 20200304120000 and warehouse.main.load 20200304130000 to 20200304230000 (11), the first because orders.fetch 20200304110000 failed at T: permission denied for table orders (unauthorized).',
    );
    expect(revenue.timeline).toEqual([
      'It began to wait: 1 of 24 inputs are there.',
      '11 events of warehouse.main.load counted for it, the last one 20200304100000: 11 of 24 inputs are there.',
      'now warehouse.main.load 20200304110000: orders.load never ran; it waits for warehouse.main.fetch 20200304110000: orders.fetch failed at T: permission denied for table orders (unauthorized).',
      'now warehouse.main.load 20200304120000: orders.load never ran; it waits for warehouse.main.fetch 20200304120000: orders.fetch never ran, although the tick of T of its schedule has passed.',
      'now warehouse.main.load 20200304130000 to 20200304230000 (11): orders.load never ran; it waits for warehouse.main.fetch 20200304130000: orders.fetch never ran: its schedule ticks every hour at minute 10, and the tick of T has not come yet.',
    ]);
    expect(revenue.commands).toEqual([
      'reefline run orders.fetch 20200304110000',
      'reefline run orders.fetch 20200304120000',
    ]);
    expect(revenue.text).toContain('Nothing has to be done: orders.fetch ticks at T.');
  });

  test('for an input that a FAILURE of the stage above keeps away, although no run of its own is there', async () => {
    const load = await world.why('orders.load 20200304110000');
    expect(load.answer).toBe(
      'orders.load 20200304110000 has not run: it lacks warehouse.main.fetch 20200304110000, because orders.fetch failed at T: permission denied for table orders (unauthorized).',
    );
    expect(load.timeline).toEqual([
      'warehouse.main.fetch 20200304110000 came as revision 1 (FAILURE) and was filtered: orders.load listens to SUCCESS of warehouse.main.fetch, and this is FAILURE.',
    ]);
    expect(load.commands).toEqual(['reefline run orders.fetch 20200304110000']);
  });

  test('for an input to settle: what has still to be made again, and that it runs', async () => {
    const at = '20200304000000';
    await world.run('p.top', at);
    await world.settle();
    await world.run('p.top', at, {}, again('ada', 'a new rate'));
    await world.end('p.left', at);
    const bottom = await world.why(`p.bottom ${at}`);
    expect(bottom.answer).toBe(
      'p.bottom 20200304000000 is there as revision 1, and waits since T: warehouse.main.right 20200304000000 is there but has to be made again with the newer warehouse.main.top 20200304000000, because p.right is running since T (no worker has begun it yet).',
    );
    expect(bottom.commands).toEqual([`reefline why p.right ${at}`]);
    await world.settle();
  });

  test('for a service outside: what it reported last, and for a dataset that nobody reports', async () => {
    const first = await world.why('p.priced 20200310000000');
    expect(first.answer).toBe(
      'p.priced 20200310000000 has not run: it lacks warehouse.partners.fares 20200310000000, because no service outside has ever reported a label of warehouse.partners.fares.',
    );
    await world.accept(fares('20200309000000'));
    expect((await world.why('p.priced 20200310000000')).answer).toBe(
      'p.priced 20200310000000 has not run: it lacks warehouse.partners.fares 20200310000000, because the service outside has not reported it; the newest label that it reported is 20200309000000 (at T).',
    );
    await world.accept(fares('20200310000000', { status: 'FAILURE' }));
    expect((await world.why('p.priced 20200310000000')).answer).toMatch(
      /because it was reported as FAILURE at T, and only SUCCESS counts\.$/,
    );
    await world.settle();
  });

  test('behind a stage that is paused: whose pause it is and how to see what ends it', async () => {
    const at = '20200307000000';
    await pauseScope(world.db, 'p.left', 'ada', 'the cluster is full');
    await world.run('p.top', at);
    await world.end('p.right', at);
    const bottom = await world.why(`p.bottom ${at}`);
    expect(bottom.answer).toMatch(
      /it lacks warehouse.main.left 20200307000000, because p.left is ready, and the pause of p.left holds it since T \(ada: the cluster is full\)\.$/,
    );
    expect(bottom.commands[0]).toBe('reefline resume p.left --dry-run');
    await world.db.query('delete from reefline.pause');
  });
});

describe('an event that started nothing', () => {
  test('because a person ran its label on its own', async () => {
    const at = '20200313000000';
    await world.run('p.tap', at, {}, { ...again('ada', 'a look'), only: true });
    const tap = await world.why(`p.tap ${at}`);
    expect(tap.answer).toBe(
      `p.tap ${at} is done: it ran once, started by ada, and succeeded at T as revision 1 (1 row); its event starts nothing, because it was run with --only.`,
    );
    const bucket = await world.why(`p.bucket ${at}`);
    expect(bucket.answer).toBe(
      `p.bucket ${at} has not run: it lacks warehouse.main.tap ${at}, because a person ran it on its own (--only), which starts nothing.`,
    );
    expect(bucket.commands).toEqual([`reefline run p.bucket ${at}`]);
  });

  test('because a newer revision was there before it', async () => {
    const at = '20200314000000';
    const first = await world.run('p.tap', at, { undelivered: true });
    await world.run('p.tap', at, {}, again('ada', 'quickly'));
    await world.settle();
    await world.accept(...first);
    expect((await world.why(`p.bucket ${at}`)).timeline).toContain(
      `warehouse.main.tap ${at} came as revision 1 (SUCCESS) too late: revision 2 of warehouse.main.tap is already there.`,
    );
  });

  test('because a person had taken it up already', async () => {
    const at = '20200315000000';
    const without = SKETCHES.filter(({ name }) => name !== 'bucket');
    await world.apply(projectOf(without));
    const reported = await world.run('p.tap', at);
    await world.apply(projectOf(SKETCHES));
    const bucket = await world.why(`p.bucket ${at}`);
    expect(bucket.answer).toMatch(
      /^p.bucket 20200315000000 has not run: its inputs are there, but no event has asked for it since the stage was applied/,
    );
    await world.run('p.bucket', at, {}, { trigger: 'manual', by: 'ada' });
    await world.accept(...reported);
    expect((await world.why(`p.bucket ${at}`)).timeline.at(-1)).toBe(
      `warehouse.main.tap ${at} came as revision 1 (SUCCESS) and changed nothing: revision 1: same inputs.`,
    );
    await world.settle();
  });
});

describe('a label of a dataset from outside', () => {
  test('that was reported: each report, and what it started', async () => {
    const at = '20200320000000';
    await world.accept(fares(at, { status: 'FAILURE' }));
    await world.accept(fares(at));
    const reported = await world.why(`${OUTSIDE} ${at}`);
    expect(reported.answer).toBe(
      `${OUTSIDE} ${at} was reported twice by a service outside, the last time at T as revision 2 (SUCCESS), and it started p.priced ${at}.`,
    );
    expect(reported.timeline).toEqual([
      'A service outside reported revision 1: FAILURE.',
      'A service outside reported revision 2: SUCCESS.',
      `Its event (revision 2) started p.priced ${at}.`,
    ]);
    expect(reported.commands).toEqual(['reefline events show outside/ID', `reefline why p.priced ${at}`]);
    await world.settle();
  });

  test('that was not reported: the newest one that was, and the message that was rejected', async () => {
    const at = '20200321000000';
    await world.accept(fares(at, { status: 'MAYBE' }));
    const absent = await world.why(`${OUTSIDE} 2020-03-21`);
    expect(absent.answer).toBe(
      `${OUTSIDE} ${at} has not been reported: no stage makes ${OUTSIDE}, a service outside does, and the newest label that it reported is 20200320000000 (at T); a message that names it was rejected at T: The field "status" is "MAYBE"; it must be one of SUCCESS, FAILURE.`,
    );
    expect(absent.commands[0]).toBe('reefline events rejected');
  });

  test('without a label: the newest that is known', async () => {
    expect((await world.why(OUTSIDE)).answer).toMatch(
      /^warehouse.partners.fares 20200320000000 was reported twice/,
    );
  });
});

describe('a label that nobody has made', () => {
  test('whose clock has not come, or has passed', async () => {
    const now = Date.parse('2020-04-01T11:30:00Z');
    expect((await world.why('orders.fetch 20200401110000', { now })).answer).toBe(
      'orders.fetch 20200401110000 has not run: its interval closes at T and its schedule (every hour at minute 10) ticks for it at T.',
    );
    const load = await world.why('orders.load 2020-04-01T11:00', { now });
    expect(load.answer).toBe(
      'orders.load 20200401110000 has not run: it lacks warehouse.main.fetch 20200401110000, because orders.fetch never ran: its schedule ticks every hour at minute 10, and the tick of T has not come yet; its interval closes at T.',
    );
    expect(load.text).toContain('Nothing has to be done: orders.fetch ticks at T.');
    const passed = await world.why('orders.fetch 20200401090000', { now });
    expect(passed.answer).toBe(
      'orders.fetch 20200401090000 has not run: its schedule (every hour at minute 10) should have asked for it at T, and no run came.',
    );
    expect(passed.commands).toEqual(['reefline run orders.fetch 20200401090000']);
  });

  test.each([
    ['p.buckt 20200304000000', 'There is no stage and no dataset "p.buckt": did you mean p.bucket?'],
    [
      'orders.revenue 20200303050000',
      'It lies in the interval of 20200303000000: reefline why orders.revenue 20200303000000',
    ],
    ['warehouse.partners.fares 2020-03-03T01:00', 'It lies in the interval of 20200303000000'],
    ['orders.load yesterday', 'Write a timelabel (20200303110000), a day (2020-03-03)'],
  ])('%s ends with 2 and says what was meant', async (words, message) => {
    const { exitCode, stdout, stderr } = await world.reefline(['why', ...words.split(' ')]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('in a new configuration', () => {
  test('a label that waited when its stage was removed is closed by that version', async () => {
    const at = '20200316000000';
    await world.run('p.top', at);
    await world.end('p.left', at);
    await world.apply(projectOf(SKETCHES.filter(({ name }) => name !== 'bottom')));
    const version = String((await world.configs.current(world.db)).configVersion);
    const bottom = await world.why(`p.bottom ${at}`);
    expect(bottom.answer).toBe(
      `p.bottom ${at} waits no more since T: stage p.bottom was removed by config version ${version} (applied by ada).`,
    );
    expect(bottom.timeline).toContain(`Config version ${version}, applied by ada, removed the stage.`);
    expect((await world.why(`warehouse.main.bottom ${at}`)).answer).toBe(
      bottom.answer.replace('p.bottom', 'warehouse.main.bottom'),
    );
  });
});

test('--json gives the answer, the timeline, the commands and the facts', async () => {
  const { stdout } = await world.reefline(['why', 'orders.fetch', '20200304110000', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    standing: 'failed',
    answer: expect.stringMatching(/^orders.fetch 20200304110000 failed at /),
    timeline: [{}, {}, {}],
    next: [
      {
        what: 'Permit what it names to the role of the workers, then run it again',
        command: 'reefline run orders.fetch 20200304110000',
      },
      {},
    ],
    facts: { dataset: 'warehouse.main.fetch', stageId: 'orders.fetch', runs: [{ status: 'FAILURE' }] },
  });
});

test('docs/why.md shows what the command prints, up to instants and ids', () => {
  expect(world.expectDocumented((heading) => heading !== 'Who holds it back?')).toBeGreaterThanOrEqual(6);
});

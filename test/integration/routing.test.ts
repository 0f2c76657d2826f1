import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { startRun } from '../../cli/run.ts';
import { parseTimelabel, type Timelabel } from '../../pipeline/timelabel.ts';
import { ROUTING_QUEUE } from '../../pipeline/ids.ts';
import { routerOf, routersOf } from '../../pipeline/routers.ts';
import { DONE, startEngine, type Engine, type Work } from '../support/engine.ts';
import { askWith } from '../../workers/metrics/router-watch.ts';
import { eventually } from '../support/eventually.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';
import { notSoon } from '../support/not-soon.ts';

const executed: string[] = [];
const failing = new Set<string>();
let slow = new Map<string, Promise<void>>();

const work: Work = async (run) => {
  const key = `${run.stage.name} ${run.timelabel}`;
  await slow.get(key);
  executed.push(`${key} r${String(run.revision)}`);
  if (failing.has(key)) throw new Error('the test makes this run fail');
  return DONE;
};

/** Tables of the pipeline `spread`, whose events three routers take. */
const SPREAD = ['east', 'lower', 'north', 'south', 'upper', 'west'];

const UNSPREAD = projectOf([
  { name: 'hourly', period: '1h', cron: notSoon(), maxAttempts: 1 },
  { name: 'loaded', period: '1h', reads: ['hourly'] },
  { name: 'daily', period: '1d', reads: ['loaded'] },
  { name: 'priced', period: '1d', reads: [OUTSIDE] },
  ...SPREAD.flatMap((name) => [
    { name, period: '1d', pipeline: 'spread' } as const,
    { name: `of_${name}`, period: '1d', pipeline: 'spread', reads: [name] } as const,
  ]),
]);
const PROJECT = { ...UNSPREAD, routers: { spread: 3 } };

function label(text: string): Timelabel {
  const parsed = parseTimelabel(text);
  if (parsed === undefined) throw new Error(`${text} is no label`);
  return parsed;
}

function hour(day: string, at: number): Timelabel {
  return label(`${day}${String(at).padStart(2, '0')}0000`);
}

let engine: Engine;

async function signal(...payload: unknown[]): Promise<void> {
  await engine.client.workflow.signalWithStart('router', {
    workflowId: 'router/p',
    taskQueue: ROUTING_QUEUE,
    args: [{ pipeline: 'p' }],
    signal: 'dataEvent',
    signalArgs: payload,
  });
}

async function ledger(stage: string, timelabel: string, pipeline = 'p'): Promise<string[]> {
  const found = await engine.db.query<{ run: string }>(
    `select 'r' || revision || ' ' || status as run from reefline.stage_run where stage = $1 and timelabel = $2 order by revision`,
    [`${pipeline}.${stage}`, timelabel],
  );
  return found.rows.map(({ run }) => run);
}

function stage(name: string): (typeof PROJECT.stages)[number] {
  const found = PROJECT.stages.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

beforeAll(async () => {
  engine = await startEngine('routing', work);
  await engine.apply(PROJECT);
  await engine.startWorkers();
});

afterAll(async () => {
  await engine.close();
});

describe('routing on a real Temporal server', () => {
  test('a day runs once, when its twenty-fourth hour is there, and a re-run hour restates exactly its own path', async () => {
    const day = '20010105';
    for (let at = 0; at < 23; at += 1) await startRun(engine.client, stage('hourly'), hour(day, at), false);
    await eventually(async () => {
      expect(await ledger('daily', label(`${day}000000`))).toEqual(['r1 WAITING']);
      expect(executed.filter((line) => line.startsWith('loaded'))).toHaveLength(23);
    });
    const waiting = engine.client.workflow.getHandle(`run/p.daily/${day}000000`);
    await eventually(async () => {
      const details = await waiting.query<{ current_details?: string; currentDetails?: string }>(
        '__temporal_workflow_metadata',
      );
      expect(JSON.stringify(details)).toContain('23/24 inputs');
      expect(JSON.stringify(details)).toContain(`warehouse.main.loaded ${day}230000`);
    });
    expect(executed.filter((line) => line.startsWith('daily'))).toEqual([]);
    await startRun(engine.client, stage('hourly'), hour(day, 23), false);
    await eventually(async () => {
      expect(await ledger('daily', `${day}000000`)).toEqual(['r1 SUCCESS']);
    });
    executed.length = 0;
    await startRun(engine.client, stage('hourly'), hour(day, 8), true);
    await eventually(async () => {
      expect(await ledger('daily', `${day}000000`)).toEqual(['r1 SUCCESS', 'r2 SUCCESS']);
    });
    expect(executed.sort()).toEqual([
      `daily ${day}000000 r2`,
      `hourly ${day}080000 r2`,
      `loaded ${day}080000 r2`,
    ]);
  });

  test('starting a label that succeeded again does nothing', async () => {
    executed.length = 0;
    const id = await startRun(engine.client, stage('hourly'), hour('20010105', 3), false);
    const result: unknown = await engine.client.workflow.getHandle(id).result();
    expect(result).toMatchObject({ status: 'nothing-new', revision: 1 });
    expect(executed).toEqual([]);
  });

  test('a failed run reports FAILURE, holds its dependents, and a repair releases them', async () => {
    const at = hour('20010107', 4);
    failing.add(`hourly ${at}`);
    const id = await startRun(engine.client, stage('hourly'), at, false);
    await expect(engine.client.workflow.getHandle(id).result()).rejects.toThrow();
    await eventually(async () => {
      const found = await engine.db.query(
        `select status, body->'error'->>'message' as message from reefline.data_event where event_id = $1`,
        [`p.hourly/${at}/r1`],
      );
      expect(found.rows).toEqual([{ status: 'FAILURE', message: 'the test makes this run fail' }]);
    });
    const verdicts = await engine.db.query(
      `select stage, verdict from reefline.verdict where event_id = $1`,
      [`p.hourly/${at}/r1`],
    );
    expect(verdicts.rows).toEqual([{ stage: 'p.loaded', verdict: 'filtered' }]);
    expect(await ledger('loaded', at)).toEqual([]);
    failing.clear();
    await startRun(engine.client, stage('hourly'), at, false);
    await eventually(async () => {
      expect(await ledger('loaded', at)).toEqual(['r1 SUCCESS']);
    });
    expect(await ledger('hourly', at)).toEqual(['r1 FAILURE', 'r2 SUCCESS']);
  });

  test('inputs that change while a run is under way make it run once more, not twice at once', async () => {
    const at = hour('20010108', 5);
    let release = (): void => undefined;
    slow = new Map([[`loaded ${at}`, new Promise<void>((resolve) => (release = resolve))]]);
    await startRun(engine.client, stage('hourly'), at, false);
    await eventually(async () => {
      expect(await ledger('loaded', at)).toEqual(['r1 RUNNING']);
    });
    await startRun(engine.client, stage('hourly'), at, true);
    await eventually(async () => {
      expect((await ledger('hourly', at)).at(-1)).toBe('r2 SUCCESS');
    });
    await startRun(engine.client, stage('hourly'), at, true);
    await eventually(async () => {
      expect((await ledger('hourly', at)).at(-1)).toBe('r3 SUCCESS');
    }).finally(release);
    await eventually(async () => {
      expect(await ledger('loaded', at)).toEqual(['r1 SUCCESS', 'r2 SUCCESS']);
    });
    slow.clear();
  });

  test('the events of a pipeline with three routers go through all of them, each dataset through one, and every dependent runs once', async () => {
    const days = ['20010115000000', '20010116000000'].map(label);
    for (const day of days) for (const name of SPREAD) await startRun(engine.client, stage(name), day, false);
    await eventually(async () => {
      for (const day of days)
        for (const name of SPREAD) expect(await ledger(`of_${name}`, day, 'spread')).toEqual(['r1 SUCCESS']);
    });
    const dependents = executed.filter((line) => line.startsWith('of_'));
    expect(dependents.sort()).toEqual(
      SPREAD.flatMap((name) => days.map((day) => `of_${name} ${day} r1`)).sort(),
    );
    const found = await engine.db.query<{ dataset: string; router: string }>(
      `select distinct dataset, router from reefline.data_event where dataset = any($1) order by 1, 2`,
      [SPREAD.map((name) => `warehouse.main.${name}`)],
    );
    expect(found.rows).toEqual(
      SPREAD.map((name) => `warehouse.main.${name}`).map((dataset) => ({
        dataset,
        router: routerOf('spread', 3, dataset),
      })),
    );
    const routers = routersOf('spread', 3);
    expect([...new Set(found.rows.map(({ router }) => router))].sort()).toEqual(routers);
    const ask = askWith(engine.client);
    for (const router of routers) expect(await ask(router)).toMatchObject({ queued: 0 });
  });

  test('an outside service needs six fields, and the same message twice is one event and one run', async () => {
    const event = {
      event_type: 'data',
      type: 'redshift',
      schema: 'partners',
      table: 'fares',
      timelabel: '20010109000000',
      status: 'SUCCESS',
    };
    await signal(event);
    await signal([event, event]);
    await eventually(async () => {
      expect(await ledger('priced', '20010109000000')).toEqual(['r1 SUCCESS']);
    });
    const found = await engine.db.query(
      `select count(*)::int as count from reefline.data_event where dataset = $1 and timelabel = '20010109000000'`,
      [OUTSIDE],
    );
    expect(found.rows).toEqual([{ count: 1 }]);
    await signal({ ...event, startTime: '2001-01-10 04:00:00:000 +00:00' });
    await eventually(async () => {
      expect(await ledger('priced', '20010109000000')).toEqual(['r1 SUCCESS', 'r2 SUCCESS']);
    });
  });

  test('whatever arrives, the router goes on and every rejection has a reason', async () => {
    const good = {
      event_type: 'data',
      type: 'redshift',
      schema: 'partners',
      table: 'fares',
      timelabel: '20010111000000',
      status: 'SUCCESS',
    };
    const nested = JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`) as unknown;
    await signal('hello');
    await signal(null, 17);
    await signal(nested);
    await signal({ ...good, timelabel: '20010231000000' });
    await signal({ ...good, timelabel: '20010111003000' });
    await signal({ ...good, table: 'unheard_of' });
    await signal({ ...good, schema: 'a\u0000b' });
    await signal({ ...good, uri: '\ud800' });
    await signal({ ...good, dataset: 'warehouse.main.nothing' });
    await signal({ event_type: 'data' });
    await signal([]);
    await engine.client.workflow.getHandle('router/p').signal('noSuchSignal', { any: 'thing' });
    // The server takes no payload above 2 MiB: the sender is told, and the router never sees it.
    await expect(signal({ ...good, uri: 'x'.repeat(3_000_000) })).rejects.toThrow();
    await signal({ ...good, uri: 'x'.repeat(1_000_000) });
    await signal({ ...good, note: 'x'.repeat(262_144) });
    await signal(good);
    await eventually(async () => {
      expect(await ledger('priced', '20010111000000')).toEqual(['r1 SUCCESS']);
    });
    const ask = askWith(engine.client);
    await eventually(async () =>
      expect([await ask('p'), await ask('never_signalled')]).toEqual([
        expect.objectContaining({ queued: 0, historyEvents: expect.any(Number), continued: 0 }),
        undefined,
      ]),
    );
    const found = await engine.db.query<{ reason: string }>(
      'select reason from reefline.rejected_event order by first_received_at',
    );
    const reasons = found.rows.map(({ reason }) => reason).join('\n');
    expect(reasons).toContain('An event is a JSON object');
    expect(reasons).toContain('"20010231000000" is not a UTC time');
    expect(reasons).toContain('20010111003000 is not the start of an interval');
    expect(reasons).toContain('No dataset has type redshift, schema "partners" and table "unheard_of"');
    expect(reasons).toMatch(/The event has 262\d{3} bytes of JSON; at most 262144 are taken/);
    expect(reasons).toContain('NUL character or an unpaired surrogate');
    expect(reasons).toContain('"warehouse.main.nothing" is unknown');
    expect(reasons).toContain('The field "type" is missing');
    expect(reasons).toContain('The field "uri" has 1000000 characters');
    expect(reasons).toContain('the signal is named "noSuchSignal"');
    expect(found.rows.length).toBeGreaterThanOrEqual(9);
  });

  test('events signalled while no worker runs start every run exactly once afterwards', async () => {
    await engine.stopWorkers();
    const events = Array.from({ length: 100 }, (_, index) => ({
      event_type: 'data',
      type: 'redshift',
      schema: 'partners',
      table: 'fares',
      timelabel: `${new Date(Date.UTC(2002, 0, 1 + index)).toISOString().slice(0, 10).replaceAll('-', '')}000000`,
      status: 'SUCCESS',
      eventId: `burst/${String(index)}-${randomUUID()}`,
    }));
    await Promise.all(events.map((event) => signal(event)));
    await engine.startWorkers();
    await eventually(async () => {
      const found = await engine.db.query<{ count: number }>(
        `select count(*)::int as count from reefline.stage_run where stage = 'p.priced' and timelabel like '2002%' and status = 'SUCCESS'`,
      );
      expect(found.rows[0]?.count).toBe(100);
    }, 180_000);
    expect(executed.filter((line) => line.startsWith('priced 2002')).length).toBe(100);
  }, 360_000);
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { openGate } from '../../chaos/gate.ts';
import { ROUTING_QUEUE } from '../../pipeline/ids.ts';
import { openCatalog } from '../../workers/catalog.ts';
import { DONE, startEngine, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { fromEnvironment } from '../support/local-cloud.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const executed: string[] = [];
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine('outage', (run) => {
    executed.push(`${run.timelabel} r${String(run.revision)}`);
    return DONE;
  });
  await engine.apply(projectOf([{ name: 'priced', period: '1d', reads: [OUTSIDE] }]));
  await engine.startWorkers();
});

afterAll(async () => {
  await engine.close();
});

function dayOf(year: number, at: number): string {
  return `${new Date(Date.UTC(year, 0, 1 + at)).toISOString().slice(0, 10).replaceAll('-', '')}000000`;
}

function event(timelabel: string, extra: object = {}): object {
  const fares = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'fares' };
  return { ...fares, timelabel, status: 'SUCCESS', ...extra };
}

async function signal(payload: unknown): Promise<void> {
  await engine.client.workflow.signalWithStart('router', {
    workflowId: 'router/p',
    taskQueue: ROUTING_QUEUE,
    args: [{ pipeline: 'p' }],
    signal: 'dataEvent',
    signalArgs: [payload],
  });
}

async function count(query: string): Promise<number> {
  const found = await engine.db.query<{ count: number }>(`select count(*)::int as count from ${query}`);
  return found.rows[0]?.count ?? 0;
}

/** Ends every connection to the engine's catalog and refuses new ones until the work is done. */
async function withoutCatalog(work: () => Promise<void>): Promise<void> {
  const [row] = (await engine.db.query<{ name: string }>('select current_database() as name')).rows;
  const database = row?.name ?? '';
  const superuser = new Client({ connectionString: fromEnvironment('REEFLINE_TEST_POSTGRES_URL') });
  await superuser.connect();
  try {
    await superuser.query(`alter database "${database}" allow_connections false`);
    try {
      await superuser.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
        database,
      ]);
      await work();
    } finally {
      await superuser.query(`alter database "${database}" allow_connections true`);
    }
  } finally {
    await superuser.end();
  }
}

describe('the catalog is away', () => {
  test('events that are signalled meanwhile start every run exactly once afterwards', async () => {
    await signal(event(dayOf(1999, 0)));
    await eventually(async () => {
      expect(await count(`reefline.stage_run where status = 'SUCCESS'`)).toBe(1);
    });
    await withoutCatalog(async () => {
      await Promise.all(Array.from({ length: 60 }, (_, at) => signal(event(dayOf(2000, at)))));
      await signal(Array.from({ length: 20 }, (_, at) => event(dayOf(2001, at))));
      // Long enough for local retries to become timers of the server.
      await pause(8_000);
    });
    await eventually(async () => {
      expect(await count(`reefline.stage_run where status = 'SUCCESS'`)).toBe(81);
    }, 270_000);
    const meanwhile = executed.filter((line) => /^200[01]/.test(line));
    expect(meanwhile.every((line) => line.endsWith(' r1'))).toBe(true);
    expect(new Set(meanwhile).size).toBe(80);
    expect(await count('reefline.stage_run')).toBe(81);
    expect(await count(`reefline.data_event where stage = 'p.priced'`)).toBeLessThanOrEqual(81);
  }, 450_000);

  test('a worker that starts asks again, also when the catalog is lost between two of its questions', async () => {
    const { host } = new URL(engine.catalogUrl);
    const gate = await openGate(host);
    try {
      const said: string[] = [];
      const lost = gate.trap({ pattern: /count.* from reefline[.]migration/, moment: 'asked' }, 60_000);
      const url = Object.assign(new URL(engine.catalogUrl), { host: gate.address }).href;
      const opening = openCatalog({ REEFLINE_CATALOG_URL: url }, 1, (line) => said.push(line));
      expect(await lost).toBe(true);
      gate.cut();
      const db = await opening;
      expect((await db.query('select 1 as answer')).rows).toEqual([{ answer: 1 }]);
      await db.end();
      expect(said[0]).toMatch(/cannot be reached.*trying again/);
      expect(said.at(-1)).toMatch(/answers[.]$/);
      // A refusal is an answer: nobody waits for it to change.
      const elsewhere = Object.assign(new URL(url), { search: '?options=-c%20role%3Dpg_monitor' }).href;
      await expect(openCatalog({ REEFLINE_CATALOG_URL: elsewhere }, 1, () => undefined)).rejects.toThrow(
        'permission denied',
      );
    } finally {
      await gate.close();
    }
  });

  test('a run that ends while it is away reports when it is back', async () => {
    const before = await count(`reefline.data_event where stage = 'p.priced' and status = 'SUCCESS'`);
    const handle = await engine.client.workflow.start('stageRun', {
      workflowId: `run/p.priced/${dayOf(2003, 0)}`,
      taskQueue: ROUTING_QUEUE,
      args: [{ stage: 'p.priced', timelabel: dayOf(2003, 0) }],
    });
    await eventually(async () => {
      expect(await handle.query('status')).toMatchObject({ phase: 'waiting' });
    });
    await withoutCatalog(async () => {
      await signal(event(dayOf(2003, 0)));
      await pause(2_000);
    });
    await expect(handle.result()).resolves.toMatchObject({ status: 'SUCCESS', revision: 1 });
    await eventually(async () => {
      const after = await count(`reefline.data_event where stage = 'p.priced' and status = 'SUCCESS'`);
      expect(after).toBeGreaterThan(before);
    });
  }, 300_000);
});

describe('a burst', () => {
  test('of 5,000 events in lists and 1,000 one by one is logged, every event once', async () => {
    const numbered = (at: number): object =>
      event(dayOf(1900 + (at % 200), at % 28), { status: 'FAILURE', eventId: `burst/${String(at)}` });
    const lists = Array.from({ length: 50 }, (_, list) =>
      Array.from({ length: 100 }, (_one, at) => numbered(list * 100 + at)),
    );
    const singles = Array.from({ length: 1_000 }, (_, at) => numbered(5_000 + at));
    const waiting: unknown[] = [...lists, ...singles];
    const sender = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await signal(next);
    };
    await Promise.all(Array.from({ length: 40 }, sender));
    await eventually(async () => {
      expect(await count(`reefline.data_event where event_id like 'burst/%'`)).toBe(6_000);
      const status = await engine.client.workflow.getHandle('router/p').query<{ queued: number }>('status');
      expect(status.queued).toBe(0);
    }, 360_000);
    expect(await count(`reefline.verdict where event_id like 'burst/%' and verdict = 'filtered'`)).toBe(
      6_000,
    );
    expect(await count(`reefline.rejected_event`)).toBe(0);
  }, 540_000);
});

import { createServer, type Server, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { customStage } from '../../activities/stages/custom.ts';
import type { StageRun } from '../../activities/stages/runner.ts';
import { readProject } from '../../config/project.ts';
import { eventTime } from '../../pipeline/data-event.ts';
import { ROUTING_QUEUE } from '../../pipeline/ids.ts';
import type { CustomWork } from '../../pipeline/stage.ts';
import { resolveText } from '../../workers/secrets.ts';
import { stageModules } from '../../workers/stage-modules.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { freshDatabase } from '../support/local-cloud.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/exchange-rates', import.meta.url));
const STAGE = 'rates.daily_rates';

let shop: Awaited<ReturnType<typeof freshDatabase>>;
let db: pg.Client;
let engine: Engine;
let api: Server;
/** What the API was asked, and how it answers; without an answer here it stays silent. */
const asked: string[] = [];
const gone: string[] = [];
const answers = new Map<string, (response: ServerResponse) => void>();

function answer(response: ServerResponse, status: number, body: unknown = {}): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

beforeAll(async () => {
  shop = await freshDatabase('rates');
  db = new pg.Client({ connectionString: shop.url });
  await db.connect();
  await db.query(await readFile(`${EXAMPLE}/seed/shop.sql`, 'utf8'));
  api = createServer((request, response) => {
    const url = request.url ?? '';
    asked.push(url);
    response.on('close', () => gone.push(url));
    answers.get(url.split('?')[0] ?? '')?.(response);
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  process.env['SHOP_URL'] = shop.url;
  process.env['RATES_API'] = `http://127.0.0.1:${String((api.address() as AddressInfo).port)}/v1`;
  const reading = await readProject(EXAMPLE);
  if ('problems' in reading) throw new Error(JSON.stringify(reading.problems));
  const run = customStage({
    stageOf: stageModules(EXAMPLE).stageOf,
    resolveText: (text) => resolveText(text, process.env),
  });
  engine = await startEngine('custom', (given, tools) => run(given as StageRun<CustomWork>, tools));
  await engine.apply(reading.project);
  await engine.startWorkers();
});

afterAll(async () => {
  delete process.env['SHOP_URL'];
  delete process.env['RATES_API'];
  api.closeAllConnections();
  await new Promise((resolve) => api.close(resolve));
  await engine.close();
  await db.end();
  await shop.drop();
});

async function pay(day: string, ...currencies: readonly string[]): Promise<void> {
  await db.query(
    `insert into payments select coalesce(max(id), 0) + n, $1, c, 1
     from unnest($2::text[]) with ordinality as new (c, n) left join payments on true group by n, c`,
    [day, currencies],
  );
}

/** The shop says that the payments of a day are complete. */
async function report(day: string): Promise<void> {
  const event = {
    event_type: 'data',
    type: 'publish',
    schema: 'public',
    table: 'payments',
    status: 'SUCCESS',
  };
  await engine.client.workflow.signalWithStart('router', {
    workflowId: 'router/rates',
    taskQueue: ROUTING_QUEUE,
    args: [{ pipeline: 'rates' }],
    signal: 'dataEvent',
    signalArgs: [{ ...event, timelabel: labelOf(day), startTime: eventTime(Date.now()) }],
  });
}

function labelOf(day: string): string {
  return `${day.replaceAll('-', '')}000000`;
}

async function eventsOf(day: string): Promise<readonly Record<string, unknown>[]> {
  const found = await engine.db.query<{ body: Record<string, unknown> }>(
    `select body from reefline.data_event where dataset = 'shop.public.daily_rates' and timelabel = $1 order by revision, event_type desc`,
    [labelOf(day)],
  );
  return found.rows.map(({ body }) => body);
}

async function ratesOf(day: string): Promise<readonly string[]> {
  const found = await db.query<{ line: string }>(
    `select currency || ' ' || rate::float8 || ' r' || revision as line from daily_rates where day = $1 order by 1`,
    [day],
  );
  return found.rows.map(({ line }) => line);
}

test('an event runs a stage of the user; what the API refuses for a moment is tried again, and a restatement replaces the label', async () => {
  await pay('2001-01-05', 'USD', 'GBP', 'EUR', 'USD');
  answers.set('/v1/2001-01-05', (response) => {
    if (asked.length === 1) answer(response, 429);
    else answer(response, 200, { rates: { USD: 0.9545, GBP: 0.6369, JPY: 111.1 } });
  });
  await report('2001-01-05');
  await eventually(async () => {
    expect(await eventsOf('2001-01-05')).toMatchObject([
      { event_type: 'metadata', change: 'TABLE_ADDED', type: 'publish' },
      { event_type: 'data', type: 'publish', stage: STAGE, status: 'SUCCESS', rows: 2, revision: 1 },
    ]);
  });
  expect(asked).toEqual(Array(2).fill('/v1/2001-01-05?base=EUR&symbols=GBP%2CUSD'));
  expect(await ratesOf('2001-01-05')).toEqual(['GBP 0.6369 r1', 'USD 0.9545 r1']);

  await pay('2001-01-05', 'JPY');
  await report('2001-01-05');
  await eventually(async () => {
    expect((await eventsOf('2001-01-05')).at(-1)).toMatchObject({ revision: 2, rows: 3, status: 'SUCCESS' });
  });
  expect(await ratesOf('2001-01-05')).toEqual(['GBP 0.6369 r2', 'JPY 111.1 r2', 'USD 0.9545 r2']);
});

test('its failure is an event of the class that it names, and is not tried again', async () => {
  await pay('2001-01-06', 'XXX');
  answers.set('/v1/2001-01-06', (response) => answer(response, 404));
  await report('2001-01-06');
  await eventually(async () => {
    expect(await eventsOf('2001-01-06')).toMatchObject([
      {
        status: 'FAILURE',
        error: { class: 'not_found', message: expect.stringContaining('404'), facts: { status: 404 } },
      },
    ]);
  });
  expect(asked.filter((url) => url.includes('2001-01-06'))).toHaveLength(1);
});

test('a run that is cancelled gives up its request, reports, and writes nothing', async () => {
  await pay('2001-01-07', 'USD');
  await report('2001-01-07');
  await eventually(() => expect(asked.some((url) => url.includes('2001-01-07'))).toBe(true));
  await engine.client.workflow.getHandle(`run/${STAGE}/${labelOf('2001-01-07')}`).cancel();
  await eventually(async () => {
    expect(await eventsOf('2001-01-07')).toMatchObject([
      { status: 'FAILURE', error: { message: 'The run was cancelled.' } },
    ]);
    expect(gone.some((url) => url.includes('2001-01-07'))).toBe(true);
  });
  expect(await ratesOf('2001-01-07')).toEqual([]);
});

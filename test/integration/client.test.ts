import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { routerStart } from '../../client/router-start.ts';
import { ROUTING_QUEUE } from '../../pipeline/ids.ts';
import { createEmitter, EmitFailure, eventIdOf, type OutgoingDataEvent } from '../../client/index.ts';
import { temporalCli } from '../../local/temporal-cli.ts';
import { DONE, startEngine, type Engine } from '../support/engine.ts';
import { days } from '../support/emitting.ts';
import { eventually } from '../support/eventually.ts';
import { fromEnvironment } from '../support/local-cloud.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const PAGE = readFileSync(new URL('../../docs/emit.md', import.meta.url), 'utf8');

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine('client', () => DONE);
  // Nothing reads the fares, so that only what the emitter does costs time.
  await engine.apply(projectOf([{ name: 'other', period: '1d', cron: '0 0 * * *' }]));
});

afterEach(async () => {
  await engine.stopWorkers();
});

afterAll(async () => {
  await engine.close();
});

/** So many events, whose ids begin with this text. */
function numbered(prefix: string, count: number): OutgoingDataEvent[] {
  return days(count).map((event, at) => ({ ...event, eventId: `${prefix}/${String(at)}` }));
}

/** Ids in the event log that begin with this text; it holds each id once at most, so none is there twice. */
async function logged(prefix: string): Promise<string[]> {
  const found = await engine.db.query<{ id: string }>(
    `select event_id as id from reefline.data_event where starts_with(event_id, $1)`,
    [prefix],
  );
  return found.rows.map(({ id }) => id);
}

async function rejected(): Promise<number> {
  const found = await engine.db.query<{ count: number }>(
    `select count(*)::int as count from reefline.rejected_event`,
  );
  return found.rows[0]?.count ?? -1;
}

/** What the catalog saw of a label: its revisions. A message that was taken twice would be two. */
async function revisions(dataset: string): Promise<number[]> {
  const found = await engine.db.query<{ revision: number }>(
    `select revision from reefline.data_event where dataset = $1 order by revision`,
    [dataset],
  );
  return found.rows.map(({ revision }) => revision);
}

async function until(ids: readonly string[], prefix: string): Promise<void> {
  await eventually(async () => {
    expect((await logged(prefix)).length).toBe(ids.length);
  }, 300_000);
  expect(new Set(await logged(prefix))).toEqual(new Set(ids));
}

/** Runs a program with this engine as its Temporal, as a service or a person would. */
async function runOutside(program: string, args: readonly string[]): Promise<string> {
  const env = {
    ...process.env,
    PATH: `${dirname(temporalCli())}:${process.env['PATH'] ?? ''}`,
    TEMPORAL_ADDRESS: fromEnvironment('TEMPORAL_ADDRESS'),
    TEMPORAL_NAMESPACE: engine.namespace,
  };
  return (await promisify(execFile)(program, args, { env, timeout: 50_000 })).stdout;
}

/**
 * A router that begins with 10,000 signals reads all of them in its first tasks. Beside other suites that takes longer than Temporal
 * waits for a task, so this one runs alone: `REEFLINE_TEST_HARD=1 npm test -- test/integration/client.test.ts`.
 */
const alone = process.env['REEFLINE_TEST_HARD'] === '1';

describe('an emitter on a real Temporal', () => {
  test('delivers 1,000 events of one emit, each once and under the id that it foretells', async () => {
    await engine.startWorkers();
    const emitter = createEmitter({ client: engine.client, router: 'p' });
    const events = days(1_000).map((event, at) => ({ ...event, rows: at }));
    expect(await emitter.emit(events)).toEqual({
      events: 1_000,
      signals: 10,
      attempts: 10,
      router: 'router/p',
    });
    await until(events.map(eventIdOf), 'outside/');
    await emitter.emit(events);
    await emitter.emit(numbered('after', 1));
    await until(['after/0'], 'after/');
    expect(await logged('outside/')).toHaveLength(1_000);
    expect(await revisions(OUTSIDE)).toEqual([...Array<number>(1_000).fill(1), 2]);
    expect(await rejected()).toBe(0);
  });

  test('delivers what was emitted while no worker ran', async () => {
    const emitter = createEmitter({ client: engine.client, router: 'idle' });
    const events = numbered('idle', 250);
    await emitter.emit(events);
    expect(await logged('idle/')).toEqual([]);
    await engine.startWorkers();
    await until(
      events.map(({ eventId }) => eventId ?? ''),
      'idle/',
    );
  });

  test('lets a router work before the server would end it for its size, and loses nothing', async () => {
    const emitter = createEmitter({ client: engine.client, router: 'heavy' });
    const events = numbered('heavy', 800).map((event) => ({ ...event, error: 'x'.repeat(19_000) }));
    // Long enough that a busy server has answered every call before: then the emitter only waits for a worker.
    const impatient = await emitter.emit(events, { timeout: 15_000 }).catch((error: unknown) => error);
    expect(impatient).toMatchObject({ reason: 'timeout', uncertain: [] });
    const { sent, message } = impatient as EmitFailure;
    expect(message).toContain('that no worker has taken');
    expect(sent.length).toBeGreaterThan(0);
    const held = await engine.client.workflow.getHandle('router/heavy').describe();
    expect(held.historySize).toBeLessThan(16_000_000);
    const emitting = emitter.emit(events, { timeout: 400_000 });
    await engine.startWorkers();
    await emitting;
    await until(
      events.map(({ eventId }) => eventId ?? ''),
      'heavy/',
    );
  }, 600_000);

  test('is told at once of a namespace that does not exist', async () => {
    const elsewhere = new Client({
      connection: engine.client.connection,
      namespace: 'nowhere',
    });
    const emitting = createEmitter({ client: elsewhere, router: 'p' }).emit(days(1));
    await expect(emitting).rejects.toThrow('does not know the namespace "nowhere"');
    await expect(emitting).rejects.toMatchObject({ reason: 'refused', attempts: 1 });
  });
});

/** Signals a router without a worker until the server refuses; answers how many signals it took. */
async function fillRouter(pipeline: string): Promise<number> {
  let taken = 0;
  let refusal: unknown;
  const sender = async (): Promise<void> => {
    while (refusal === undefined) {
      const [filler] = numbered('filler', 100).slice(taken % 100);
      await engine.client.workflow
        .signalWithStart('router', routerStart(pipeline, ROUTING_QUEUE, filler))
        .then(() => (taken += 1))
        .catch((error: unknown) => (refusal = error));
    }
  };
  await Promise.all(Array.from({ length: 40 }, sender));
  expect(refusal).toMatchObject({
    cause: { code: 3, details: 'exceeded workflow execution limit for signal events' },
  });
  return taken;
}

describe(`a router that is full${alone ? '' : ' (skipped: it runs alone, with REEFLINE_TEST_HARD=1)'}`, () => {
  (alone ? test : test.skip)(
    'keeps the rest while the router holds the 10,000 signals that the server allows, and loses none',
    async () => {
      const sent = await fillRouter('full');
      expect(sent).toBe(10_000);
      const emitter = createEmitter({ client: engine.client, router: 'full' });
      const events = numbered('full', 300);
      const impatient = await emitter.emit(events, { timeout: 1_000 }).catch((error: unknown) => error);
      expect(impatient).toBeInstanceOf(EmitFailure);
      expect(impatient).toMatchObject({
        reason: 'timeout',
        sent: [],
        uncertain: [],
        unsent: { length: 300 },
      });
      const emitting = emitter.emit(events, { timeout: 400_000 });
      await engine.startWorkers();
      const emitted = await emitting;
      expect(emitted.signals).toBe(3);
      await until(
        events.map(({ eventId }) => eventId ?? ''),
        'full/',
      );
      await until(
        Array.from({ length: 100 }, (_, at) => `filler/${String(at)}`),
        'filler/',
      );
      expect(await rejected()).toBe(0);
    },
    600_000,
  );
});

describe('the page for services', () => {
  test('has an example in TypeScript that runs as it stands', async () => {
    const file = fileURLToPath(new URL('../../examples/emit/emit-fares.ts', import.meta.url));
    expect(PAGE).toContain('```ts\n' + readFileSync(file, 'utf8') + '```');
    const said = await runOutside(process.execPath, ['--disable-warning=ExperimentalWarning', file]);
    expect(said).toContain("{ events: 2, signals: 1, attempts: 1, router: 'router/orders' }");
    await engine.startWorkers();
    await eventually(async () => {
      expect(await statusOf('20200303000000')).toEqual(['SUCCESS']);
      expect(await statusOf('20200304000000')).toEqual(['FAILURE']);
    });
  });

  test('has a line for the temporal command that runs as it stands', async () => {
    const line = /^```bash\n([^]*?)^```/m.exec(PAGE)?.[1] ?? '';
    await runOutside('bash', ['-c', line]);
    await engine.startWorkers();
    await eventually(async () => {
      expect(await statusOf('20200305000000')).toEqual(['SUCCESS']);
      expect(await statusOf('20200306000000')).toEqual(['FAILURE']);
    });
  });
});

async function statusOf(timelabel: string): Promise<string[]> {
  const found = await engine.db.query<{ status: string }>(
    `select status from reefline.data_event where dataset = $1 and timelabel = $2`,
    [OUTSIDE, timelabel],
  );
  return found.rows.map(({ status }) => status);
}

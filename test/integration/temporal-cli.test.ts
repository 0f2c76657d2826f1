import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@temporalio/client';
import { applyProject } from '../../cli/apply.ts';
import { createEmitter } from '../../client/index.ts';
import { createPayloadCodec } from '../../client/payload-codec.ts';
import { temporalCli } from '../../local/temporal-cli.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { serveCodec } from '../../workers/codec-server/serve.ts';
import { clientEncryption } from '../../workers/payload-encryption.ts';
import { readPayloadKeys } from '../../workers/payload-keys.ts';
import { sharedModules } from '../../workers/run-workers.ts';
import { canariesIn, canary, temporalText } from '../support/canaries.ts';
import { DONE, startEngine, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { fromEnvironment } from '../support/local-cloud.ts';
import { distantMinute, notSoon } from '../support/not-soon.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const executed: string[] = [];
const MINUTE = distantMinute();
const PROJECT = projectOf([
  { name: 'hourly', period: '1h', cron: notSoon(MINUTE) },
  { name: 'loaded', period: '1h', reads: ['hourly'] },
  { name: 'priced', period: '1d', reads: [OUTSIDE] },
]);

/** The label whose stage fails, with a text that nobody may read. */
const REFUSED = '20200306000000';

/** What the page calls its pipeline and stage, and what this suite does. */
const NAMES = [
  ['orders.fetch_orders', 'p.hourly'],
  ['router/orders', 'router/p'],
  ['"pipeline":"orders"', '"pipeline":"p"'],
] as const;

/** The commands of docs/temporal-cli.md, in the order of the page. */
const PAGE = readFileSync(new URL('../../docs/temporal-cli.md', import.meta.url), 'utf8');
const COMMANDS = [...PAGE.matchAll(/^```bash\n([^]*?)^```/gm)].map(([, block = '']) =>
  NAMES.reduce((text, [documented, ours]) => text.replaceAll(documented, ours), block.trim()),
);

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine('cli', (run) => {
    executed.push(`${run.stage.name} ${run.timelabel} r${String(run.revision)}`);
    if (run.timelabel === REFUSED) throw new StageFailure('data_error', `lighthouse: ${canary('failure')}`);
    return DONE;
  });
  await engine.apply(PROJECT);
  await engine.startWorkers();
});

afterAll(async () => {
  await engine.close();
});

/** Runs the one documented command that contains the text, in a shell as a person would. */
async function documented(text: string): Promise<string> {
  const found = COMMANDS.filter((command) => command.includes(text));
  if (found.length !== 1) throw new Error(`The page has ${String(found.length)} commands with ${text}.`);
  return shell(found[0] ?? '');
}

async function shell(command: string): Promise<string> {
  const PATH = `${dirname(temporalCli())}:${process.env['PATH'] ?? ''}`;
  const TEMPORAL_ADDRESS = fromEnvironment('TEMPORAL_ADDRESS');
  const env = { ...process.env, PATH, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE: engine.namespace };
  const { stdout } = await promisify(execFile)('bash', ['-c', command], { env, timeout: 50_000 });
  return stdout;
}

async function ledger(stage: string, timelabel: string): Promise<string[]> {
  const found = await engine.db.query<{ run: string }>(
    `select 'r' || revision || ' ' || status as run from reefline.stage_run where stage = $1 and timelabel like $2 order by timelabel, revision`,
    [`p.${stage}`, timelabel],
  );
  return found.rows.map(({ run }) => run);
}

const LABEL = '20200303110000';

describe('the documented commands', () => {
  test('start a run, whose dependents follow', async () => {
    await documented(`workflow start --type stageRun`);
    await eventually(async () => {
      expect(await ledger('hourly', LABEL)).toEqual(['r1 SUCCESS']);
      expect(await ledger('loaded', LABEL)).toEqual(['r1 SUCCESS']);
    });
  });

  test('ask for a new revision by a name that is served once', async () => {
    await documented('--signal-name rerun');
    await eventually(async () => {
      expect(await ledger('loaded', LABEL)).toEqual(['r1 SUCCESS', 'r2 SUCCESS']);
    });
    await documented('--signal-name rerun');
    await engine.client.workflow.getHandle(`run/p.hourly/${LABEL}`).result();
    expect(await ledger('hourly', LABEL)).toEqual(['r1 SUCCESS', 'r2 SUCCESS']);
  });

  test('send an event of an outside service, twice the same', async () => {
    await documented('--signal-name dataEvent');
    await documented('--signal-name dataEvent');
    await eventually(async () => {
      expect(await ledger('priced', '20200303000000')).toEqual(['r1 SUCCESS']);
    });
    await eventually(async () => {
      expect(await documented('--name status')).toMatch(/"?queued"?:\s*0/);
    });
    const found = await engine.db.query(`select 1 from reefline.data_event where dataset = $1`, [OUTSIDE]);
    expect(found.rows).toHaveLength(1);
  });

  test('let the clock tick for a label that is there, which starts nothing', async () => {
    const before = executed.length;
    await documented('workflow start --type tick');
    const result: unknown = await engine.client.workflow.getHandle('tick/by-hand/p.hourly').result();
    expect(result).toEqual({ stage: 'p.hourly', timelabel: LABEL });
    await engine.client.workflow.getHandle(`run/p.hourly/${LABEL}`).result();
    expect(executed).toHaveLength(before);
  });

  test('backfill six hours; repeated, that starts nothing twice', async () => {
    await documented('schedule toggle');
    await documented('schedule backfill');
    // The first tick of a day stands for the hour before midnight.
    const ticks = ['00', '01', '02', '03', '04', '05'];
    const labels = ['20200303230000', ...ticks.slice(0, 5).map((hour) => `20200304${hour}0000`)];
    await eventually(async () => {
      for (const label of labels) expect(await ledger('loaded', label)).toEqual(['r1 SUCCESS']);
    });
    const before = executed.length;
    const minute = String(MINUTE).padStart(2, '0');
    const ids = ticks.map((hour) => `tick/p.hourly-2020-03-04T${hour}:${minute}:00Z`);
    const runs = async (): Promise<string[]> =>
      Promise.all(ids.map(async (id) => (await engine.client.workflow.getHandle(id).describe()).runId));
    const first = await runs();
    await documented('schedule backfill');
    await eventually(async () => {
      const second = await runs();
      for (const [at, run] of second.entries()) expect(run).not.toBe(first[at]);
    });
    for (const id of ids) await engine.client.workflow.getHandle(id).result();
    for (const label of labels) await engine.client.workflow.getHandle(`run/p.hourly/${label}`).result();
    expect(executed).toHaveLength(before);
    expect(await ledger('hourly', '20200304%')).toEqual(Array(5).fill('r1 SUCCESS'));
    const { state } = await engine.client.schedule.getHandle('tick/p.hourly').describe();
    expect(state).toMatchObject({ paused: true, note: 'the source is being moved' });
    await engine.apply(PROJECT);
    expect((await engine.client.schedule.getHandle('tick/p.hourly').describe()).state.paused).toBe(true);
  });

  test('list runs under ids that a person can read, and describe one', async () => {
    await eventually(async () => {
      const listed = await documented('workflow list');
      expect(listed).toContain(`run/p.hourly/${LABEL}`);
      expect(listed).toContain('run/p.hourly/20200304000000');
    });
    expect(await documented('workflow describe')).toMatch(/stageRun/);
  });

  test('are all covered here', () => {
    expect(COMMANDS).toHaveLength(9);
  });
});

describe('a command that is wrong', () => {
  test('a run under another workflow id fails and names the right one', async () => {
    const start = COMMANDS.find((command) => command.includes('workflow start --type stageRun')) ?? '';
    await shell(start.replace(`run/p.hourly/${LABEL}`, 'my-run'));
    const failed = engine.client.workflow.getHandle('my-run').result();
    await expect(failed).rejects.toMatchObject({
      cause: { message: expect.stringContaining(`workflow id "run/p.hourly/${LABEL}"`) },
    });
  });

  test.each([
    ['p.nothing', LABEL, 'There is no stage "p.nothing". Known are p.hourly'],
    ['p.hourly', '20200303113000', 'is not the start of an interval of p.hourly, whose labels cover 1h each'],
    ['p.hourly', 'yesterday', 'YYYYMMDDHHmm00'],
  ])('a run of %s for %s fails with the reason', async (stage, timelabel, reason) => {
    const id = `run/${stage}/${timelabel}`;
    const input = JSON.stringify({ stage, timelabel });
    await shell(
      `temporal workflow start --type stageRun --task-queue reefline --workflow-id ${id} --input '${input}'`,
    );
    await expect(engine.client.workflow.getHandle(id).result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining(reason) },
    });
  });
});

describe('the call stack of a workflow', () => {
  test('is answered without frames, which a worker keeps only where it is asked to', async () => {
    expect(await engine.client.workflow.getHandle('router/p').query('__stack_trace')).not.toMatch(/\bat\b/);
    const modules = (stacks: boolean): boolean =>
      sharedModules('workflows.ts', stacks).some((module) => module.endsWith('no-stacks.ts'));
    expect([modules(false), modules(true)]).toEqual([true, false]);
  });
});

describe('with payloads encrypted, from one day on', () => {
  const KEYS = {
    KEY: Buffer.alloc(32, 'k').toString('base64'),
    REEFLINE_PAYLOAD_KEYS: 'may=${env:KEY}',
    REEFLINE_PAYLOAD_KEY: 'may',
  };
  const FARES = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'fares' } as const;
  let client: Client;

  beforeAll(async () => {
    const { connection } = engine.client;
    client = new Client({ connection, namespace: engine.namespace, ...clientEncryption(KEYS) });
    await engine.stopWorkers();
    await applyProject(engine.db, client, PROJECT, 'tester');
    await engine.startWorkers(KEYS);
  });

  test('the router of before takes what is encrypted, what the CLI sends in clear, and refuses what no key opens', async () => {
    const emitter = createEmitter({ client, router: 'p' });
    const uri = `s3://lighthouse/${canary('event')}`;
    await emitter.emit({ ...FARES, timelabel: '20200305000000', status: 'SUCCESS', uri });
    await emitter.emit({ ...FARES, timelabel: REFUSED, status: 'SUCCESS' });
    const clear = JSON.stringify({ ...FARES, timelabel: '20200307000000', status: 'SUCCESS' });
    const signal = `temporal workflow signal --workflow-id router/p --name dataEvent`;
    await shell(`${signal} --input '${clear}'`);
    const meta = `--input-meta encoding=binary/encrypted --input-meta encryption-key-id=may`;
    await shell(`${signal} --input-base64 --input c2VhIG1pc3Q= ${meta}`);
    await eventually(async () => {
      expect(await ledger('priced', '20200305000000')).toEqual(['r1 SUCCESS']);
      expect(await ledger('priced', REFUSED)).toEqual(['r1 FAILURE']);
      expect(await ledger('priced', '20200307000000')).toEqual(['r1 SUCCESS']);
      const { rows } = await engine.db.query<{ reason: string }>(
        `select reason from reefline.rejected_event where reason like '%encrypted%'`,
      );
      expect(rows).toEqual([{ reason: expect.stringContaining('"may"') }]);
    });
    const failed = client.workflow.getHandle(`run/p.priced/${REFUSED}`).result();
    await expect(failed).rejects.toMatchObject({
      cause: { cause: { message: expect.stringContaining(canary('failure')) } },
    });
    // That nothing waits, nor is tried again: a query needs a task that succeeds.
    await eventually(async () => {
      const status = await client.workflow.getHandle('router/p').query('status');
      expect(status).toMatchObject({ queued: 0 });
    });
  });

  test('nothing of events and failures can be read in Temporal, and all of it through a codec server', async () => {
    const raw = await temporalText(engine.client);
    expect(raw).toContain('Encoded failure');
    expect(raw).toContain('run/p.priced/20200305000000');
    expect(canariesIn(raw)).toEqual([]);
    const { schedule } = await engine.client.workflowService.describeSchedule({
      ...{ namespace: engine.namespace, scheduleId: 'tick/p.hourly' },
    });
    const [input] = schedule?.action?.startWorkflow?.input?.payloads ?? [];
    expect(Buffer.from(input?.metadata?.['encoding'] ?? []).toString()).toBe('binary/encrypted');

    const keys = readPayloadKeys(KEYS);
    if (keys === undefined) throw new Error('The keys are lost.');
    const token = 'a-token-of-the-lighthouse';
    const server = await serveCodec({
      ...{ address: { host: '127.0.0.1', port: 0 }, origins: [], token },
      codec: createPayloadCodec(keys),
      say: () => undefined,
    });
    try {
      const codec = `--codec-endpoint ${server.url} --codec-auth 'Bearer ${token}' --output json`;
      const shown = `temporal workflow show --workflow-id`;
      // The CLI writes payloads in base64, in which canaries are found as well.
      for (const id of ['router/p', `run/p.priced/${REFUSED}`])
        expect(canariesIn(await shell(`${shown} ${id} ${codec}`))).not.toEqual([]);
    } finally {
      await server.close();
    }
  });
});

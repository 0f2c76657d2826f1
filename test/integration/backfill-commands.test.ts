import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { temporalCli } from '../../local/temporal-cli.ts';
import { runReefline, type CliOutcome } from '../support/cli-terminal.ts';
import { DONE, startEngine, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { fromEnvironment } from '../support/local-cloud.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';
import { notSoon } from '../support/not-soon.ts';

const PROJECT = projectOf([
  { name: 'hourly', period: '1h', cron: notSoon(), maxAttempts: 1 },
  { name: 'loaded', period: '1h', reads: ['hourly'] },
  { name: 'priced', period: '1d', reads: [OUTSIDE] },
]);

/** The commands of docs/backfill.md for the `temporal` program, in the order of the page. */
const PAGE = readFileSync(new URL('../../docs/backfill.md', import.meta.url), 'utf8');
const COMMANDS = [...PAGE.matchAll(/^```bash\n([^]*?)^```/gm)].map(([, block = '']) =>
  block.trim().replaceAll('orders.fetch_orders', 'p.hourly'),
);

const failing = new Set<string>();
let executed = 0;
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine('backfill-cli', (run) => {
    executed += 1;
    if (failing.has(run.timelabel)) throw new Error('the test makes this run fail');
    return DONE;
  });
  await engine.apply(PROJECT);
  await engine.client.schedule.getHandle('tick/p.hourly').pause();
});

afterAll(async () => {
  await engine.close();
});

function environment(): NodeJS.ProcessEnv {
  return {
    REEFLINE_CATALOG_URL: engine.db.options.connectionString,
    TEMPORAL_ADDRESS: fromEnvironment('TEMPORAL_ADDRESS'),
    TEMPORAL_NAMESPACE: engine.namespace,
  };
}

/** The Temporal client reads the environment of the process. */
async function reefline(...argv: string[]): Promise<CliOutcome> {
  const env = environment();
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    return await runReefline(argv, { env });
  } finally {
    process.env = before;
  }
}

async function temporal(command: string): Promise<string> {
  const PATH = `${dirname(temporalCli())}:${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, ...environment(), PATH };
  const { stdout } = await promisify(execFile)('bash', ['-c', command], { env, timeout: 50_000 });
  return stdout;
}

const DAY = ['--from', '2020-03-01', '--to', '2020-03-02'];

describe('reefline backfill create', () => {
  test('--dry-run shows what it would do, and starts nothing', async () => {
    const { exitCode, stdout } = await reefline('backfill', 'create', 'p', ...DAY, '--dry-run');
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('48 labels to run, 1 that will wait.'),
    });
    expect(stdout).toMatch(/p\.hourly +24 +0 +0 +0 +0 +0 +2020-03-01 00:00 … 2020-03-01 23:00/);
    expect(stdout).toMatch(/p\.priced +0 +0 +0 +1 +0 +0 +2020-03-01 00:00/);
    expect(stdout).toContain(
      `p.priced: 1 label will wait for inputs that are missing and that this backfill does not make, such as 20200301000000 for ${OUTSIDE} 20200301000000`,
    );
    const json = await reefline('backfill', 'create', 'p', ...DAY, '--dry-run', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      toRun: 48,
      incomplete: 1,
      held: [],
      stages: { length: 3 },
    });
    expect((await engine.db.query('select 1 from reefline.backfill')).rows).toEqual([]);
    expect((await engine.client.workflow.count(`WorkflowType = 'backfill'`)).count).toBe(0);
  });

  test.each([
    [['p.hurly', ...DAY], 'There is no pipeline and no stage "p.hurly". Known are p.hourly'],
    [['p.hourly', '--from', '2020-03-02', '--to', '2020-03-01'], 'must be after "from"'],
    [['p.hourly', ...DAY, '--only', '--downstream'], 'exclude each other'],
    [['p', ...DAY, '--only'], '"only" is for one stage'],
    [
      ['p.hourly', ...DAY, '--max-concurrent', 'many'],
      '"maxConcurrent" must be a whole number from 1 to 500',
    ],
    [['p.hourly', ...DAY, '--id', 'a b'], '"a b" is no name of a backfill'],
  ])('%j ends with 2 and the sentence', async (argv, sentence) => {
    const { exitCode, stderr } = await reefline('backfill', 'create', ...argv);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(sentence) });
  });

  test('without a worker loses nothing: it begins when one runs', async () => {
    failing.add('20200301070000');
    const created = reefline(
      'backfill',
      'create',
      'p.hourly',
      ...DAY,
      '--id',
      'day',
      '--downstream',
      '--yes',
    );
    expect(await created).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('no worker has taken it up'),
    });
    await engine.startWorkers();
    await eventually(async () => {
      expect((await reefline('backfill', 'show', 'day')).exitCode).toBe(0);
    });
    const watched = await reefline('backfill', 'show', 'day', '--watch');
    expect(watched).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('p.hourly 20200301070000: failed'),
    });
    expect(watched.stdout).toContain('46 success, 1 failure, 1 blocked');
    expect(watched.stdout).toContain('reefline backfill retry day');
  });

  test('of a range that is there says that there is nothing to do', async () => {
    const morning = ['--from', '2020-03-01', '--to', '2020-03-01T06:00'];
    const { exitCode, stdout } = await reefline('backfill', 'create', 'p.hourly', ...morning, '--yes');
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('nothing to do'),
    });
  });

  test('refuses a name that is taken', async () => {
    const { exitCode, stderr } = await reefline('backfill', 'create', 'p.hourly', ...DAY, '--id', 'day');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining('backfill "day" already'),
    });
  });
});

describe('the orders', () => {
  test('retry runs what failed, show and list tell how it came out, and then there is nothing to order', async () => {
    failing.clear();
    const before = executed;
    expect(await reefline('backfill', 'retry', 'backfill/day')).toMatchObject({ exitCode: 0 });
    await eventually(async () => {
      const { stdout } = await reefline('backfill', 'show', 'day', '--json');
      expect(JSON.parse(stdout)).toMatchObject({
        status: 'completed',
        progress: { counts: { success: 48 } },
      });
    });
    expect(executed).toBe(before + 2);
    expect((await reefline('backfill', 'list')).stdout).toMatch(/^day +completed +48 +48 .* by tester/m);
    for (const order of ['pause', 'resume', 'cancel', 'retry'])
      expect(await reefline('backfill', order, 'day')).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await reefline('backfill', 'pause', 'no-such')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('There is no backfill "no-such"'),
    });
  });

  test('reach a backfill whose workflow was terminated, which goes on from the catalog', async () => {
    await engine.stopWorkers();
    await engine.client.workflow.start('backfill', {
      workflowId: 'backfill/lost',
      taskQueue: 'reefline',
      args: [{ target: 'p.hourly', from: '2020-03-03', to: '2020-03-04', maxConcurrent: 1 }],
    });
    await engine.startWorkers();
    await eventually(async () => {
      expect((await reefline('backfill', 'show', 'lost')).exitCode).toBe(0);
    });
    await engine.client.workflow.getHandle('backfill/lost').terminate();
    expect(await reefline('backfill', 'resume', 'lost')).toMatchObject({ exitCode: 0 });
    expect(await reefline('backfill', 'show', 'lost', '--watch')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('24 of 24 labels: 24 success'),
    });
  });
});

describe('the documented temporal commands', () => {
  test('start, pause, show and resume a backfill', async () => {
    const [start = '', pause = '', query = '', resume = ''] = COMMANDS;
    expect(COMMANDS).toHaveLength(4);
    await temporal(start.replaceAll('2020-03-0', '2020-04-0'));
    await temporal(pause);
    await eventually(async () => {
      expect(await temporal(query)).toMatch(/"?status"?:\s*"?paused/);
    });
    await temporal(resume);
    expect(await reefline('backfill', 'show', 'march', '--watch')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('48 of 48 labels: 48 success'),
    });
  });

  test('under the same id with other fields are refused, and with the same go on with what was planned', async () => {
    const [start = ''] = COMMANDS;
    const again = engine.client.workflow.getHandle('backfill/march');
    await temporal(start.replaceAll('2020-03-0', '2020-04-0'));
    expect(await again.result()).toMatchObject({ status: 'completed' });
    await temporal(start);
    await expect(again.result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('There is a backfill "march" already') },
    });
  });
});

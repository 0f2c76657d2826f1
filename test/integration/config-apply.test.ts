import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Client } from '@temporalio/client';
import { applyProject } from '../../cli/apply.ts';
import { createContext } from '../../cli/context.ts';
import { putInForce } from '../../cli/put-in-force.ts';
import type { Terminal } from '../../cli/terminal.ts';
import type { Project } from '../../pipeline/project.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { runReefline, type CliOutcome } from '../support/cli-terminal.ts';
import { startEngine, DONE, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { SHOP_PROJECT, withProject } from '../support/project-files.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';

const PROJECT = projectOf([
  { name: 'hours', period: '1h', cron: '10 * * * *' },
  { name: 'days', period: '1d', reads: ['hours', OUTSIDE] },
  { name: 'news', period: '1d', reads: ['days'] },
  { name: 'prices', period: '1d', reads: ['hours', OUTSIDE] },
]);

function fares(timelabel: string): object {
  return {
    event_type: 'data',
    type: 'redshift',
    schema: 'partners',
    table: 'fares',
    timelabel,
    status: 'SUCCESS',
  };
}

/** The project in which the named stages read nothing but the outside dataset. */
function readingFaresOnly(names: readonly string[], project: Project = PROJECT): Project {
  const change = (stage: StageDefinition): StageDefinition =>
    names.includes(stage.name)
      ? { ...stage, inputs: stage.inputs.filter(({ dataset }) => dataset === OUTSIDE) }
      : stage;
  return { ...project, stages: project.stages.map(change) };
}

describe('a config version that changes what labels wait for', () => {
  let scenario: Scenario;

  beforeEach(async () => {
    scenario = await openScenario('apply', PROJECT);
  });

  afterEach(async () => {
    await scenario.close();
  });

  const waits = async (name: string, label: string): Promise<void> =>
    eventually(async () => expect(await scenario.ledger(name, label)).toEqual(['r1 WAITING']));

  test('starts a waiting label at once that is complete under it, once, and the next one follows', async () => {
    const label = '20010105000000';
    await scenario.signal(fares(label));
    await waits('days', label);
    await scenario.engine.apply(readingFaresOnly(['days']));
    await eventually(async () => expect(await scenario.ledger('days', label)).toEqual(['r1 SUCCESS']));
    await eventually(async () => expect(await scenario.ledger('news', label)).toEqual(['r1 SUCCESS']));
    expect(scenario.executed.filter((line) => line.startsWith('days'))).toEqual([`days ${label} r1`]);
    // What it does not concern still waits.
    expect(await scenario.ledger('prices', label)).toEqual(['r1 WAITING']);
  });

  test('leaves a label with its definition that is to keep it, and takes the new one for later labels', async () => {
    const [old, fresh] = ['20010105000000', '20010106000000'];
    await scenario.signal(fares(old));
    await waits('prices', old);
    const { engine } = scenario;
    await applyProject(engine.db, engine.client, readingFaresOnly(['prices']), 'ada', { waiting: 'keep' });
    await scenario.signal(fares(fresh));
    await eventually(async () => expect(await scenario.ledger('prices', fresh)).toEqual(['r1 SUCCESS']));
    expect(await scenario.ledger('prices', old)).toEqual(['r1 WAITING']);
    for (let hour = 0; hour < 24; hour += 1)
      await scenario.run('hours', `20010105${String(hour).padStart(2, '0')}0000`);
    await eventually(async () => expect(await scenario.ledger('prices', old)).toEqual(['r1 SUCCESS']));
    expect(scenario.executed.filter((line) => line.startsWith(`prices ${old}`))).toHaveLength(1);
  });

  test('ends the workflow of a label whose stage it lacks, and the label can wait again when the stage is back', async () => {
    const label = '20010105000000';
    await scenario.signal(fares(label));
    await waits('prices', label);
    // The ledger has the label before its workflow starts, and a label that is closed by then is not started at all.
    const workflow = scenario.client.workflow.getHandle(`run/p.prices/${label}`);
    await eventually(async () => expect((await workflow.describe()).status.name).toBe('RUNNING'));
    const stages = PROJECT.stages.filter(({ name }) => name !== 'prices');
    await scenario.engine.apply({ ...PROJECT, stages });
    expect(await workflow.result()).toMatchObject({ status: 'nothing-new' });
    expect(await scenario.ledger('prices', label)).toEqual(['r1 CLOSED']);

    await scenario.engine.apply(PROJECT);
    for (let hour = 0; hour < 24; hour += 1)
      await scenario.run('hours', `20010105${String(hour).padStart(2, '0')}0000`);
    await eventually(async () =>
      expect(await scenario.ledger('prices', label)).toEqual(['r1 CLOSED', 'r2 SUCCESS']),
    );
  });
});

/** The client with updates of schedules of our own. */
function withHandles(client: Client, update: (id: string) => (change: never) => Promise<void>): Client {
  const schedule = Object.create(client.schedule) as Client['schedule'];
  schedule.getHandle = (id) => ({ ...client.schedule.getHandle(id), update: update(id) });
  const changed = Object.create(client) as Client;
  Object.defineProperty(changed, 'schedule', { value: schedule });
  return changed;
}

describe('applying', () => {
  let engine: Engine;

  beforeEach(async () => {
    engine = await startEngine('applying', () => DONE);
  });

  afterEach(async () => {
    await engine.close();
  });

  const schedules = async (): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { scheduleId } of engine.client.schedule.list()) ids.push(scheduleId);
    return ids.filter((id) => id.startsWith('tick/')).sort();
  };

  test('goes on after a crash between the version and its schedules when it is repeated', async () => {
    const broken = withHandles(engine.client, () => () => {
      throw new Error('the process dies here');
    });
    await expect(applyProject(engine.db, broken, PROJECT, 'ada')).rejects.toThrow('the process dies here');
    expect(await schedules()).toEqual([]);
    const applied = await applyProject(engine.db, engine.client, PROJECT, 'ada');
    expect(applied).toMatchObject({ version: 1, changed: false, schedules: { created: ['tick/p.hours'] } });
    await eventually(async () => expect(await schedules()).toEqual(['tick/p.hours']));
  });

  test('leaves the schedules of the newest version when an older apply ends last', async () => {
    const other = projectOf([{ name: 'hours', period: '1h', cron: '20 * * * *' }]);
    let overtaken = false;
    // The older apply has read its version and is overtaken before it touches a schedule.
    const late = withHandles(engine.client, (id) => async (change) => {
      if (!overtaken) {
        overtaken = true;
        await applyProject(engine.db, engine.client, other, 'bob');
      }
      await engine.client.schedule.getHandle(id).update(change);
    });
    await applyProject(engine.db, late, PROJECT, 'ada');
    const { spec } = await engine.client.schedule.getHandle('tick/p.hours').describe();
    expect(JSON.stringify(spec)).toContain('"start":20');
    expect(JSON.stringify(spec)).not.toContain('"start":10');
  });
});

function terminalOf(engine: Engine, answers: boolean): Terminal {
  const nowhere = { write: () => undefined };
  return {
    stdout: nowhere,
    stderr: nowhere,
    answers,
    env: { REEFLINE_CATALOG_URL: engine.db.options.connectionString },
    actor: 'tester',
    now: Date.now,
    interruption: () => new AbortController().signal,
  };
}

describe('on the command line', () => {
  let engine: Engine;
  const namespace = process.env['TEMPORAL_NAMESPACE'];

  beforeAll(async () => {
    engine = await startEngine('commands', () => DONE);
    process.env['TEMPORAL_NAMESPACE'] = engine.namespace;
  });

  afterAll(async () => {
    if (namespace === undefined) delete process.env['TEMPORAL_NAMESPACE'];
    else process.env['TEMPORAL_NAMESPACE'] = namespace;
    await engine.close();
  });

  const reefline = (...argv: string[]): Promise<CliOutcome> =>
    runReefline(argv, { env: { REEFLINE_CATALOG_URL: engine.db.options.connectionString } });

  test('a plan is applied once, refused when stale or for other files, and taken back by a rollback', async () => {
    await withProject(SHOP_PROJECT, async (dir) => {
      const planFile = join(dir, 'plan.json');
      const pipeline = join(dir, 'pipelines/orders.yaml');
      const original = await readFile(pipeline, 'utf8');

      const first = await reefline('plan', dir, '--out', planFile);
      expect(first).toMatchObject({ exitCode: 0 });
      expect(first.stdout).toContain('Changes against the empty config store:\n\n+ pipeline orders\n');
      expect(first.stdout).toContain('  create the schedule tick/orders.fetch_orders\n');
      expect(first.stdout).toContain('add the search attribute Timelabel');
      expect((await reefline('diff', dir, '--exit-code')).exitCode).toBe(1);
      const applied = await reefline('apply', dir, '--plan', planFile, '--note', 'the first');
      expect(applied).toMatchObject({ exitCode: 0 });
      expect(applied.stdout).toContain('Config version 1 is in force: 5 stages in 1 pipeline.\n');
      // Again: it is in force already, and a crash may have come before the schedules.
      expect((await reefline('apply', dir, '--plan', planFile)).stdout).toContain('nothing changed');
      expect(await reefline('plan', dir)).toMatchObject({
        exitCode: 0,
        stdout: 'No changes: the project says what config version 1 says.\n',
      });
      expect(await reefline('diff', dir, '--exit-code')).toEqual({
        exitCode: 0,
        stdout: 'No changes.\n',
        stderr: '',
      });

      await writeFile(
        pipeline,
        original.replace('mode: merge', 'mode: append').replace(', key: [id] }', ' }'),
      );
      const other = await reefline('apply', dir, '--plan', planFile);
      expect(other.exitCode).toBe(1);
      expect(other.stderr).toContain('is not the one that was planned. Nothing was applied.');

      await reefline('plan', dir, '--out', planFile);
      await writeFile(pipeline, original.replace('10 * * * *', '20 * * * *'));
      expect((await reefline('apply', dir, '--expect-version', '1')).exitCode).toBe(0);
      expect((await reefline('apply', dir, '--expect-version', '0')).stdout).toContain('nothing changed');
      await writeFile(
        pipeline,
        original.replace('mode: merge', 'mode: append').replace(', key: [id] }', ' }'),
      );
      const stale = await reefline('apply', dir, '--plan', planFile);
      expect(stale.exitCode).toBe(1);
      expect(stale.stderr).toMatch(/Config version 2, applied by tester at .* planned against version 1\./);
      expect((await reefline('apply', dir, '--expect-version', '1')).exitCode).toBe(1);

      const back = await reefline('config', 'rollback', '1', '--note', 'too early');
      expect(back.exitCode).toBe(0);
      expect(back.stdout).toContain(
        '    schedule: 20 * * * * (every hour at minute 20) -> 10 * * * * (every hour at minute 10)\n',
      );
      expect(back.stdout).toContain('  update the schedule tick/orders.fetch_orders\n');
      expect(back.stdout).toContain('Config version 3 is in force');

      const history = await reefline('config', 'history');
      const lines = history.stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' ').trim());
      expect(lines[1]).toMatch(/^3 .* tester .* \+0 ~1 -0 in force; back to version 1; too early$/);
      expect(lines[3]).toMatch(/^1 .* the first$/);
      // The files of version 1 are in force again, also by their checksum.
      await writeFile(pipeline, original);
      expect(JSON.parse((await reefline('plan', dir, '--json')).stdout)).toMatchObject({ changed: false });
      const checksums = JSON.parse((await reefline('config', 'history', '--json')).stdout) as {
        checksum: string;
      }[];
      expect(checksums[0]?.checksum).toBe(checksums[2]?.checksum);
    });
  });

  test('versions are shown and compared, and one that is not there is named with the newest', async () => {
    expect((await reefline('config', 'diff', '1', '2')).stdout).toContain('~ stage orders.fetch_orders\n');
    expect((await reefline('config', 'diff', '1')).stdout).toBe(
      'No changes between config version 1 and 3.\n',
    );
    const shown = await reefline('config', 'show', '2');
    expect(shown.stdout).toMatch(
      /^Config version 2, applied .* by tester, checksum [0-9a-f]{12}\n\norders\n/,
    );
    expect(JSON.parse((await reefline('config', 'show', '--json')).stdout)).toMatchObject({
      pipelines: ['orders'],
    });
    const unknown = await reefline('config', 'show', '9');
    expect(unknown).toMatchObject({ exitCode: 2, stdout: '' });
    expect(unknown.stderr).toContain('There is no config version 9; the newest is 3.');
  });

  test('a person is asked before a stage goes, nobody for less, and a script never', async () => {
    const stages = PROJECT.stages.filter(({ name }) => name !== 'news');
    const questions: string[] = [];
    const apply = async (
      project: Project,
      answers: boolean,
      yes: boolean,
      agreed: boolean,
    ): Promise<number> => {
      const { context, exitCode, close } = createContext(terminalOf(engine, answers), []);
      await putInForce(context, { project, options: {}, plan: 'when asked', yes }, async (question) => {
        questions.push(question);
        return agreed;
      });
      await close();
      return exitCode();
    };
    const versions = async (): Promise<unknown[]> =>
      (await engine.db.query<{ version: number }>('select version from reefline.config_version')).rows;

    expect(await apply(PROJECT, false, false, false)).toBe(0);
    const before = await versions();
    expect(await apply({ ...PROJECT, stages }, true, false, false)).toBe(1);
    expect(questions).toHaveLength(1);
    expect(await versions()).toEqual(before);
    expect(await apply({ ...PROJECT, stages }, true, false, true)).toBe(0);
    expect(questions).toHaveLength(2);
    // Nothing ends for good when a stage comes, and "--yes" has answered already.
    expect(await apply(PROJECT, true, false, false)).toBe(0);
    expect(await apply({ ...PROJECT, stages }, true, true, false)).toBe(0);
    expect(questions).toHaveLength(2);
    expect(await versions()).toHaveLength(before.length + 3);
  });

  test('a plan works without Temporal and says so', async () => {
    const address = process.env['TEMPORAL_ADDRESS'];
    process.env['TEMPORAL_ADDRESS'] = '127.0.0.1:1';
    try {
      await withProject(SHOP_PROJECT, async (dir) => {
        const { exitCode, stdout } = await reefline('plan', dir);
        expect(exitCode).toBe(0);
        expect(stdout).toContain('Temporal was not reachable, so this is what the definitions say');
      });
    } finally {
      process.env['TEMPORAL_ADDRESS'] = address;
    }
  });

  test('what is no plan and what has problems is refused before anything is asked', async () => {
    await withProject(SHOP_PROJECT, async (dir) => {
      const noPlan = await reefline('apply', dir, '--plan', join(dir, 'reefline.yaml'));
      expect(noPlan).toMatchObject({ exitCode: 2 });
      expect(noPlan.stderr).toContain('is no plan. Make one with "reefline plan --out');
    });
    await withProject(
      { ...SHOP_PROJECT, 'pipelines/orders.yaml': 'pipeline: orders\nstages: 7\n' },
      async (dir) => {
        for (const command of ['plan', 'diff', 'apply'])
          expect(await runReefline([command, dir])).toMatchObject({ exitCode: 2, stdout: '' });
      },
    );
  });
});

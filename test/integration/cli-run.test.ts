import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { StageFailure } from '../../pipeline/failure.ts';
import { type CliOutcome, runReefline } from '../support/cli-terminal.ts';
import { DONE, type Engine, startEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { projectOf } from '../support/project.ts';
import { notSoon } from '../support/not-soon.ts';

const LABEL = '20200303110000';
const PROJECT = projectOf([
  { name: 'hourly', period: '1h', cron: notSoon() },
  { name: 'loaded', period: '1h', reads: ['hourly'] },
  { name: 'broken', period: '1h', cron: '20 * * * *', maxAttempts: 1 },
]);

let engine: Engine;
const namespaceBefore = process.env['TEMPORAL_NAMESPACE'];

beforeAll(async () => {
  engine = await startEngine('clirun', ({ stage }) => {
    if (stage.name === 'broken') throw new StageFailure('unauthorized', 'permission denied for table orders');
    return { ...DONE, rows: 1234 };
  });
  await engine.apply(PROJECT);
  await engine.startWorkers();
  // The client reads the standard variables of Temporal itself.
  process.env['TEMPORAL_NAMESPACE'] = engine.namespace;
});

afterAll(async () => {
  if (namespaceBefore === undefined) delete process.env['TEMPORAL_NAMESPACE'];
  else process.env['TEMPORAL_NAMESPACE'] = namespaceBefore;
  await engine.close();
});

async function reefline(...argv: string[]): Promise<CliOutcome> {
  return runReefline(argv, { env: { REEFLINE_CATALOG_URL: engine.db.options.connectionString ?? '' } });
}

async function ledger(stage: string): Promise<string[]> {
  const found = await engine.db.query<{ run: string }>(
    `select 'r' || revision || ' ' || status as run from reefline.stage_run where stage = $1 order by revision`,
    [`p.${stage}`],
  );
  return found.rows.map(({ run }) => run);
}

describe('reefline run', () => {
  test('asks for a label and names the next commands', async () => {
    const { exitCode, stdout } = await reefline('run', 'p.hourly', LABEL);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Asked for run/p.hourly/${LABEL}`);
    expect(stdout).toContain(`reefline runs show p.hourly ${LABEL}\n`);
    await eventually(async () => expect(await ledger('loaded')).toEqual(['r1 SUCCESS']));
  });

  test('leaves a label alone that is there with the same inputs', async () => {
    const { exitCode, stdout } = await reefline('run', 'p.hourly', LABEL, '--wait');
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `p.hourly ${LABEL} revision 1 is left as it is: same inputs.\n`,
    });
  });

  test('makes a new revision with --only, and nothing below it', async () => {
    const { exitCode, stdout } = await reefline('run', 'p.hourly', LABEL, '--rerun', '--only', '--wait');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^p.hourly 20200303110000 revision 2 succeeded after .*, 1,234 rows\.\n$/);
    await eventually(async () => {
      const { stdout: found } = await reefline('events', 'show', `p.hourly/${LABEL}/r2`, '--json');
      expect(JSON.parse(found)).toMatchObject({ outcome: 'SUCCESS', propagates: false, runs: [] });
    });
    expect(await ledger('loaded')).toEqual(['r1 SUCCESS']);
  });

  test('makes everything below again with --downstream, and keeps who asked and why', async () => {
    const asked = await reefline(
      'run',
      'p.hourly',
      LABEL,
      '--downstream',
      '--reason',
      'late rows',
      '--wait',
      '--json',
    );
    expect(JSON.parse(asked.stdout)).toMatchObject({
      ok: true,
      reason: 'late rows',
      result: { revision: 3 },
    });
    await eventually(async () => expect(await ledger('loaded')).toEqual(['r1 SUCCESS', 'r2 SUCCESS']));
    const { stdout } = await reefline('runs', 'show', 'p.hourly', LABEL, '--json');
    const { notes } = JSON.parse(stdout) as { notes: { revision: number; actor: string; reason: string }[] };
    expect(notes.filter(({ revision }) => revision === 3)).toMatchObject([
      { actor: 'tester', reason: expect.stringContaining('late rows') },
    ]);
  });

  test('ends with 1 when the run fails, with the error and its cure', async () => {
    const { exitCode, stdout } = await reefline('run', 'p.broken', LABEL, '--wait');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('revision 1 failed: unauthorized: permission denied for table orders\n');
    expect(stdout).toContain(`then run it again: reefline run p.broken ${LABEL}\n`);
  });

  test.each([
    ['both ways at once', ['run', 'p.hourly', LABEL, '--only', '--downstream'], /Choose one/],
    ['a stage that is not there', ['run', 'p.hourli', LABEL], /did you mean p.hourly/],
    ['a label between two intervals', ['run', 'p.hourly', '20200303111000'], /interval of 20200303110000/],
  ])('refuses %s with 2', async (_what, argv, message) => {
    const { exitCode, stderr } = await reefline(...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });
});

import { describe, expect, test } from '@jest/globals';
import type { AddCommand } from '../../cli/command-group.ts';
import { InvalidInput } from '../../cli/invalid-input.ts';
import { runReefline } from '../support/cli-terminal.ts';
import { SHOP_PROJECT, withProject } from '../support/project-files.ts';

const greet: AddCommand = (program, context) => {
  program
    .command('greet')
    .argument('<name>')
    .action((name: string) => {
      context.say('looking around');
      if (name === 'nobody') throw new InvalidInput('There is nobody. Name somebody.', { known: ['ada'] });
      if (name === 'outage') throw new Error('', { cause: new AggregateError([new Error('refused')]) });
      if (name === 'ghost') context.exitWith(1);
      context.show({ name }, () => context.paint('green', `hello ${name}`));
    });
};
const commands = [greet];

describe('every command', () => {
  test('prints its result on stdout, its progress on stderr, and ends with 0', async () => {
    expect(await runReefline(['greet', 'ada'], { commands })).toEqual({
      exitCode: 0,
      stdout: 'hello ada\n',
      stderr: 'looking around\n',
    });
  });

  test('prints one JSON value and nothing else with --json, also when it did not declare the option', async () => {
    const { stdout, stderr } = await runReefline(['greet', 'ada', '--json'], { commands, columns: 80 });
    expect(JSON.parse(stdout)).toEqual({ name: 'ada' });
    expect(stderr).toBe('');
  });

  test('colours on a terminal, and never for NO_COLOR, a pipe or --json', async () => {
    const coloured = '\u001b[32mhello ada\u001b[39m\n';
    expect((await runReefline(['greet', 'ada'], { commands, columns: 80 })).stdout).toBe(coloured);
    const plain = await runReefline(['greet', 'ada'], { commands, columns: 80, env: { NO_COLOR: '1' } });
    expect(plain.stdout).toBe('hello ada\n');
    expect((await runReefline(['greet', 'ada'], { commands })).stdout).toBe('hello ada\n');
  });

  test.each([
    ['an unknown command', ['gret']],
    ['a missing argument', ['greet']],
    ['an unknown option', ['greet', 'ada', '--loudly']],
    ['invalid input', ['greet', 'nobody']],
    ['no command at all', []],
  ])('ends with 2 for %s and says so on stderr', async (_what, argv) => {
    const { exitCode, stdout, stderr } = await runReefline(argv, { commands });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });

  test('ends with 1 when it failed, with the deepest cause and no stack', async () => {
    const failed = await runReefline(['greet', 'outage'], { commands });
    expect(failed).toMatchObject({ exitCode: 1, stderr: 'looking around\nerror: refused\n' });
    expect((await runReefline(['greet', 'ghost'], { commands })).exitCode).toBe(1);
  });

  test.each([
    [
      ['greet', 'nobody', '--json'],
      { message: 'There is nobody. Name somebody.', exitCode: 2, known: ['ada'] },
    ],
    [['greet', 'outage', '--json'], { message: 'refused', exitCode: 1 }],
    [['greet', '--json'], { message: "missing required argument 'name'", exitCode: 2 }],
  ])('reports the error of %j as JSON', async (argv, error) => {
    const { stdout, stderr } = await runReefline(argv, { commands });
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toEqual({ error });
  });

  test('shows help with 0 on stdout', async () => {
    const { exitCode, stdout } = await runReefline(['greet', '--help'], { commands });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('--json');
  });
});

describe('reefline validate', () => {
  test('ends with 0 for a good project and with 2, listing the problems, for a bad one', async () => {
    await withProject(SHOP_PROJECT, async (dir) => {
      expect(await runReefline(['validate', dir])).toMatchObject({ exitCode: 0, stderr: '' });
    });
    await withProject({ 'reefline.yaml': 'connections: 7\n' }, async (dir) => {
      const { exitCode, stdout } = await runReefline(['validate', dir, '--json']);
      expect(exitCode).toBe(2);
      expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: [{ line: 1 }, { line: 1 }] });
    });
  });
});

describe('a command that needs the catalog', () => {
  test('says which variable to set when it is missing', async () => {
    const { exitCode, stderr } = await runReefline(['events', 'rejected']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/REEFLINE_CATALOG_URL is not set/);
  });

  test('refuses a label that is none before it asks anybody', async () => {
    const { exitCode, stderr } = await runReefline(['run', 'orders.load_orders', 'yesterday']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/"yesterday" is no label\. Write a timelabel/);
  });
});

describe('an argument that cannot be read', () => {
  test.each([
    ['label', ['why', 'orders.load_orders', 'yesterday'], /^error: "yesterday" is no label\. Write /],
    ['label', ['runs', 'show', 'orders.load_orders', '2020-02-31'], /^error: "2020-02-31" is no label\. /],
    ['count', ['status', '--labels', 'many'], /^error: "many" is no count\. Write a whole number/],
    ['choice', ['plan', '--waiting', 'for'], /^error: "for" is not known here\. Write one of /],
    ['version', ['config', 'show', 'newest'], /^error: "newest" is no config version/],
    ['length of time', ['doctor', '--older-than', 'a day'], /^error: "a day" is no length of time\./],
  ])('is refused in one sentence of our own: a %s', async (_what, argv, sentence) => {
    const { exitCode, stderr } = await runReefline(argv);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/is invalid|command-argument/);
  });
});

test('help says which options are required', async () => {
  for (const argv of [['pause'], ['release'], ['reject'], ['backfill', 'create']]) {
    const { stdout } = await runReefline([...argv, '--help']);
    expect(stdout).toContain('(required)');
  }
});
